"""calc strangle and breakeven: what two options leave open, and where fees pay for the losses."""

from __future__ import annotations

from argparse import Namespace
from math import inf, isfinite
from typing import TYPE_CHECKING

from bot.commands.calc_claims import YEAR_DAYS, black_prices, position_of, refuse_unless_above_zero
from bot.commands.terminal import Terminal
from bot.core.errors import UsageError

if TYPE_CHECKING:
    from bot.core.residual import Position

STRANGLE_LABELS = {
    "put_quantity": "puts to buy, base",
    "call_quantity": "calls to buy, base",
    "loss_low": "loss over entry value at the low end, quote",
    "loss_high": "the same at the high end, quote",
    "residual_max": "what strangle and loss differ by at the most over the interval, quote",
    "uncovered_max": "the most that it pays too little there, quote",
    "uncovered_price": "the final price where it does",
    "premium": "what the strangle costs, quote",
}
BREAKEVEN_LABELS = {
    "turnover_year": "volume a year over the position's value at which fees equal LVR",
    "turnover_day": "the same a day",
    "rebalancing_vol": "volatility at which LVR takes the fees",
    "holding_vol": "volatility at which the expected loss over entry value equals the fees",
    "price_low": "below it the loss over entry value exceeds the fees",
    "price_high": "above it the loss over entry value exceeds the fees",
}


def strangle(args: Namespace, terminal: Terminal) -> int:
    """A put and a call sized at the ends of an interval, and the wedge that they leave."""
    from bot.core.strangle import strangle_at_ends

    if (args.vol is None) != (args.days is None):
        raise UsageError(problem="give --vol and --days together", command="calc strangle")
    refuse_unless_above_zero(low=args.low, vol=args.vol, days=args.days)
    position = position_of(args)
    sized = strangle_at_ends(position, put=args.put, call=args.call, low=args.low, high=args.high)
    puts, calls = sized.legs.quantities.tolist()
    premium = None
    if args.vol is not None:
        prices = black_prices(forward=args.entry, vol=args.vol, years=args.days / YEAR_DAYS)
        premium = sized.legs.cost(prices).item()
    terminal.figures(
        {
            "put_quantity": puts,
            "call_quantity": calls,
            "loss_low": sized.loss_low,
            "loss_high": sized.loss_high,
            "residual_max": sized.bounds.worst,
            "uncovered_max": sized.uncovered,
            "uncovered_price": sized.bounds.lowest_price if sized.uncovered > 0.0 else None,
            "premium": premium,
        },
        STRANGLE_LABELS,
    )
    return 0


def breakeven(args: Namespace, terminal: Terminal) -> int:
    """Where fees pay for the losses: turnover, volatilities and a band of prices."""
    from bot.core.breakeven import turnover

    figures: dict[str, float | None] = dict.fromkeys(BREAKEVEN_LABELS)
    position = position_of(args)
    if (args.vol is None) != (args.fee_bps is None):
        raise UsageError(problem="give --vol and --fee-bps together", command="calc breakeven")
    if (args.fees is None) != (args.days is None):
        raise UsageError(problem="give --fees and --days together", command="calc breakeven")
    if args.vol is None and args.fees is None:
        problem = "give --vol with --fee-bps, or --fees with --days, or both"
        raise UsageError(problem=problem, command="calc breakeven")
    if args.vol is not None:
        yearly = turnover(
            args.vol, fee=args.fee_bps / 10_000, price=position.entry,
            lower=position.lower, upper=position.upper,
        ).item()  # fmt: skip
        figures |= {"turnover_year": yearly, "turnover_day": yearly / YEAR_DAYS}
    if args.fees is not None:
        figures |= _of_fees(position, fees=args.fees, days=args.days)
    terminal.figures(figures, BREAKEVEN_LABELS)
    return 0


def _of_fees(position: Position, *, fees: float, days: float) -> dict[str, float | None]:
    """None stands for never: no volatility, or no price, loses so much."""
    from bot.core.breakeven import holding_vol, price_band, rebalancing_vol

    refuse_unless_above_zero(days=days)
    years = days / YEAR_DAYS
    low, high = price_band(position, fees=fees)
    found = {
        "rebalancing_vol": rebalancing_vol(
            fees / years, price=position.entry, lower=position.lower, upper=position.upper
        ).item(),
        "holding_vol": holding_vol(position, fees=fees, years=years),
        "price_low": low if low > 0.0 else inf,
        "price_high": high,
    }
    return {key: figure if isfinite(figure) else None for key, figure in found.items()}
