"""The term structure of volatility: total variance over time, and the volatility in between.

Time is in years of 365 days, volatility an annual fraction, variance its square, a year; total
variance is variance times years. docs/maths.md section 5.7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bot.core.bars import Floats
from bot.core.errors import EstimateError

FIGURE = "term structure"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardSegment:
    """What the term structure says of the time from start to end, in years.

    variance: a year, below nought where the later expiry holds less total variance than the
    earlier (a calendar arbitrage). vol: its root; None where the variance is below nought.
    """

    start_years: float
    end_years: float
    variance: float
    vol: float | None

    @property
    def is_calendar_arbitrage(self) -> bool:
        """Whether no volatility could bring this about."""
        return self.variance < 0.0


def forward_variances(years: ArrayLike, vols: ArrayLike) -> Floats:
    """Variance a year between each expiry and the one before, the first from now: signed.

    (T2 s2^2 - T1 s1^2) / (T2 - T1), over the last axis of vols.
    >>> forward_variances([0.25, 0.5], [0.6, 0.7]).round(12).tolist()
    [0.36, 0.62]
    """
    times, levels = _checked(years, vols)
    total = np.square(levels) * times
    zero = np.zeros((*total.shape[:-1], 1))
    found: Floats = np.diff(total, axis=-1, prepend=zero) / np.diff(times, prepend=0.0)
    return found


def forward_segments(years: ArrayLike, vols: ArrayLike) -> tuple[ForwardSegment, ...]:
    """The same for one term structure, with the negative ones named as such, never nan."""
    variances = forward_variances(years, vols).tolist()
    ends = np.asarray(years, np.float64).tolist()
    return tuple(
        ForwardSegment(
            start_years=start,
            end_years=end,
            variance=variance,
            vol=math.sqrt(variance) if variance >= 0.0 else None,
        )
        for start, end, variance in zip([0.0, *ends[:-1]], ends, variances, strict=True)
    )


def vol_at(wanted_years: float, years: ArrayLike, vols: ArrayLike) -> float:
    """Volatility to a time: total variance is linear between expiries, volatility flat outside.

    >>> round(vol_at(30 / 365, [25 / 365, 32 / 365], [0.6, 0.7]), 12)
    0.677530529975
    """
    if not (math.isfinite(wanted_years) and wanted_years > 0.0):
        raise EstimateError(figure=FIGURE, problem=f"{wanted_years} years are not above 0")
    times, levels = _checked(years, vols)
    inside = min(max(wanted_years, times[0].item()), times[-1].item())
    total = np.interp(inside, times, np.square(levels) * times).item()
    return math.sqrt(total / inside)


def _checked(years: ArrayLike, vols: ArrayLike) -> tuple[Floats, Floats]:
    times, levels = np.asarray(years, np.float64), np.asarray(vols, np.float64)
    if times.ndim != 1 or not times.size or levels.shape[-1:] != times.shape:
        raise EstimateError(figure=FIGURE, problem="as many volatilities as times are needed")
    if not (np.isfinite(times).all() and times[0] > 0.0 and (np.diff(times) > 0.0).all()):
        raise EstimateError(figure=FIGURE, problem="times must ascend from above 0")
    if not (np.isfinite(levels) & (levels >= 0.0)).all():
        raise EstimateError(figure=FIGURE, problem="a volatility is not a number of 0 or more")
    return times, levels
