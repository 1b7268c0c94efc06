"""Volatility from the highs and lows of the last bars (Parkinson, 1980), exact in any order.

It knows nothing of the closes before, so missing bars do not matter to it; when as many are missing
as the window is long, it starts anew. It sees only prices that were ticked, so it falls short when
a bar holds few ticks, and is nought when it holds one. docs/maths.md section 5.8.
"""

from __future__ import annotations

from math import log, sqrt

from bot.core.bar_terms import BarTerms
from bot.core.price_bars import PriceBar
from bot.core.rolling import EMPTY, Rolling, log_grains, pushed, root_mean_square

RANGE_FACTOR = sqrt(4.0 * log(2.0))
"""Root of the mean square of ln(high / low) over the volatility, for a random walk."""


def step(state: Rolling, bar: PriceBar, terms: BarTerms) -> Rolling:
    """One more closed bar."""
    length = terms.vol_window_bars
    before = EMPTY if bar.missing >= length else state
    return pushed(before, log_grains(bar.high / bar.low), length=length)


def range_vol(state: Rolling, terms: BarTerms) -> float | None:
    """Annualised volatility, a fraction; None until the window is full."""
    spread = root_mean_square(state, length=terms.vol_window_bars, step_s=terms.bar_s)
    return None if spread is None else spread / RANGE_FACTOR
