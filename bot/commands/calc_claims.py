"""calc claim, strip and lvr: impermanent loss as a claim, its options, and what arbitrage takes."""

from __future__ import annotations

from argparse import Namespace
from math import inf
from typing import TYPE_CHECKING

from bot.commands.terminal import Terminal
from bot.core.errors import OptionInputError, UsageError

if TYPE_CHECKING:
    from bot.core.option_legs import OptionPrices
    from bot.core.residual import Position

YEAR_DAYS = 365.0
YEAR_S = 365 * 86_400

CLAIM_LABELS = {
    "value": "expected loss over entry value, quote",
    "premium": "what protection against it costs, quote",
}
STRIP_LABELS = {
    "legs": "options to buy: kind, strike, quantity in base",
    "value": "expected loss as these legs price it, quote; buying them costs minus it",
    "residual_max": "what legs and loss differ by at the most over the covered range, quote",
}
LVR_LABELS = {
    "lvr_fraction": "loss versus rebalancing, over the position's value",
    "arb_fraction": "what arbitrage takes of it with this fee and block time, the same",
}


def claim(args: Namespace, terminal: Terminal) -> int:
    """What protection of a position against impermanent loss is worth."""
    from bot.core.claim import claim_value, position_value

    position = _position(args)
    _refuse_unless_moving(args)
    given = {
        "entry": position.entry,
        "forward": position.entry if args.forward is None else args.forward,
        "vol": args.vol,
        "years": args.days / YEAR_DAYS,
        "lower": position.lower,
        "upper": position.upper,
        "notional": position.notional,
    }
    value = claim_value(**given).item()
    figures = {"value": value, "premium": 0.0 - value}
    if terminal.wants_json:
        terminal.emit(figures)
        return 0
    lp = position_value(**given)
    rows = [(key, f"{figure:.10g}", CLAIM_LABELS[key]) for key, figure in figures.items()]
    rows += [
        ("lp value", f"{lp.value.item():.10g}", "the position, its time value included, quote"),
        ("lp delta", f"{lp.delta.item():.10g}", "base, per 1 of the forward"),
        ("lp gamma", f"{lp.gamma.item():.10g}", "change of delta, per 1 of the forward"),
        ("lp vega", f"{lp.vega.item():.10g}", "quote, per 1.00 of volatility"),
        ("lp theta", f"{lp.theta.item():.10g}", "quote per year of time passing"),
    ]
    terminal.table(("key", "value", ""), rows, right=("value",))
    return 0


def strip(args: Namespace, terminal: Terminal) -> int:
    """The options on even strikes that replicate a position's loss, and what they miss."""
    from bot.core.replication import strip_ends, strip_legs
    from bot.core.residual import residual_bounds

    if (args.vol is None) != (args.days is None):
        raise UsageError(problem="give --vol and --days together", command="calc strip")
    position = _position(args)
    legs = strip_legs(position, step=args.step)
    low, high = strip_ends(position)
    value = None
    if args.vol is not None:
        _refuse_unless_moving(args)
        value = (
            0.0
            - legs.cost(
                _black(forward=position.entry, vol=args.vol, years=args.days / YEAR_DAYS)
            ).item()
        )
    bounds = residual_bounds(legs, position, low=low, high=high)
    rows = [
        {"kind": "call" if is_call else "put", "strike": strike, "quantity": quantity}
        for is_call, strike, quantity in zip(
            legs.is_call.tolist(), legs.strikes.tolist(), legs.quantities.tolist(), strict=True
        )
    ]
    if terminal.wants_json:
        terminal.emit({"legs": rows, "value": value, "residual_max": bounds.worst})
        return 0
    terminal.table(
        ("kind", "strike", "quantity"),
        [(row["kind"], f"{row['strike']:.10g}", f"{row['quantity']:.10g}") for row in rows],
        right=("strike", "quantity"),
    )
    figures = {"value": value, "residual_max": bounds.worst}
    terminal.table(
        ("key", "value", ""),
        [
            (key, f"{figure:.10g}", STRIP_LABELS[key])
            for key, figure in figures.items()
            if figure is not None
        ],
        right=("value",),
        title=f"covered: final prices from {low:.10g} to {high:.10g}",
    )
    return 0


def lvr(args: Namespace, terminal: Terminal) -> int:
    """Loss versus rebalancing, and what arbitrage takes of it with fees and block time."""
    from bot.core.lvr import lvr_rate, trade_share_poisson

    _refuse_unless_moving(args)
    price = args.entry if args.price is None else args.price
    if price is None and not (args.lower is None and args.upper is None):
        raise UsageError(problem="a range needs --price (or --entry)", command="calc lvr")
    if (args.fee_bps is None) != (args.block_seconds is None):
        raise UsageError(problem="give --fee-bps and --block-seconds together", command="calc lvr")
    _refuse_unless_above_zero(entry=args.entry, block_seconds=args.block_seconds)
    taken = lvr_rate(
        args.vol,
        price=1.0 if price is None else price,
        lower=0.0 if args.lower is None else args.lower,
        upper=inf if args.upper is None else args.upper,
    ).item() * (args.days / YEAR_DAYS)
    figures: dict[str, float | None] = {"lvr_fraction": taken, "arb_fraction": None}
    if args.fee_bps is not None:
        share = trade_share_poisson(
            args.vol, fee=args.fee_bps / 10_000, block_years=args.block_seconds / YEAR_S
        )
        figures["arb_fraction"] = taken * share.item()
    if terminal.wants_json:
        terminal.emit(figures)
        return 0
    terminal.table(
        ("key", "value", ""),
        [
            (key, f"{figure:.10g}", LVR_LABELS[key])
            for key, figure in figures.items()
            if figure is not None
        ],
        right=("value",),
    )
    return 0


def _position(args: Namespace) -> Position:
    from bot.core.residual import Position

    return Position(
        entry=args.entry,
        lower=0.0 if args.lower is None else args.lower,
        upper=inf if args.upper is None else args.upper,
        notional=args.notional,
    )


def _refuse_unless_moving(args: Namespace) -> None:
    """Without time or volatility there is no expected loss to tell."""
    _refuse_unless_above_zero(vol=args.vol, days=args.days)


def _refuse_unless_above_zero(**given: float | None) -> None:
    for name, value in given.items():
        if value is not None and not 0.0 < value < inf:
            raise OptionInputError(name=name, value=value, problem="it must be above 0")


def _black(*, forward: float, vol: float, years: float) -> OptionPrices:
    """Black-76 for arrays of options, rate 0."""
    import numpy as np

    from bot.core.checked import Floats
    from bot.core.option_legs import Bools
    from bot.core.options import black_price
    from bot.core.orders import ContractKind

    def prices(is_call: Bools, strikes: Floats) -> Floats:
        return np.array(
            [
                black_price(
                    kind=ContractKind.CALL if call else ContractKind.PUT,
                    forward=forward,
                    strike=strike,
                    vol=vol,
                    years=years,
                )
                for call, strike in zip(is_call.tolist(), strikes.tolist(), strict=True)
            ]
        )

    return prices
