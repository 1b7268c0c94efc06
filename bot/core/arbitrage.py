"""Is there arbitrage in a surface? Two checks that trust no formula of it, only its volatilities.

They work for any `Surface`, by finite differences and on a grid; svi.py decides exactly for its
own slices. docs/maths.md section 3.6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from bot.core.bars import Floats
from bot.core.surface import Surface
from bot.core.svi import Breach, density_factor

STEP = 1e-3
"""Of the differences, in standard deviations at the money."""
DENSITY_TOLERANCE = 1e-5
VARIANCE_TOLERANCE = 1e-10


def negative_density(
    surface: Surface, *, years: float, reach: float = 8.0, places: int = 401
) -> Breach | None:
    """Where g(k) is most negative within `reach` standard deviations; None where it is nowhere.

    g of svi.density_factor, from central differences of total variance; its error is about 1e-6.
    """
    stdev = math.sqrt(_variances(surface, np.zeros(1), years=years).item())
    k = stdev * np.linspace(-reach, reach, places)
    step = stdev * STEP
    down, w, up = (_variances(surface, k + move, years=years) for move in (-step, 0.0, step))
    factor = density_factor(k, w, (up - down) / (2 * step), (up - 2 * w + down) / step**2)
    worst = np.argmin(factor)
    if factor[worst] >= -DENSITY_TOLERANCE:
        return None
    return Breach(years=years, log_moneyness=k[worst].item(), shortfall=-factor[worst].item())


def falling_variance(
    surface: Surface, *, years: Sequence[float], reach: float = 8.0, places: int = 401
) -> Breach | None:
    """Where total variance falls most from one of these tenors to the next, at one ln(K/F).

    Within `reach` standard deviations of the farthest; None where it nowhere falls.
    """
    ordered = sorted(years)
    stdev = math.sqrt(_variances(surface, np.zeros(1), years=ordered[-1]).item())
    k = stdev * np.linspace(-reach, reach, places)
    worst: Breach | None = None
    totals = [(at, _variances(surface, k, years=at)) for at in ordered]
    for (_, near), (at, far) in pairwise(totals):
        fall = near - far
        place = np.argmax(fall)
        if fall[place] > VARIANCE_TOLERANCE * near[place] and (
            worst is None or fall[place] > worst.shortfall
        ):
            worst = Breach(years=at, log_moneyness=k[place].item(), shortfall=fall[place].item())
    return worst


def _variances(surface: Surface, log_moneyness: Floats, *, years: float) -> Floats:
    vols = [
        surface.vol(forward=1.0, strike=math.exp(k), years=years, realised_vol=None)
        for k in log_moneyness.tolist()
    ]
    return np.square(vols) * years
