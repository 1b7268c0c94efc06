"""The pool's volatility index: what a strip of all strikes of the venue's marks says of volatility.

Variance over a tenor is what a strip of options out of the money costs, 1/K^2 of each strike. Here
strikes are shares of the forward and prices are the surface's own, so the index is a function of
the surface and of realised volatility alone, whatever the pair is worth. docs/maths.md section 4.8.
Why so: docs/adr/0027-second-engine.md.
"""

from __future__ import annotations

import math
from functools import lru_cache

from bot.core.errors import VolIndexError
from bot.core.options import time_value
from bot.core.surface import Surface
from bot.core.units import DAY_S, MILLION, YEAR_S

INDEX_S = 30 * DAY_S
"""The span that the index looks ahead."""

STRIP_STDEVS = 8.0
"""Where the strip ends on each side, in standard deviations at the money. Listed strikes end about
there too, as an option beyond is bid less than a tick: over the strikes that the venue lists the
CBOE's recipe gives an index within 0.25 % of this one."""

NODES = (
    (0.009219682876640378, 0.02358766819325571),
    (0.0479413718147626, 0.05346966299765953),
    (0.1150486629028477, 0.08003916427167321),
    (0.2063410228566913, 0.1015837133615329),
    (0.3160842505009099, 0.1167462682691773),
    (0.4373832957442655, 0.1245735229067013),
    (0.5626167042557344, 0.1245735229067013),
    (0.6839157494990901, 0.1167462682691773),
    (0.7936589771433087, 0.1015837133615329),
    (0.8849513370971523, 0.08003916427167321),
    (0.9520586281852375, 0.05346966299765953),
    (0.9907803171233596, 0.02358766819325571),
)
"""Gauss-Legendre places and weights within a side, from 0 to 1; twice as many move the index by
less than 0.001 points."""

POINT = 100
"""Vol points in a volatility of 1.00."""


@lru_cache(maxsize=256)
def index_micro(surface: Surface, realised_vol: float | None) -> int:
    """The 30-day index now, millionths of a vol point: 65_000_000 is 65 %.

    >>> from bot.core.surface import SurfaceTerms
    >>> index_micro(SurfaceTerms(skew=0.0, curvature=0.0), None)
    65000000
    """
    years = INDEX_S / YEAR_S
    return _micro(strip_variance(surface, years=years, realised_vol=realised_vol) / years)


def index_points(surface: Surface, realised_vol: float | None) -> float:
    """The index in vol points, 6 decimals, for rules and for people."""
    return index_micro(surface, realised_vol) / MILLION


@lru_cache(maxsize=256)
def forward_micro(surface: Surface, realised_vol: float | None, ahead_s: int) -> int:
    """Root of the variance of the 30 days that begin `ahead_s` from now, millionths of a point.

    It is what the index would be then if the term structure came true: forward variance is what
    the strip to the end holds above the strip to the beginning. ahead_s: 0 or less is now.
    """
    if ahead_s <= 0:
        return index_micro(surface, realised_vol)
    near, far = ahead_s / YEAR_S, (ahead_s + INDEX_S) / YEAR_S
    variance = strip_variance(surface, years=far, realised_vol=realised_vol) - strip_variance(
        surface, years=near, realised_vol=realised_vol
    )
    if not variance > 0.0:
        raise VolIndexError(
            expiry=f"{ahead_s / DAY_S:g} days ahead",
            problem=f"its 30 days hold a variance of {variance:.6g}: the term structure falls",
        )
    return _micro(variance / (far - near))


def strip_variance(surface: Surface, *, years: float, realised_vol: float | None) -> float:
    """Total variance until `years`, > 0, by the strip of options out of the money.

    2 times the sum over k = ln(K/F) of Q(k) e^-k dk, Q the put below the forward and the call
    above it, as shares of the forward. Where volatility is the same at every strike this is
    volatility squared times years.
    """
    root = math.sqrt(years)
    middle = surface.vol(forward=1.0, strike=1.0, years=years, realised_vol=realised_vol)
    reach, total = STRIP_STDEVS * middle * root, 0.0
    for side in (-reach, reach):
        for place, weight in NODES:
            strike = math.exp(side * place)
            vol = surface.vol(forward=1.0, strike=strike, years=years, realised_vol=realised_vol)
            price = time_value(forward=1.0, strike=strike, stdev=vol * root)
            total += weight * price / strike  # 1/K^2 dK is 1/K dk
    return 2.0 * reach * total


def _micro(variance: float) -> int:
    """A variance a year as the volatility in millionths of a point."""
    return round(POINT * MILLION * math.sqrt(variance))
