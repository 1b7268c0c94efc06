"""One expiry's smile as an SVI slice, and the exact tests that it and its neighbours are sound.

Total variance of log-moneyness k = ln(K/F) is a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))
(Gatheral, 2004). With k = m + sigma sinh u both tests are about signs of a polynomial, so its
roots decide them for every k and no grid has to be trusted. docs/maths.md section 3.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike

from bot.core.bars import Floats
from bot.core.errors import VenueTermsError

DENSITY_TOLERANCE = 1e-9
"""Rounding of the density factor, whose natural scale is 1."""
VARIANCE_TOLERANCE = 1e-12
"""Rounding of a difference of total variances, as a share of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Where a smile would give money away, and by how much.

    log_moneyness: ln(K/F). shortfall: > 0, of the density factor g, or of total variance.
    """

    years: float
    log_moneyness: float
    shortfall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """SVI of one expiry. years: > 0. b: >= 0, rho: within -1 and 1, sigma: > 0.

    Refused besides: a least total variance not above 0, and wings steeper than 2 (Lee, 2004).
    >>> round(Slice(years=1, a=0.04, b=0.1, rho=-0.5, m=0, sigma=0.2).total_variance(0.1), 12)
    0.057360679775
    """

    years: float
    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def __post_init__(self) -> None:
        for name in ("years", "a", "b", "rho", "m", "sigma"):
            if not math.isfinite(getattr(self, name)):
                raise self._refusal(name, "it must be a number")
        if not self.years > 0.0:
            raise self._refusal("years", "it must be above 0")
        if not (self.b >= 0.0 and self.b * (1.0 + abs(self.rho)) < 2.0):
            raise self._refusal("b", "it must be 0 or more, and wings less steep than 2")
        if not abs(self.rho) < 1.0:
            raise self._refusal("rho", "it must be within -1 and 1")
        if not self.sigma > 0.0:
            raise self._refusal("sigma", "it must be above 0")
        if not self.a + self.b * self.sigma * math.sqrt(1.0 - self.rho**2) > 0.0:
            raise self._refusal("a", "the least total variance must be above 0")

    def total_variance(self, log_moneyness: float) -> float:
        """Variance until expiry at ln(K/F)."""
        x = log_moneyness - self.m
        return self.a + self.b * (self.rho * x + math.hypot(x, self.sigma))

    def _refusal(self, name: str, problem: str) -> VenueTermsError:
        return VenueTermsError(name=f"slice.{name}", value=getattr(self, name), problem=problem)


def derivatives(one: Slice, log_moneyness: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Total variance and its first and second derivative in k."""
    x = np.asarray(log_moneyness, np.float64) - one.m
    root = np.hypot(x, one.sigma)
    return (
        one.a + one.b * (one.rho * x + root),
        one.b * (one.rho + x / root),
        one.b * one.sigma**2 / root**3,
    )


def density_factor(
    log_moneyness: Floats, w: Floats, slope: Floats, bend: Floats, *, lifted: bool = False
) -> Floats:
    """Gatheral's g: the price's density over the log-normal one of the same w; >= 0 or arbitrage.

    (1 - k w'/2w)^2 - w'^2/4 (1/w + 1/4) + w''/2. lifted: the least of it while w is raised by any
    constant, the smile of a later expiry; a parabola in 1/w, so its vertex decides.
    """
    at = 1.0 / w
    linear, square = log_moneyness * slope + slope**2 / 4.0, (log_moneyness * slope / 2.0) ** 2
    if lifted:
        vertex = np.where(linear > 0.0, linear, 0.0) / np.maximum(2.0 * square, 1e-300)
        at = np.minimum(at, vertex)
    found: Floats = 1.0 - slope**2 / 16.0 + bend / 2.0 - linear * at + square * at**2
    return found


def butterfly_breach(one: Slice) -> Breach | None:
    """Where the density is most negative; None where it is nowhere, over all strikes there are.

    With p = e^u, g has the sign of a polynomial of tenth degree in p > 0. Where it falls below 0 it
    has a root or a turning point there, or an end whose limit is below 0, which steepness excludes.
    """
    p = Polynomial([0.0, 1.0])
    w = Polynomial(
        [one.b * one.sigma * (1.0 - one.rho) / 2.0, one.a, one.b * one.sigma * (1 + one.rho) / 2.0]
    )
    k = Polynomial([-one.sigma / 2.0, one.m, one.sigma / 2.0])
    d = one.b * Polynomial([one.rho - 1.0, 0.0, one.rho + 1.0])
    r = p * p + 1.0
    g = 4.0 * r * (2.0 * w * r - k * d) ** 2 - d * d * r * (4.0 * p * w + w * w)
    g += (64.0 * one.b / one.sigma) * p**3 * w * w
    # The roots tell whether; a grid besides tells how deep.
    logs = np.concatenate((_logs_around(g, g.deriv()), np.linspace(-9.0, 9.0, 1001)))
    places = one.m + one.sigma * np.sinh(logs)
    factor = density_factor(places, *derivatives(one, places))
    worst = np.argmin(factor)
    if factor[worst] >= -DENSITY_TOLERANCE:
        return None
    return Breach(
        years=one.years, log_moneyness=places[worst].item(), shortfall=-factor[worst].item()
    )


def calendar_breach(near: Slice, far: Slice) -> Breach | None:
    """Where the later slice's total variance is most below the earlier one's; None where nowhere.

    Where they cross is among the roots of a quartic; between and beyond these the sign is constant.
    """
    x = Polynomial([0.0, 1.0])
    near_square, far_square = (s.b**2 * ((x - s.m) ** 2 + s.sigma**2) for s in (near, far))
    line = near.a - far.a + near.b * near.rho * (x - near.m) - far.b * far.rho * (x - far.m)
    crossing = (line * line - near_square - far_square) ** 2 - 4.0 * near_square * far_square
    reach = 1.0 + abs(near.m) + abs(far.m) + near.sigma + far.sigma
    cuts = np.sort(crossing.roots().real)
    # Turning points of the difference are not asked for: a grid tells how deep, the roots whether.
    places = np.concatenate(
        (_between(cuts, reach=reach), reach * np.sinh(np.linspace(-12.0, 12.0, 481)))
    )
    far_w, near_w = derivatives(far, places)[0], derivatives(near, places)[0]
    shortfall = near_w - far_w
    failing = shortfall > VARIANCE_TOLERANCE * near_w
    if not failing.any():
        return None
    # In the wings it grows without bound: what is told is the worst within ten reaches, if any.
    inside = failing & (np.abs(places) <= 10.0 * reach)
    chosen = inside if inside.any() else failing
    worst = np.argmax(np.where(chosen, shortfall, -np.inf))
    return Breach(
        years=far.years, log_moneyness=places[worst].item(), shortfall=shortfall[worst].item()
    )


def lift_breach(one: Slice) -> Breach | None:
    """Where the density would be most negative if total variance rose by some constant.

    On a grid to e^9 times the slice's width, beyond which g is at its limit.
    """
    places = one.m + one.sigma * np.sinh(np.linspace(-9.0, 9.0, 2001))
    factor = density_factor(places, *derivatives(one, places), lifted=True)
    worst = np.argmin(factor)
    if factor[worst] >= -DENSITY_TOLERANCE:
        return None
    return Breach(
        years=one.years, log_moneyness=places[worst].item(), shortfall=-factor[worst].item()
    )


def _logs_around(*polynomials: Polynomial) -> Floats:
    """Logarithms of the positive roots (by real part: near misses count), and between."""
    roots = np.concatenate([polynomial.roots().real for polynomial in polynomials])
    logs = np.sort(np.log(roots[roots > 0.0]))
    found: Floats = np.clip(np.concatenate((logs, _between(logs, reach=1.0))), -300.0, 300.0)
    return found


def _between(cuts: Floats, *, reach: float) -> Floats:
    """The cuts' midpoints, and points beyond the outermost."""
    if not cuts.size:
        return np.array([0.0])
    ends = [cuts[0] - reach, cuts[-1] + reach]
    found: Floats = np.concatenate(((cuts[1:] + cuts[:-1]) / 2.0, ends))
    return found
