"""The volatility cone: how high realised volatility has stood, horizon by horizon.

Burghardt and Lane (1990). Windows overlap, which biases the variance downwards; the factor of
Hodges and Tompkins (2002) is reported beside the cone and not applied. docs/maths.md section 5.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.core.bars import Bars, Floats, moves
from bot.core.errors import EstimateError
from bot.core.units import YEAR_S

PERCENTILES = (0.0, 25.0, 50.0, 75.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConeRow:
    """Annualised close-to-close volatility over all windows of one horizon.

    horizon: returns in a window. windows: how many there are. min to max: the percentiles, linear
    between observations. overlap_factor: multiply a VARIANCE by it to take out the bias.
    """

    horizon: int
    windows: int
    min: float
    p25: float
    p50: float
    p75: float
    max: float
    overlap_factor: float


def overlap_factor(*, horizon: int, windows: int) -> float:
    """m = 1 / (1 - h/n + (h^2 - 1)/(3 n^2)), for n overlapping windows of h returns.

    >>> round(overlap_factor(horizon=30, windows=1432), 6)
    1.021246
    """
    left = 1.0 - horizon / windows + (horizon**2 - 1) / (3.0 * windows**2)
    if left <= 0.0:
        problem = f"{windows} windows of {horizon} returns have no overlap factor"
        raise EstimateError(figure="cone", problem=problem)
    return 1.0 / left


def cone(bars: Bars, horizons: Sequence[int]) -> tuple[ConeRow, ...]:
    """A row for each horizon (in bars, 2 or more). A window never reaches across a missing bar."""
    return tuple(_row(bars, horizon) for horizon in horizons)


def rolling_vols(bars: Bars, horizon: int) -> Floats:
    """Annualised close-to-close volatility (n - 1) of every window of `horizon` returns."""
    if horizon < 2:
        raise EstimateError(figure="cone", problem=f"horizon {horizon} is below 2 bars")
    runs = [
        np.std(np.lib.stride_tricks.sliding_window_view(run, horizon), axis=1, ddof=1)
        for run in _unbroken_returns(bars)
        if len(run) >= horizon
    ]
    if not runs:
        problem = f"no {horizon} returns in a row among {len(moves(bars).body)}"
        raise EstimateError(figure="cone", problem=problem)
    vols: Floats = np.concatenate(runs) * np.sqrt(YEAR_S / bars.step_s)
    return vols


def _row(bars: Bars, horizon: int) -> ConeRow:
    vols = rolling_vols(bars, horizon)
    low, below, middle, above, high = np.percentile(vols, PERCENTILES).tolist()
    return ConeRow(
        horizon=horizon,
        windows=len(vols),
        min=low,
        p25=below,
        p50=middle,
        p75=above,
        max=high,
        overlap_factor=overlap_factor(horizon=horizon, windows=len(vols)),
    )


def _unbroken_returns(bars: Bars) -> list[Floats]:
    """Returns of each run of bars that no missing bar interrupts."""
    holes = np.flatnonzero(np.diff(bars.start_s) != bars.step_s) + 1
    return [np.diff(np.log(run)) for run in np.split(bars.close, holes)]
