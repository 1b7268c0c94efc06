"""calc option: one European option on spot or on a forward, vanilla or digital, from the shell."""

from __future__ import annotations

from argparse import Namespace
from math import exp, isfinite

from bot.commands.terminal import Terminal
from bot.core.errors import OptionInputError, UsageError
from bot.core.options import option_greeks
from bot.core.orders import ContractKind

OPTION_LABELS = {
    "price": "quote per base",
    "delta": "change of price per 1 of spot",
    "gamma": "change of delta per 1 of spot",
    "vega": "change of price per 1.00 of volatility",
    "theta": "change of price per year that passes",
    "rho": "change of price per 1.00 of the rate",
}
DIGITAL_KEYS = ("price", "delta", "vega")

DAYS_PER_YEAR = 365.0


def option(args: Namespace, terminal: Terminal) -> int:
    """Price and Greeks; at expiry the payoff and its slope."""
    if (args.spot is None) == (args.forward is None):
        raise _refusal("give --spot or --forward")
    figures = _figures(args)
    if not all(isfinite(value) for value in figures.values()):
        raise _refusal("the figures are beyond what a float can hold")
    terminal.figures(figures, {key: _label(key, args) for key in figures})
    return 0


def _label(key: str, args: Namespace) -> str:
    text = OPTION_LABELS[key].replace("spot", "spot" if args.forward is None else "the forward")
    return "quote" if args.digital and key == "price" else text


def _figures(args: Namespace) -> dict[str, float]:
    if not (isfinite(args.days) and args.days >= 0.0):
        raise _refusal(f"days is {args.days}: it must be 0 or more")
    if args.vol == 0.0 and args.days > 0.0:
        # The Greeks of a step that has yet to come are no numbers.
        raise _refusal("vol is 0: before expiry it must be above 0")
    terms = {
        "strike": args.strike,
        "vol": args.vol,
        "years": args.days / DAYS_PER_YEAR,
        "rate": args.rate,
    }
    try:
        if args.forward is None and not args.digital:
            greeks = option_greeks(kind=ContractKind(args.kind), spot=args.spot, **terms)
            return {key: getattr(greeks, key) for key in OPTION_LABELS}
        return _by_arrays(args, terms)
    except OptionInputError as error:
        raise _refusal(str(error)) from error
    except (OverflowError, ZeroDivisionError) as error:
        raise _refusal("the figures are beyond what a float can hold") from error


def _by_arrays(args: Namespace, terms: dict[str, float]) -> dict[str, float]:
    """Those that only the compiled loops have: they take a second to load."""
    from bot.core.option_arrays import digital_figures, forward_figures

    is_call = args.kind == ContractKind.CALL.value
    if not args.digital:
        found = forward_figures(is_call=is_call, forward=args.forward, **terms)
        return {key: getattr(found, key).item() for key in OPTION_LABELS}
    # A forward F is a spot of F e**-rT; what it moves by 1 moves the spot by e**-rT.
    discount = 1.0 if args.forward is None else exp(-args.rate * terms["years"])
    spot = args.spot if args.forward is None else args.forward * discount
    digital = digital_figures(is_call=is_call, spot=spot, **terms)
    figures = {key: getattr(digital, key).item() for key in DIGITAL_KEYS}
    return figures | {"delta": figures["delta"] * discount}


def _refusal(problem: str) -> UsageError:
    return UsageError(problem=problem, command="calc option")
