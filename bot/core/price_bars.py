"""A price bar built tick by tick on a UTC grid, for the signals of the live path.

Nothing is filled in: a bar without a tick is missing, and the bar after it says how many are. The
batch builder of files is bot/core/bars.py. docs/maths.md section 5.8.
"""

from __future__ import annotations

from typing import NamedTuple


class PriceBar(NamedTuple):
    """Prices of the ticks in [start_s, start_s + length of a bar), in any one unit, > 0.

    start_s: unix seconds, a multiple of the length.
    missing: bars without a tick between the bar before and this one; 0 for the first of all.
    """

    start_s: int
    missing: int
    open: float
    high: float
    low: float
    close: float


def with_tick(bar: PriceBar | None, *, time_s: int, price: float, bar_s: int) -> PriceBar:
    """The running bar after one more tick. When it starts later than `bar`, then `bar` has closed.

    A bar is closed by the first tick at or after its end, so no figure of a closed bar ever
    changes, and none knows a later price.

    >>> bar = with_tick(None, time_s=3_700, price=2.0, bar_s=3_600)
    >>> with_tick(bar, time_s=11_000, price=3.0, bar_s=3_600).missing
    1
    """
    start_s = time_s - time_s % bar_s
    if bar is None or start_s != bar.start_s:
        assert bar is None or start_s > bar.start_s, "the runner refuses a clock that goes back"
        missing = 0 if bar is None else (start_s - bar.start_s) // bar_s - 1
        return PriceBar(
            start_s=start_s, missing=missing, open=price, high=price, low=price, close=price
        )
    if price == bar.close:
        return bar
    return PriceBar(
        start_s=start_s,
        missing=bar.missing,
        open=bar.open,
        high=max(bar.high, price),
        low=min(bar.low, price),
        close=price,
    )
