"""Bars for tests: the toy series of the reference values, and days of given prices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.core.bars import Bars
from bot.core.units import DAY_S

TOY = {
    "open": (100.0, 101.0, 103.0, 102.0, 104.0),
    "high": (102.0, 104.0, 105.0, 104.0, 106.0),
    "low": (99.0, 100.0, 101.0, 100.0, 103.0),
    "close": (101.0, 103.0, 102.0, 103.5, 105.0),
}
"""Section 7.1 of the project's reference values; the first bar only gives the previous close."""


def bars_of(
    rows: Sequence[tuple[float, float, float, float]],
    *,
    step_s: int = DAY_S,
    places: Sequence[int] | None = None,
) -> Bars:
    """Bars of (open, high, low, close); places: where on the grid, one after the other if None."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    grid = np.arange(len(table)) if places is None else np.array(places)
    return Bars(
        step_s=step_s,
        start_s=grid.astype(np.int64) * step_s,
        open=table[:, 0],
        high=table[:, 1],
        low=table[:, 2],
        close=table[:, 3],
        volume=np.ones(len(table)),
        parts=np.ones(len(table), dtype=np.int64),
    )


def toy_bars() -> Bars:
    """The five days of the reference values."""
    return bars_of(list(zip(TOY["open"], TOY["high"], TOY["low"], TOY["close"], strict=True)))


def close_bars(closes: Sequence[float], *, places: Sequence[int] | None = None) -> Bars:
    """Days that open where they close."""
    return bars_of([(close, close, close, close) for close in closes], places=places)
