"""A fitted surface that moves with realised volatility, stress and time, and stays sound.

Level and term structure move by a clock: variance until t is the fitted surface's at the clock's
time tau(t), which never runs backwards. Skew moves by mixing prices with those of a storm's smile,
in one proportion for every strike and tenor. Both keep a surface without arbitrage free of it.
docs/maths.md section 3.7; why so: docs/adr/0026-surface.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from bot.core.bars import Floats
from bot.core.errors import EstimateError, VenueTermsError
from bot.core.smile_surface import SmileSurface, mixed_variance
from bot.core.svi import Slice, derivatives

SHARE_MAX = 5.0
PACE_MIN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingSurface:
    """A `Surface` for replays. Tenors are counted from now, so the smiles travel with time.

    base: the surface while realised volatility is calm (base.calm_vol).
    beta: how much instantaneous volatility moves, as a share, per share that realised volatility
    is above or below calm, 0 to 1. fast_share: how much of that dies out with `decay_days`, > 0;
    the rest does with `slow_days`, >= decay_days.
    storm_skew, storm_width, storm_flattening: rho, eta and gamma of the storm's smile (`storm_of`).
    skew_beta: share of the storm's smile per share that realised volatility is above calm, >= 0;
    at most all of it.
    Source of the defaults: docs/maths.md section 3.7.
    """

    base: SmileSurface
    beta: float = 0.85
    fast_share: float = 0.5
    decay_days: float = 4.4
    slow_days: float = 39.0
    storm_skew: float = -0.2
    storm_width: float = 0.48
    storm_flattening: float = 0.62
    skew_beta: float = 1.0
    storm: SmileSurface = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("beta", "fast_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise self._refusal(name, "it must be from 0 to 1")
        if not (math.isfinite(self.decay_days) and self.decay_days > 0.0):
            raise self._refusal("decay_days", "it must be above 0")
        if not self.decay_days <= self.slow_days < math.inf:
            raise self._refusal("slow_days", f"decay_days is {self.decay_days}")
        if not abs(self.storm_skew) < 1.0:
            raise self._refusal("storm_skew", "it must be within -1 and 1")
        if not (math.isfinite(self.storm_width) and self.storm_width > 0.0):
            raise self._refusal("storm_width", "it must be above 0")
        if not 0.0 <= self.storm_flattening <= 1.0:
            raise self._refusal("storm_flattening", "it must be from 0 to 1")
        if not (math.isfinite(self.skew_beta) and self.skew_beta >= 0.0):
            raise self._refusal("skew_beta", "it must be 0 or more")
        try:
            storm = storm_of(
                self.base,
                skew=self.storm_skew,
                width=self.storm_width,
                flattening=self.storm_flattening,
            )
        except VenueTermsError as error:
            problem = f"with this base the storm's smile has arbitrage: {error.operands['problem']}"
            raise self._refusal("storm_width", problem) from None
        object.__setattr__(self, "storm", storm)

    def vol(
        self, *, forward: float, strike: float, years: float, realised_vol: float | None
    ) -> float:
        """See `Surface.vol`; without realised volatility the base stands."""
        if realised_vol is None:
            return self.base.vol(forward=forward, strike=strike, years=years)
        k = math.log(strike / forward)
        time = clock_years(
            years,
            pace=self.pace(realised_vol),
            decay_days=self.decay_days,
            slow_days=self.slow_days,
            fast_share=self.fast_share,
        )
        total = self.base.total_variance(k, years=time)
        weight = self.storm_share(realised_vol)
        if weight > 0.0:
            storm = self.storm.total_variance(k, years=time)
            total = mixed_variance(total, storm, weight=weight, log_moneyness=k)
        return math.sqrt(total / years)

    def stress(self, realised_vol: float | None) -> float:
        """See `Surface.stress`."""
        return self.base.stress(realised_vol)

    def pace(self, realised_vol: float) -> float:
        """How fast the clock runs now: the instantaneous variance over the base's.

        (1 + beta (realised/calm - 1))^2, the share above calm counted up to 5; at least 0.01.
        """
        share = min(realised_vol / self.base.calm_vol - 1.0, SHARE_MAX)
        return max(PACE_MIN, (1.0 + self.beta * share) ** 2)

    def storm_share(self, realised_vol: float) -> float:
        """How much of each price is the storm's, 0 to 1."""
        return min(1.0, self.skew_beta * self.stress(realised_vol))

    def _refusal(self, name: str, problem: str) -> VenueTermsError:
        return VenueTermsError(name=name, value=getattr(self, name), problem=problem)


def clock_years(
    years: float,
    *,
    pace: float,
    decay_days: float,
    slow_days: float | None = None,
    fast_share: float = 1.0,
) -> float:
    """The clock's time after `years`: pace now, reverting to 1 with the given decays.

    t + (pace - 1) [f D (1 - e^(-t/D)) + (1 - f) S (1 - e^(-t/S))], f the fast share, strictly
    rising in t for a pace above 0.
    >>> round(clock_years(30 / 365, pace=2.0, decay_days=30.0) * 365, 6)
    48.963617
    """
    gained = 0.0
    slow = decay_days if slow_days is None else slow_days
    for share, days in ((fast_share, decay_days), (1.0 - fast_share, slow)):
        decay = days / 365.0
        gained -= share * decay * math.expm1(-years / decay)
    return years + (pace - 1.0) * gained


def storm_of(base: SmileSurface, *, skew: float, width: float, flattening: float) -> SmileSurface:
    """The base's variance at the money under the smile of a storm: SSVI slices.

    phi(theta) = width / theta^flattening, rho = skew (Gatheral and Jacquier, 2014, section 4):
    steep for the near expiries, flatter for the far ones if `flattening` is above one half.
    """
    slices = []
    for one in base.slices:
        theta = one.total_variance(0.0)
        phi = width * theta**-flattening
        root = math.sqrt(1.0 - skew**2)
        found = (theta * root**2 / 2.0, theta * phi / 2.0, skew, -skew / phi, root / phi)
        a, b, rho, m, sigma = (round(value, 12) for value in found)
        slices.append(Slice(years=one.years, a=a, b=b, rho=rho, m=m, sigma=sigma))
    return SmileSurface(slices=tuple(slices), calm_vol=base.calm_vol)


def storm_shape(slices: Sequence[Slice]) -> tuple[float, float, float]:
    """(skew, width, flattening) of the SSVI smile that resembles these slices at the money.

    An SSVI slice has w'(0) = rho theta phi and w''(0) = (1 - rho^2) theta phi^2 / 2, so each slice
    tells phi and rho; ln phi = ln width - flattening ln theta by least squares, skew is the mean.
    """
    if len(slices) < 2:
        raise EstimateError(figure="storm", problem="two or more expiries are needed")
    rows = []
    for one in slices:
        w, slope, bend = (value.item() for value in derivatives(one, 0.0))
        phi = math.sqrt((2.0 * bend + slope**2 / w) / w)
        rows.append((math.log(w), math.log(phi), slope / (w * phi)))
    theta, phi_logs, rho = np.array(rows).T
    fall, level = np.polyfit(theta, phi_logs, 1).tolist()
    return rho.mean().item(), math.exp(level), -fall


def response_to_realised(
    returns: ArrayLike, *, half_life: float, horizons: Sequence[int]
) -> Floats:
    """How much the logarithm of coming volatility moves per unit of that of past volatility.

    returns: log-returns of even steps, in order. half_life: of the average of past squares, steps.
    horizons: steps ahead, each an ordinary least-squares slope over every 24th step.
    """
    squares = np.square(np.asarray(returns, np.float64))
    if (
        squares.ndim != 1
        or squares.size < 24 * 60 + max(horizons)
        or not np.isfinite(squares).all()
    ):
        problem = "sixty times 24 returns and the longest horizon are needed"
        raise EstimateError(figure="response", problem=problem)
    keep, past = 0.5 ** (1.0 / half_life), np.empty(squares.size)
    average = squares[0].item()
    for step, square in enumerate(squares.tolist()):
        average = keep * average + (1.0 - keep) * square
        past[step] = average
    summed = np.concatenate(([0.0], np.cumsum(squares)))
    slopes = []
    for horizon in horizons:
        at = np.arange(24 * 30, squares.size - horizon, 24)
        coming = (summed[at + horizon + 1] - summed[at + 1]) / horizon
        slopes.append(np.polyfit(np.log(past[at]), np.log(coming), 1)[0].item())
    return np.array(slopes)


def beta_of(
    slopes: Sequence[float], days: Sequence[float], *, decay_days: float, slow_days: float
) -> tuple[float, float]:
    """(beta, fast_share) of `MovingSurface` from the responses at tenors of so many days.

    Least squares of slope = f (1 - e^(-d/D))/(d/D) + s (1 - e^(-d/S))/(d/S); beta is f + s.
    """
    tenors = np.asarray(days, np.float64)
    columns = [-np.expm1(-tenors / decay) * decay / tenors for decay in (decay_days, slow_days)]
    (fast, slow), *_ = np.linalg.lstsq(np.stack(columns, axis=1), np.asarray(slopes, np.float64))
    return (fast + slow).item(), (fast / (fast + slow)).item()


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
