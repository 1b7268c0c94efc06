"""calc: the figures that the bot uses, from the shell."""

from __future__ import annotations

from argparse import Namespace
from math import inf

from bot.commands.terminal import Terminal
from bot.core.errors import UsageError
from bot.core.loss import calc_il

IL_LABELS = {
    "il_vs_hold": "against holding, a fraction",
    "loss_vs_entry_hold": "over the value at entry (borrowed tokens), a fraction",
    "funded_pnl": "profit or loss of own money, a fraction",
    "lp_value": "value of the position now, quote",
    "hold_value": "value of the tokens had they been kept, quote",
    "delta_base": "base tokens in the position",
    "gamma_base": "change of delta per unit of price",
    "liquidity": "L in whole tokens",
    "efficiency": "L over that of a full range of the same value at entry",
    "entry_base": "base tokens paid in",
    "entry_quote": "quote tokens paid in",
}
TICK_LABELS = {
    "tick": "the highest tick at or below the price",
    "sqrt_price_x96": "root of token1 atoms per token0 atom, times 2^96",
    "price": "quote per base, whole tokens",
}
DECIMALS_MAX = 255


def il(args: Namespace, terminal: Terminal) -> int:
    """Every figure of a position between two prices, fees left out."""
    entry, price = _prices(args)
    figures = calc_il(
        entry=entry,
        price=price,
        lower=0.0 if args.lower is None else args.lower,
        upper=inf if args.upper is None else args.upper,
        value=args.value,
    )
    terminal.figures(figures, IL_LABELS)
    return 0


def tick(args: Namespace, terminal: Terminal) -> int:
    """A V3 pool's price from its root, or from a tick, by the pool's own integers."""
    from bot.core.ticks import price_of_sqrt_ratio, sqrt_ratio_at_tick, tick_at_sqrt_ratio

    for name in ("decimals0", "decimals1"):
        if not 0 <= getattr(args, name) <= DECIMALS_MAX:
            problem = f"{name} {getattr(args, name)} is not from 0 to {DECIMALS_MAX}"
            raise UsageError(problem=problem, command="calc tick")
    root = args.sqrt_price_x96 if args.tick is None else sqrt_ratio_at_tick(args.tick)
    at = tick_at_sqrt_ratio(root)
    price = price_of_sqrt_ratio(root, decimals0=args.decimals0, decimals1=args.decimals1)
    quoted = float(price if args.base_token == 0 else 1 / price)
    # A root has up to 160 bits: as a JSON number most readers would round it.
    figures: dict[str, float | int | str] = {
        "tick": at,
        "sqrt_price_x96": str(root),
        "price": quoted,
    }
    terminal.figures(figures, TICK_LABELS)
    return 0


def _prices(args: Namespace) -> tuple[float, float]:
    """(entry, price) from --ratio or from --entry and --price."""
    by_prices = args.entry is not None or args.price is not None
    if args.ratio is not None and not by_prices and args.lower is None and args.upper is None:
        return 1.0, args.ratio
    if args.ratio is None and args.entry is not None and args.price is not None:
        return args.entry, args.price
    raise UsageError(
        problem="give --ratio alone, or --entry with --price (and --lower, --upper)",
        command="calc il",
    )
