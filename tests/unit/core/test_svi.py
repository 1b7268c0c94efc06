"""SVI slices and the exact verdicts on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.core.errors import VenueTermsError
from bot.core.svi import (
    Slice,
    butterfly_breach,
    calendar_breach,
    density_factor,
    derivatives,
    lift_breach,
)
from tests.builders.smiles import BUTTERFLY, ssvi_slice
from tests.oracles.density import exact_svi, implied_density


def test_the_known_butterfly_is_found_with_its_place_and_depth() -> None:
    """Source: tests/builders/smiles.py; depth by 50-digit differences of prices."""
    found = butterfly_breach(BUTTERFLY)
    assert found is not None
    assert 0.6 < found.log_moneyness < 1.2
    oracle = exact_svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
    assert -implied_density(oracle, found.log_moneyness) == pytest.approx(found.shortfall, rel=1e-9)
    grid = np.linspace(-2.0, 2.0, 4001)
    deepest = density_factor(grid, *derivatives(BUTTERFLY, grid)).min()
    assert found.shortfall == pytest.approx(-deepest, abs=1e-5)


def test_the_same_smile_of_a_higher_level_is_sound() -> None:
    assert butterfly_breach(replace(BUTTERFLY, a=BUTTERFLY.a + 0.1)) is None


def test_slices_that_cross_are_told_with_place_and_depth_and_in_the_far_wing_too() -> None:
    near = ssvi_slice(years=0.1, theta=0.04, rho=-0.3, phi=2.0)
    above = ssvi_slice(years=0.2, theta=0.05, rho=-0.3, phi=2.0)
    assert calendar_breach(near, above) is None
    below = calendar_breach(above, near)
    assert below is not None
    assert below.shortfall == pytest.approx(
        above.total_variance(below.log_moneyness) - near.total_variance(below.log_moneyness)
    )
    # Flatter by a hair: it is above until ln(K/F) of some fifty.
    flatter = Slice(years=0.2, a=near.a + 0.01, b=near.b * 0.99, rho=-0.3, m=near.m, sigma=0.4)
    far = calendar_breach(near, flatter)
    assert far is not None
    assert abs(far.log_moneyness) > 10.0


def test_a_slice_that_touches_itself_has_no_calendar_arbitrage() -> None:
    one = ssvi_slice(years=0.1, theta=0.04, rho=-0.3, phi=2.0)
    assert calendar_breach(one, one) is None


def test_what_may_be_lifted_is_sound_at_every_height() -> None:
    one = ssvi_slice(years=0.5, theta=0.2, rho=-0.4, phi=1.5)
    assert lift_breach(one) is None
    for lift in (0.0, 0.001, 0.05, 0.4, 10.0):
        raised = Slice(years=1.0, a=one.a + lift, b=one.b, rho=one.rho, m=one.m, sigma=one.sigma)
        assert butterfly_breach(raised) is None


def test_a_lift_that_would_break_is_found_where_the_slice_itself_is_bad() -> None:
    found = lift_breach(BUTTERFLY)
    assert found is not None
    butterfly = butterfly_breach(BUTTERFLY)
    assert butterfly is not None
    assert found.shortfall >= butterfly.shortfall - 1e-6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("years", 0.0),
        ("a", -1.0),
        ("a", float("nan")),
        ("b", -0.1),
        ("b", 2.0),
        ("rho", 1.0),
        ("sigma", 0.0),
    ],
)
def test_a_slice_that_is_no_smile_cannot_be_built(name: str, value: float) -> None:
    good = {"years": 1.0, "a": 0.04, "b": 0.1, "rho": -0.5, "m": 0.0, "sigma": 0.2}
    with pytest.raises(VenueTermsError, match=rf"slice\.{name} is"):
        Slice(**good | {name: value})
