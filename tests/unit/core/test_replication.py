"""Strips of options against the loss they replicate, at every final price and in value."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import inf

import numpy as np
import pytest
from scipy.integrate import quad

from bot.core.claim import claim_payoff, claim_value
from bot.core.errors import OptionInputError
from bot.core.option_legs import Legs
from bot.core.options import black_price
from bot.core.orders import ContractKind
from bot.core.replication import strip_density, strip_ends, strip_legs, strip_value
from bot.core.residual import Position, residual, residual_bounds

RANGE = Position(entry=2200.0, lower=2000.0, upper=2400.0, notional=1e6)
FULL = Position(entry=2000.0)
OUTSIDE = Position(entry=1700.0, lower=2000.0, upper=2400.0, notional=5.0)


def black(*, forward: float, vol: float, years: float) -> Callable[..., np.ndarray]:
    """Black-76 for arrays of options."""

    def prices(is_call: np.ndarray, strikes: np.ndarray) -> np.ndarray:
        kinds = [ContractKind.CALL if call else ContractKind.PUT for call in is_call]
        return np.array(
            [
                black_price(kind=kind, forward=forward, strike=strike.item(), vol=vol, years=years)
                for kind, strike in zip(kinds, strikes, strict=True)
            ]
        )

    return prices


TEN_DAYS = black(forward=2200.0, vol=0.6, years=10 / 365)


@pytest.mark.parametrize(
    ("step", "value"), [(25.0, -22691.166), (50.0, -22806.840), (100.0, -23270.373)]
)
def test_the_discrete_strip_has_the_reference_value(step: float, value: float) -> None:
    """Source: quant reference section 3, discrete strip, sigma 0.6."""
    legs = strip_legs(RANGE, step=step)
    assert -legs.cost(TEN_DAYS) == pytest.approx(value, abs=5.1e-4)


def test_the_strip_has_half_weight_at_its_ends_and_half_a_straddle_at_entry() -> None:
    legs = strip_legs(RANGE, step=100.0)
    assert legs.is_call.tolist() == [False] * 3 + [True] * 3
    assert legs.strikes.tolist() == [2000.0, 2100.0, 2200.0, 2200.0, 2300.0, 2400.0]
    density = strip_density(legs.strikes, RANGE)
    weights = [50.0, 100.0, 50.0, 50.0, 100.0, 50.0]
    assert legs.quantities == pytest.approx(density * weights, rel=1e-14)


def test_the_continuous_strip_has_the_reference_value() -> None:
    """Source: quant reference section 3: -22652.626048, printed to six places."""
    assert strip_value(TEN_DAYS, RANGE) == pytest.approx(-22652.626048, abs=1e-6)


def test_the_continuous_strip_of_a_full_range_is_the_closed_form() -> None:
    """Source: quant reference section 3, v2 strip by quadrature, to 4e-16."""
    month = black(forward=2000.0, vol=0.8, years=30 / 365)
    assert strip_value(month, FULL) == pytest.approx(-0.00655377220466, abs=5e-15)
    assert strip_value(month, FULL) == pytest.approx(
        claim_value(entry=2000.0, vol=0.8, years=30 / 365).item(), abs=1e-15
    )


def test_an_entry_outside_the_range_is_replicated_by_options_on_one_side() -> None:
    prices = black(forward=1750.0, vol=0.6, years=0.1)
    expected = claim_value(
        entry=1700.0, forward=1750.0, lower=2000.0, upper=2400.0, notional=5.0, vol=0.6, years=0.1
    ).item()
    assert strip_value(prices, OUTSIDE) == pytest.approx(expected, rel=1e-9)
    assert all(strip_legs(OUTSIDE, step=50.0).is_call)


@pytest.mark.parametrize("position", [RANGE, FULL, OUTSIDE])
@pytest.mark.parametrize("share", [0.3, 0.8, 0.95, 1.0, 1.06, 1.3, 3.0])
def test_the_continuous_strip_pays_the_loss_at_every_final_price(
    position: Position, share: float
) -> None:
    """Oracle: scipy's adaptive quadrature of density times payoff, over strikes."""
    final = share * position.entry
    low, high = min(final, position.entry), max(final, position.entry)
    edges = [low, *(x for x in (position.lower, position.upper) if low < x < high), high]
    paid = sum(
        quad(lambda k: strip_density(k, position).item() * abs(final - k), *ends)[0]
        for ends in itertools.pairwise(edges)
    )
    assert paid == pytest.approx(-position.loss(final).item(), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("position", [RANGE, FULL, OUTSIDE])
@pytest.mark.parametrize("step", [10.0, 33.0, 100.0])
def test_the_bounds_of_the_residual_hold_on_a_fine_grid_and_are_reached(
    position: Position, step: float
) -> None:
    """Oracle: 200,001 prices."""
    legs = strip_legs(position, step=step)
    low, high = strip_ends(position)
    bounds = residual_bounds(legs, position, low=low, high=high)
    grid = residual(np.linspace(low, high, 200_001), legs=legs, position=position)
    slack = 1e-12 * position.notional
    assert bounds.lowest - slack <= grid.min() <= bounds.lowest + 1e-4 * bounds.worst + slack
    assert bounds.highest - 1e-4 * bounds.worst - slack <= grid.max() <= bounds.highest + slack


def test_the_bounds_hold_for_sold_options_and_beyond_the_range() -> None:
    legs = Legs(
        is_call=np.array([True, False, True, False]),
        strikes=np.array([2100.0, 2150.0, 2700.0, 1500.0]),
        quantities=np.array([3.0, 120.0, -40.0, -7.0]),
    )
    bounds = residual_bounds(legs, RANGE, low=900.0, high=4000.0)
    grid = residual(np.linspace(900.0, 4000.0, 400_001), legs=legs, position=RANGE)
    assert grid.min() == pytest.approx(bounds.lowest, rel=1e-6)
    assert grid.max() == pytest.approx(bounds.highest, rel=1e-6)


def test_a_finer_strip_misses_less_by_the_square_of_its_step() -> None:
    misses = [
        residual_bounds(strip_legs(RANGE, step=step), RANGE, low=2000.0, high=2400.0).worst
        for step in (50.0, 25.0, 12.5)
    ]
    assert misses[0] / misses[1] == pytest.approx(4.0, rel=0.02)
    assert misses[1] / misses[2] == pytest.approx(4.0, rel=0.02)


def test_a_step_that_does_not_divide_the_range_still_covers_its_ends() -> None:
    legs = strip_legs(RANGE, step=130.0)
    assert sorted(set(legs.strikes.tolist())) == [2000.0, 2070.0, 2200.0, 2330.0, 2400.0]


def test_a_full_range_is_covered_to_a_fourth_and_four_times_the_entry() -> None:
    assert strip_ends(FULL) == (500.0, 8000.0)
    legs = strip_legs(FULL, step=100.0)
    assert (legs.strikes.min(), legs.strikes.max()) == (500.0, 8000.0)
    assert legs.payoff(500.0) == pytest.approx(-claim_payoff(500.0, entry=2000.0).item(), rel=0.01)


@pytest.mark.parametrize("step", [0.0, -1.0, 401.0, inf, float("nan"), 1e-3])
def test_a_step_that_makes_no_strip_is_refused(step: float) -> None:
    with pytest.raises(OptionInputError, match="step"):
        strip_legs(RANGE, step=step)


def test_bounds_over_no_range_of_prices_are_refused() -> None:
    legs = strip_legs(RANGE, step=100.0)
    with pytest.raises(OptionInputError, match="high"):
        residual_bounds(legs, RANGE, low=2000.0, high=2000.0)


def test_a_strangle_sized_at_the_ends_leaves_the_reference_wedge_at_its_strikes() -> None:
    """Source: quant reference section 4: n_p 71.48869802, n_c 42.09188101, 5572.81 uncovered."""
    position = Position(entry=2000.0, notional=1e6)
    strangle = Legs(
        is_call=np.array([False, True]),
        strikes=np.array([1600.0, 2400.0]),
        quantities=np.array([71.48869802, 42.09188101]),
    )
    at_ends = residual([1000.0, 3000.0], legs=strangle, position=position)
    assert at_ends == pytest.approx([0.0, 0.0], abs=1e-4)
    assert residual(1600.0, legs=strangle, position=position) == pytest.approx(-5572.81, abs=5.1e-3)
    bounds = residual_bounds(strangle, position, low=1000.0, high=3000.0)
    assert bounds.lowest == pytest.approx(-5572.81, abs=5.1e-3)
    assert bounds.lowest_price == 1600.0
