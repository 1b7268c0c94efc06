"""Where an implied volatility stands among those of the past, and the daily move that it means.

Levels are in any one unit, fractions or vol points. Source: docs/maths.md section 5.9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bot.core.errors import EstimateError
from bot.core.units import DAY_S, YEAR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class IvRank:
    """rank: (now - least) / (most - least). percentile: share of days below now. Both 0 to 1."""

    now: float
    least: float
    most: float
    rank: float
    percentile: float
    days: int


def iv_rank(levels: ArrayLike) -> IvRank:
    """Of the last of these daily levels among all of them, itself included; oldest first.

    Refused below two days, and where all are the same: there is no range to stand in.

    >>> found = iv_rank([50.0, 80.0, 40.0, 60.0])
    >>> found.rank, found.percentile
    (0.5, 0.5)
    """
    days = np.asarray(levels, np.float64)
    if days.size < 2:
        raise EstimateError(figure="IV rank", problem=f"it needs 2 days and has {days.size}")
    if not (np.isfinite(days) & (days > 0.0)).all():
        raise EstimateError(figure="IV rank", problem="a level is not a number above 0")
    now, least, most = days[-1].item(), days.min().item(), days.max().item()
    if least == most:
        raise EstimateError(figure="IV rank", problem=f"all {days.size} days are at {now}")
    return IvRank(
        now=now,
        least=least,
        most=most,
        rank=(now - least) / (most - least),
        percentile=np.mean(days < now).item(),
        days=days.size,
    )


def daily_move(vol: float) -> float:
    """Standard deviation of a day's log return at this annual level: vol / sqrt(365).

    The coarse rule divides by 20 and so says a twentieth less.

    >>> round(daily_move(60.0), 6)
    3.140544
    """
    return vol * math.sqrt(DAY_S / YEAR_S)
