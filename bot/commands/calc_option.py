"""calc option: one European option, its price and its Greeks, from the shell."""

from __future__ import annotations

from argparse import Namespace
from math import isfinite

from bot.commands.terminal import Terminal
from bot.core.errors import OptionInputError, UsageError
from bot.core.options import Greeks, option_greeks
from bot.core.orders import ContractKind

OPTION_LABELS = {
    "price": "quote per base",
    "delta": "change of price per 1 of spot",
    "gamma": "change of delta per 1 of spot",
    "vega": "change of price per 1.00 of volatility",
    "theta": "change of price per year that passes",
    "rho": "change of price per 1.00 of the rate",
}

DAYS_PER_YEAR = 365.0


def option(args: Namespace, terminal: Terminal) -> int:
    """Price and Greeks; at expiry the payoff and its slope."""
    greeks = _greeks(args)
    figures = {key: getattr(greeks, key) for key in OPTION_LABELS}
    if not all(isfinite(value) for value in figures.values()):
        raise _refusal("the figures are beyond what a float can hold")
    if terminal.wants_json:
        terminal.emit(figures)
        return 0
    terminal.table(
        ("key", "value", ""),
        [(key, f"{value:.10g}", OPTION_LABELS[key]) for key, value in figures.items()],
        right=("value",),
    )
    return 0


def _greeks(args: Namespace) -> Greeks:
    if not (isfinite(args.days) and args.days >= 0.0):
        raise _refusal(f"days is {args.days}: it must be 0 or more")
    if args.vol == 0.0 and args.days > 0.0:
        # The Greeks of a step that has yet to come are no numbers.
        raise _refusal("vol is 0: before expiry it must be above 0")
    try:
        return option_greeks(
            kind=ContractKind(args.kind),
            spot=args.spot,
            strike=args.strike,
            vol=args.vol,
            years=args.days / DAYS_PER_YEAR,
            rate=args.rate,
        )
    except OptionInputError as error:
        raise _refusal(str(error)) from error
    except (OverflowError, ZeroDivisionError) as error:
        raise _refusal("the figures are beyond what a float can hold") from error


def _refusal(problem: str) -> UsageError:
    return UsageError(problem=problem, command="calc option")
