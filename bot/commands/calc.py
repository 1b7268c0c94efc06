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
}


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
    if terminal.wants_json:
        terminal.emit(figures)
        return 0
    terminal.table(
        ("key", "value", ""),
        [(key, f"{value:.10g}", IL_LABELS[key]) for key, value in figures.items()],
        right=("value",),
    )
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
