"""The implied-volatility surface that the venue quotes from: explicit, configured, seen by all.

A surface is anything with a `vol` and a `calm_vol`; `implied_vol` is the one door to it and
rounds, so that two machines price the same option to the same atom. `SurfaceTerms` is the surface
by parameters: a mean-reverting level that a storm lifts, and a hyperbolic smile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from bot.core.errors import OptionInputError, VenueTermsError

VOL_DIGITS = 6


class Surface(Protocol):
    """Implied volatility as a function of the forward, the strike, time and the market's state.

    A surface is a value: equal ones have the same hash, so what is worked out from one is kept.
    """

    def __hash__(self) -> int: ...

    def vol(
        self, *, forward: float, strike: float, years: float, realised_vol: float | None
    ) -> float:
        """Annual volatility, a fraction > 0; `years` > 0; `realised_vol` None while unknown."""
        ...

    def stress(self, realised_vol: float | None) -> float:
        """How far realised volatility is above the calm level, as a share of it, >= 0."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceTerms:
    """A surface by parameters. Volatilities are annual fractions; x = ln(K/F)/sqrt(years).

    atm_vol: at-the-money level now. atm_vol_long: the level it reverts to. decay_days: how fast.
    skew: change of volatility per unit of x at the money; < 0 makes puts dearer.
    curvature: slope of the wings in x, above the skew, reached beyond `smile_width` (in x).
    vol_min, vol_max: what no quote leaves.
    stress_beta: how much the level now rises per unit of realised volatility above `atm_vol`.
    Source of shape and defaults: docs/maths.md section 3.3.
    """

    atm_vol: float = 0.65
    atm_vol_long: float = 0.65
    decay_days: float = 14.0
    skew: float = -0.04
    curvature: float = 0.22
    smile_width: float = 1.0
    vol_min: float = 0.05
    vol_max: float = 4.0
    stress_beta: float = 0.6

    def __post_init__(self) -> None:
        for name in ("atm_vol", "atm_vol_long", "decay_days", "smile_width", "vol_min"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise VenueTermsError(name=name, value=value, problem="it must be above 0")
        if not 0.0 <= self.stress_beta <= 1.0:
            raise VenueTermsError(
                name="stress_beta", value=self.stress_beta, problem="it must be from 0 to 1"
            )
        if not self.vol_min < self.vol_max < math.inf:
            raise VenueTermsError(
                name="vol_max", value=self.vol_max, problem=f"vol_min is {self.vol_min}"
            )
        if not abs(self.skew) <= self.curvature < math.inf:
            raise VenueTermsError(
                name="skew", value=self.skew, problem="a wing would fall: curvature must exceed it"
            )
        calm = min(self.atm_vol, self.atm_vol_long)
        if not self.curvature * self.smile_width < calm:
            # Beyond it volatility outgrows its distance, and a farther option would cost more.
            raise VenueTermsError(
                name="curvature",
                value=self.curvature,
                problem=f"times smile_width it must stay below the level, {calm}",
            )

    def vol(
        self, *, forward: float, strike: float, years: float, realised_vol: float | None
    ) -> float:
        """See `Surface.vol`.

        level^2 = long^2 + (now^2 - long^2) * (1 - exp(-t)) / t, t = years in units of the decay:
        the mean variance until expiry, so that total variance never falls with time.
        """
        now = self.atm_vol * (1.0 + self.stress_beta * self.stress(realised_vol))
        decays = years * 365.0 / self.decay_days
        short_share = -math.expm1(-decays) / decays
        level = math.sqrt(self.atm_vol_long**2 + (now**2 - self.atm_vol_long**2) * short_share)
        x = math.log(strike / forward) / math.sqrt(years)
        wings = math.sqrt(x * x + self.smile_width**2) - self.smile_width
        vol = level + self.skew * x + self.curvature * wings
        return min(max(vol, self.vol_min), self.vol_max)

    def stress(self, realised_vol: float | None) -> float:
        """See `Surface.stress`."""
        return 0.0 if realised_vol is None else max(0.0, realised_vol / self.atm_vol - 1.0)


MAJOR = SurfaceTerms()
"""A pair like ETH/USD."""

CORRELATED = SurfaceTerms(
    atm_vol=0.06,
    atm_vol_long=0.06,
    skew=-0.05,
    curvature=0.2,
    smile_width=0.1,
    vol_min=0.01,
    vol_max=2.0,
)
"""A pair whose tokens follow each other, like a staked token against its own coin."""

VOL_TOKEN = SurfaceTerms(
    atm_vol=1.2,
    atm_vol_long=0.6,
    decay_days=10.0,
    skew=0.11,
    curvature=0.14,
    vol_min=0.2,
    vol_max=6.0,
    stress_beta=0.4,
)
"""A token that follows volatility, against money: it leaps up and comes back. Calls are dearer than
puts, and shocks die out fast: decay_days is 1 / (2 k) of a pull k of 18.25 a year, half of a shock
in two weeks (bot/core/vol_token_pool.py). All judgement; 0.84 at 30 days. The wings are as steep as
they may be while no farther call costs more than a nearer one."""


def implied_vol(
    surface: Surface, *, forward: float, strike: float, years: float, realised_vol: float | None
) -> float:
    """The surface's volatility for one option, rounded to 6 decimals.

    forward, strike: > 0 in the same unit. years: > 0. One volatility serves call and put, so that
    put-call parity holds on marks.
    >>> implied_vol(MAJOR, forward=2000, strike=1600, years=30 / 365, realised_vol=None)
    0.739919
    """
    for name, value in (("forward", forward), ("strike", strike), ("years", years)):
        if not (math.isfinite(value) and value > 0.0):
            raise OptionInputError(name=name, value=value, problem="it must be above 0")
    vol = surface.vol(forward=forward, strike=strike, years=years, realised_vol=realised_vol)
    return round(vol, VOL_DIGITS)
