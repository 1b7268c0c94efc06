"""Laws of SVI slices and of surfaces made of them, over drawn parameters."""

from __future__ import annotations

import math
from itertools import pairwise

import mpmath
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.arbitrage import falling_variance, negative_density
from bot.core.smile_surface import SmileSurface
from bot.core.svi import Slice, butterfly_breach, calendar_breach, lift_breach
from tests.builders.smiles import ssvi_slice
from tests.oracles.density import exact_svi, implied_density

RAW = st.fixed_dictionaries(
    {
        "a": st.floats(-0.2, 0.5),
        "b": st.floats(0.01, 1.0),
        "rho": st.floats(-0.95, 0.95),
        "m": st.floats(-1.0, 1.0),
        "sigma": st.floats(0.02, 2.0),
    }
)
THETAS = st.lists(st.floats(1e-4, 2.0), min_size=2, max_size=4, unique=True).map(sorted)


def phi_of(theta: float, *, rho: float, share: float, gamma: float) -> float:
    """eta theta^-gamma, eta a share of the most that the theorem allows for theta up to 2.

    theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4, gamma <= 1/2.
    """
    limits = (
        4.0 / (1.0 + abs(rho)) * 2.0 ** (gamma - 1.0),
        math.sqrt(4.0 / (1.0 + abs(rho))) * 2.0 ** (gamma - 0.5),
    )
    return share * min(limits) * theta**-gamma


@given(raw=RAW, place=st.floats(-4.0, 4.0))
def test_the_verdict_on_a_slice_is_that_of_its_prices(raw: dict[str, float], place: float) -> None:
    """Oracle: second differences of 50-digit prices, at the place told or at any drawn one."""
    least = raw["a"] + raw["b"] * raw["sigma"] * math.sqrt(1.0 - raw["rho"] ** 2)
    assume(least > 1e-4)
    assume(raw["b"] * (1.0 + abs(raw["rho"])) < 1.99)
    found = butterfly_breach(Slice(years=1.0, **raw))
    if found is None:
        at = raw["m"] + raw["sigma"] * math.sinh(place)
        assert implied_density(exact_svi(**raw), at) > -1e-8
    else:
        density = implied_density(exact_svi(**raw), found.log_moneyness)
        assert mpmath.almosteq(density, -found.shortfall, rel_eps=1e-5, abs_eps=1e-8)


@given(thetas=THETAS, rho=st.floats(-0.9, 0.9), share=st.floats(0.05, 0.999))
def test_ssvi_within_the_theorems_conditions_is_sound(
    thetas: list[float], rho: float, share: float
) -> None:
    """Source: Gatheral and Jacquier (2014), theorem 4.2 (butterfly) and 4.1 (calendar)."""
    slices = [
        ssvi_slice(
            years=theta,
            theta=theta,
            rho=rho,
            phi=phi_of(theta, rho=rho, share=share, gamma=0.4),
        )
        for theta in thetas
    ]
    assert [butterfly_breach(one) for one in slices] == [None] * len(slices)
    assert [calendar_breach(near, far) for near, far in pairwise(slices)] == [None] * (
        len(slices) - 1
    )


@given(near=RAW, far=RAW, place=st.floats(-6.0, 6.0))
def test_the_verdict_on_two_slices_is_that_of_their_variances(
    near: dict[str, float], far: dict[str, float], place: float
) -> None:
    one = ssvi_or_none(near, years=1.0)
    other = ssvi_or_none(far, years=2.0)
    assume(one is not None)
    assume(other is not None)
    assert one is not None
    assert other is not None
    found = calendar_breach(one, other)
    at = math.sinh(place) if found is None else found.log_moneyness
    near_w, far_w = (exact_svi(**raw)(mpmath.mpf(at)) for raw in (near, far))
    assert (far_w >= near_w * (1 - 1e-11)) if found is None else (far_w < near_w)


def ssvi_or_none(raw: dict[str, float], *, years: float) -> Slice | None:
    if raw["a"] + raw["b"] * raw["sigma"] * math.sqrt(1.0 - raw["rho"] ** 2) <= 1e-6:
        return None
    return Slice(years=years, **raw) if raw["b"] * (1.0 + abs(raw["rho"])) < 1.99 else None


@given(
    thetas=THETAS,
    rho=st.floats(-0.7, 0.7),
    share=st.floats(0.1, 0.9),
    between=st.floats(0.05, 0.95),
)
def test_between_before_and_after_the_slices_there_is_no_arbitrage_either(
    thetas: list[float], rho: float, share: float, between: float
) -> None:
    """By differences of the volatilities themselves, which know nothing of slices."""
    slices = tuple(
        ssvi_slice(
            years=theta,
            theta=theta,
            rho=rho,
            phi=phi_of(theta, rho=rho, share=share, gamma=0.4),
        )
        for theta in thetas
    )
    assume(lift_breach(slices[-1]) is None and all(lift_breach(one) is None for one in slices))
    assume(all(far.years > 1.05 * near.years for near, far in pairwise(slices)))
    surface = SmileSurface(slices=slices, calm_vol=1.0)
    times = [
        0.3 * thetas[0],
        *(near + between * (far - near) for near, far in pairwise(thetas)),
        1.7 * thetas[-1],
    ]
    assert [negative_density(surface, years=t, reach=4.0, places=41) for t in times] == [
        None
    ] * len(times)
    assert falling_variance(surface, years=[*times, *thetas], reach=4.0, places=41) is None


@given(theta=st.floats(0.01, 1.0), rho=st.floats(-0.7, 0.7))
def test_a_slice_is_met_exactly_and_from_both_sides(theta: float, rho: float) -> None:
    slices = tuple(ssvi_slice(years=t, theta=theta * t, rho=rho, phi=1.0) for t in (0.5, 1.0, 2.0))
    surface = SmileSurface(slices=slices, calm_vol=1.0)
    for k in (-math.sqrt(theta), 0.0, 0.4 * math.sqrt(theta)):
        exact = slices[1].total_variance(k)
        around = [surface.total_variance(k, years=t) for t in (1.0 - 1e-9, 1.0, 1.0 + 1e-9)]
        np.testing.assert_allclose(around, exact, rtol=1e-7)
        assert math.isclose(around[1], exact, rel_tol=1e-14)
