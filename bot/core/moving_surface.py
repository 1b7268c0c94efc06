"""A fitted surface that moves with realised volatility: its smiles on a faster or slower clock.

Variance until t is the fitted surface's at the clock's time tau(t). The clock never runs backwards
and the fitted surface has no arbitrage at any tenor, so the moved one has none either. Level, skew
and term structure move together, the near end most. docs/maths.md section 3.7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bot.core.errors import EstimateError, VenueTermsError
from bot.core.smile_surface import SmileSurface

SHARE_MAX = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingSurface:
    """A `Surface` for replays. Tenors are counted from now, so the smiles travel with time.

    base: the surface while realised volatility is calm (base.calm_vol). beta: how much the
    instantaneous volatility moves, as a share, per share that realised volatility is above or
    below calm, 0 to 1. decay_days: how fast the difference dies out ahead, > 0.
    """

    base: SmileSurface
    beta: float = 0.6
    decay_days: float = 4.4

    def __post_init__(self) -> None:
        if not 0.0 <= self.beta <= 1.0:
            raise VenueTermsError(name="beta", value=self.beta, problem="it must be from 0 to 1")
        if not (math.isfinite(self.decay_days) and self.decay_days > 0.0):
            raise VenueTermsError(
                name="decay_days", value=self.decay_days, problem="it must be above 0"
            )

    def vol(
        self, *, forward: float, strike: float, years: float, realised_vol: float | None
    ) -> float:
        """See `Surface.vol`; without realised volatility the base stands."""
        pace = 1.0 if realised_vol is None else self.pace(realised_vol)
        time = clock_years(years, pace=pace, decay_days=self.decay_days)
        total = self.base.total_variance(math.log(strike / forward), years=time)
        return math.sqrt(total / years)

    def stress(self, realised_vol: float | None) -> float:
        """See `Surface.stress`."""
        return self.base.stress(realised_vol)

    def pace(self, realised_vol: float) -> float:
        """How fast the clock runs now: the instantaneous variance over the base's.

        (1 + beta (realised/calm - 1))^2, the share above calm counted up to 5; at least 0.01.
        """
        share = min(realised_vol / self.base.calm_vol - 1.0, SHARE_MAX)
        return max(0.01, (1.0 + self.beta * share) ** 2)


def clock_years(years: float, *, pace: float, decay_days: float) -> float:
    """The clock's time after `years`: pace now, reverting to 1 with the given decay.

    t + (pace - 1) D (1 - e^(-t/D)), strictly rising in t for a pace above 0.
    >>> round(clock_years(30 / 365, pace=2.0, decay_days=30.0) * 365, 6)
    48.963617
    """
    decay = decay_days / 365.0
    return years - (pace - 1.0) * decay * math.expm1(-years / decay)


def decay_of(vols: ArrayLike) -> float:
    """Days in which a daily volatility's logarithm loses all but 1/e of its distance to the mean.

    -1/ln(phi), phi of the ordinary least-squares regression of each day on the day before.
    """
    logs = np.log(np.asarray(vols, np.float64))
    if logs.ndim != 1 or logs.size < 30 or not np.isfinite(logs).all():
        raise EstimateError(figure="decay", problem="thirty or more days above 0 are needed")
    before, after = logs[:-1] - logs[:-1].mean(), logs[1:] - logs[1:].mean()
    phi = (before @ after).item() / max((before @ before).item(), 1e-300)
    if not 0.0 < phi < 1.0:
        raise EstimateError(figure="decay", problem=f"it does not revert: phi is {phi:.4g}")
    return -1.0 / math.log(phi)
