"""Where what a position has earned pays for its impermanent loss: prices, and a volatility.

The formulas of `bot/core/breakeven.py` for the lots of a full-range position, each with its own
entry: in whole numbers, and without numpy, since every run tells them. docs/maths.md section 2.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import expm1, isqrt, sqrt

from bot.core.position import Lot
from bot.core.units import YEAR_S

GRAIN = 10**18
"""Roots are kept to this part of an atom."""
HALVINGS = 200
"""More than a double has bits, so that the bisection ends where neither bound can move."""
VARIANCE_MAX = 1e6
"""A volatility of 1,000 a year: what no fees of a position that can be lost pay for."""


def even_prices(lots: Sequence[Lot], *, earned_atoms: int) -> tuple[Fraction, Fraction] | None:
    """The lowest and the highest price at which the impermanent loss is what was earned.

    Quote atoms per base atom. earned_atoms: fees and all else that stands against the loss, signed.
    At a price P lots of b base and q quote have lost sum(q) + sum(b) P - 2 sqrt(P) sum(sqrt(b q)),
    a parabola in sqrt(P). The lowest is 0 where no fall loses so much. None where the loss is
    larger at every price, as when nothing was earned, and without lots.

    Worked: an eighth of the value earned pays from a fourth to nine fourths of the entry price.
    >>> lot = Lot(id="", lp_atoms=1, base_atoms=1_000, quote_atoms=1_000, block_number=0, time_s=0)
    >>> even_prices((lot,), earned_atoms=250)
    (Fraction(1, 4), Fraction(9, 4))
    """
    base, quote = sum(lot.base_atoms for lot in lots), sum(lot.quote_atoms for lot in lots)
    if base <= 0:
        return None
    roots = sum(isqrt(lot.base_atoms * lot.quote_atoms * GRAIN**2) for lot in lots)
    square = roots**2 - base * (quote - earned_atoms) * GRAIN**2
    if square < 0:
        return None
    reach = isqrt(square)
    low, high = (
        Fraction(root, base * GRAIN) ** 2 for root in (max(0, roots - reach), roots + reach)
    )
    return low, high


def even_vol(lots: Sequence[Lot], *, earned_atoms: int, time_s: int) -> float | None:
    """The annual volatility at which the loss that was to be expected by now is what was earned.

    time_s: now; a lot of value N is expected to lose N (1 - e^(-vol^2 t / 8)) over its entry value
    in its t years, from its own entry price. None where nothing was earned, and where no volatility
    loses so much. 6 decimals.

    Worked: a fee of 0.6554 % in thirty days pays for a volatility of 80 %.
    >>> lot = Lot(id="", lp_atoms=1, base_atoms=1, quote_atoms=10**9, block_number=0, time_s=0)
    >>> even_vol((lot,), earned_atoms=13_107_544, time_s=30 * 86_400)
    0.8
    """
    aged = [(2 * lot.quote_atoms, (time_s - lot.time_s) / YEAR_S) for lot in lots]

    def lost(variance: float) -> float:
        return sum(-value * expm1(-variance * years / 8.0) for value, years in aged)

    if earned_atoms <= 0 or lost(VARIANCE_MAX) <= earned_atoms:
        return None
    low, high = 0.0, VARIANCE_MAX
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if lost(middle) < earned_atoms else (low, middle)
    return round(sqrt(high), 6)
