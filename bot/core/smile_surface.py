"""An arbitrage-free volatility surface through a chain's smiles: SVI slices and what lies between.

Every slice is free of butterfly arbitrage, every later one at or above the earlier at every
strike, and prices in between are mixtures of both neighbours, so there is none between expiries
either. A surface that is not sound cannot be built. docs/maths.md section 3.6; why so:
docs/adr/0026-surface.md.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bot.core.errors import SurfaceFitError, VenueTermsError
from bot.core.smile import Smile
from bot.core.smile_fit import fit_slice, is_sound
from bot.core.smile_joint import fit_together, problems_of
from bot.core.surface import Surface
from bot.core.svi import Slice, butterfly_breach, calendar_breach, derivatives, lift_breach

CALM_YEARS = 30 / 365
"""Whose volatility at the money is the calm one."""
QUOTES_MIN = 5
"""With fewer an expiry cannot tell the five parameters of its slice."""
SHAPE = Slice(years=1.0, a=0.55, b=0.3, rho=-0.1, m=0.0, sigma=1.5)
"""What few quotes resemble where no expiry has more."""
JOINT_MARGINS = (3e-3, 2e-2)
PRESSED_VOL = 0.0001
"""Mean error that the calendar's conditions may cost before all expiries are fitted together."""
NEAR_MID_VOL = 0.005
"""Half a vol point: as good as between bid and ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmileSurface:
    """A `Surface` that stands still, as a chain quoted it; log-moneyness and tenor are what counts.

    slices: at least one, expiries ascending. calm_vol: annual, > 0; realised volatility above it
    is stress, which widens the venue's spreads; it does not move this surface.
    """

    slices: tuple[Slice, ...]
    calm_vol: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.calm_vol) and self.calm_vol > 0.0):
            raise _refusal("calm_vol", self.calm_vol, "it must be above 0")
        if not self.slices:
            raise _refusal("slices", "()", "at least one expiry is needed")
        for one in self.slices:
            if breach := butterfly_breach(one) or lift_breach(one):
                where = f"its density is negative at ln(K/F) {breach.log_moneyness:.6g}"
                raise _refusal("slices", one, f"{where}, by {breach.shortfall:.3g}")
        for near, far in pairwise(self.slices):
            if not near.years < far.years:
                raise _refusal("slices", far.years, f"years must ascend, {near.years} is before")
            if breach := calendar_breach(near, far):
                where = f"it is below the earlier one at ln(K/F) {breach.log_moneyness:.6g}"
                raise _refusal("slices", far, f"{where}, by {breach.shortfall:.3g}")

    def vol(
        self, *, forward: float, strike: float, years: float, realised_vol: float | None = None
    ) -> float:
        """See `Surface.vol`; realised volatility does not matter here."""
        return math.sqrt(self.total_variance(math.log(strike / forward), years=years) / years)

    def stress(self, realised_vol: float | None) -> float:
        """See `Surface.stress`."""
        return 0.0 if realised_vol is None else max(0.0, realised_vol / self.calm_vol - 1.0)

    def total_variance(self, log_moneyness: float, *, years: float) -> float:
        """Variance until `years`, > 0, at ln(K/F); it never falls with time.

        Before the first expiry: the first smile, the same in ln(K/F)/sqrt(years). After the last:
        the last slice plus its own variance a year at the money for every year more. Between:
        the price is a mixture of the neighbours' prices, such that total variance at the money is
        linear in time.
        """
        first, last = self.slices[0], self.slices[-1]
        if years <= first.years:
            share = years / first.years
            return share * first.total_variance(log_moneyness / math.sqrt(share))
        if years >= last.years:
            more = last.total_variance(0.0) * (years / last.years - 1.0)
            return last.total_variance(log_moneyness) + more
        after = bisect_right(self.slices, years, key=lambda one: one.years)
        return _mixed(self.slices[after - 1], self.slices[after], log_moneyness, years=years)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmileFit:
    """How a surface meets one expiry: errors against the mid volatility, annual fractions.

    inside: how many quotes it meets between bid and ask, or within half a vol point of the mid.
    """

    years: float
    quotes: int
    error_mean: float
    error_max: float
    inside: int


def fit_surface(smiles: Sequence[Smile]) -> SmileSurface:
    """The sound surface of least error through smiles of at least one quote each.

    Slices are fitted one by one, those of fewer than five quotes near the shape of the nearest
    expiry with more. Where some cross, the way of least mean error is kept of three: again from
    the nearest expiry outwards, above it; from the farthest inwards, below it; or all together.
    """
    ordered = sorted((smile for smile in smiles if smile.vol.size), key=lambda one: one.years)
    if not ordered:
        raise SurfaceFitError(days="any", problem="there are no quotes")
    alone, likes = _alone(ordered)
    slices = alone if _is_sound(alone) else _uncrossed(ordered, alone, likes)
    flat = SmileSurface(slices=slices, calm_vol=1.0)
    calm_vol = flat.vol(forward=1.0, strike=1.0, years=CALM_YEARS)
    return SmileSurface(slices=slices, calm_vol=round(calm_vol, 6))


def _alone(smiles: Sequence[Smile]) -> tuple[tuple[Slice, ...], list[Slice | None]]:
    """Each smile's slice as if there were no other, and the shape that few quotes were near."""
    found = {
        place: fit_slice(smile)
        for place, smile in enumerate(smiles)
        if smile.vol.size >= QUOTES_MIN
    }
    full = list(found.values())
    likes: list[Slice | None] = [None] * len(smiles)
    for place, smile in enumerate(smiles):
        if smile.vol.size < QUOTES_MIN:
            like = min(full, key=lambda one: abs(math.log(one.years / smile.years)), default=SHAPE)
            likes[place] = like
            found[place] = fit_slice(smile, like=like)
    return tuple(found[place] for place in range(len(smiles))), likes


def _uncrossed(
    smiles: Sequence[Smile], alone: Sequence[Slice], likes: Sequence[Slice | None]
) -> tuple[Slice, ...]:
    """Slices that do not cross, as near to the quotes as any way finds them."""
    ways, refusals = [], []
    for way in (_outwards, _inwards):
        try:
            ways.append(way(smiles, alone, likes))
        except SurfaceFitError as refusal:
            refusals.append(refusal)
    ways.sort(key=lambda slices: _mean_error(smiles, slices))
    least = _mean_error(smiles, alone)
    if ways and _mean_error(smiles, ways[0]) - least < PRESSED_VOL:
        return ways[0]
    for margin in JOINT_MARGINS:
        problems = problems_of(smiles, likes, margin=margin)
        found = fit_together(problems, ways[0] if ways else alone, margin=margin)
        if found and _is_sound(found):
            ways.append(found)
            break
    if not ways:
        raise refusals[0]
    return min(ways, key=lambda slices: _mean_error(smiles, slices))


def _is_sound(slices: Sequence[Slice]) -> bool:
    """Whether no strike of any, and none between neighbours, can be arbitraged."""
    nears = [None, *slices[:-1]]
    return all(is_sound(one, near=near, far=None) for near, one in zip(nears, slices, strict=True))


def _outwards(
    smiles: Sequence[Smile], alone: Sequence[Slice], likes: Sequence[Slice | None]
) -> tuple[Slice, ...]:
    kept: list[Slice] = []
    for smile, one, like in zip(smiles, alone, likes, strict=True):
        if kept and calendar_breach(kept[-1], one):
            kept.append(fit_slice(smile, near=kept[-1], like=like))
        else:
            kept.append(one)
    return tuple(kept)


def _inwards(
    smiles: Sequence[Smile], alone: Sequence[Slice], likes: Sequence[Slice | None]
) -> tuple[Slice, ...]:
    kept: list[Slice] = []
    for smile, one, like in reversed(list(zip(smiles, alone, likes, strict=True))):
        if kept and calendar_breach(one, kept[-1]):
            kept.append(fit_slice(smile, far=kept[-1], like=like))
        else:
            kept.append(one)
    return tuple(reversed(kept))


def fit_of(surface: Surface, smile: Smile) -> SmileFit:
    """The errors of any surface against one expiry's quotes."""
    model = np.array(
        [
            surface.vol(forward=1.0, strike=math.exp(k), years=smile.years, realised_vol=None)
            for k in smile.log_moneyness.tolist()
        ]
    )
    error = np.abs(model - smile.vol)
    is_inside = ((model >= smile.bid_vol) & (model <= smile.ask_vol)) | (error <= NEAR_MID_VOL)
    return SmileFit(
        years=smile.years,
        quotes=error.size,
        error_mean=np.mean(error).item(),
        error_max=np.max(error).item(),
        inside=np.sum(is_inside).item(),
    )


def _mean_error(smiles: Sequence[Smile], slices: Sequence[Slice]) -> float:
    errors = [
        np.abs(np.sqrt(derivatives(one, smile.log_moneyness)[0] / one.years) - smile.vol)
        for smile, one in zip(smiles, slices, strict=True)
    ]
    mean: float = np.mean(np.concatenate(errors)).item()
    return mean


def _mixed(near: Slice, far: Slice, log_moneyness: float, *, years: float) -> float:
    """Total variance between two slices: the mixture whose variance at the money is linear in time.

    The price at the money gives the weights, for every strike.
    """
    share = (years - near.years) / (far.years - near.years)
    low, high = (one.total_variance(log_moneyness) for one in (near, far))
    weight = _weight(near.total_variance(0.0), far.total_variance(0.0), share)
    return mixed_variance(low, max(low, high), weight=weight, log_moneyness=log_moneyness)


def mixed_variance(first: float, second: float, *, weight: float, log_moneyness: float) -> float:
    """Total variance of a mixture of two prices, `weight` of the second, by Brent's method.

    first, second: total variances at ln(K/F), > 0. weight: 0 to 1; outside it the nearer end.
    A mixture of two prices without arbitrage, weighed alike at every strike and time, has none.
    """
    if weight <= 0.0 or weight >= 1.0:
        return first if weight <= 0.0 else second
    prices = [_log_price(math.sqrt(w), log_moneyness) for w in (first, second)]
    target = np.logaddexp(math.log1p(-weight) + prices[0], math.log(weight) + prices[1]).item()
    if not min(prices) < target < max(prices):
        return first + weight * (second - first)  # apart by less than rounding

    from scipy.optimize import brentq

    stdev: float = brentq(
        lambda at: _log_price(at, log_moneyness) - target,
        math.sqrt(min(first, second)),
        math.sqrt(max(first, second)),
        xtol=1e-15,
        rtol=1e-14,
    )
    return stdev * stdev


def _weight(near: float, far: float, share: float) -> float:
    """How much of the far slice: at the money a price is erf(stdev/sqrt(8))."""
    at, to, between = (
        math.erf(math.sqrt(w / 8.0)) for w in (near, far, near + share * (far - near))
    )
    return (between - at) / (to - at) if to > at else share


def _log_price(stdev: float, log_moneyness: float) -> float:
    """ln of the time value over sqrt(F K), exact in the far wings; docs/maths.md section 3.4."""
    from scipy.special import erfcx

    h, t = abs(log_moneyness) / stdev, stdev / 2.0
    mills = erfcx((h - t) / math.sqrt(2.0)) - erfcx((h + t) / math.sqrt(2.0))
    return math.log(mills) - (h * h + t * t) / 2.0


def _refusal(name: str, value: object, problem: str) -> VenueTermsError:
    return VenueTermsError(name=f"surface.{name}", value=value, problem=problem)
