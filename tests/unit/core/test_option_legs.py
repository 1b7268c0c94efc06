"""Structures as legs: payoffs by hand, values as sums, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bot.core.errors import OptionInputError
from bot.core.option_arrays import option_figures
from bot.core.option_legs import Legs, collar, condor, spread, strangle, synthetic_forward


@pytest.mark.parametrize(
    ("legs", "payoffs"),
    [
        (spread(is_call=True, bought=1800, sold=2200), [0, 0, 200, 400, 400]),
        (spread(is_call=False, bought=2200, sold=1800), [400, 400, 200, 0, 0]),
        (spread(is_call=False, bought=1800, sold=2200), [-400, -400, -200, 0, 0]),
        (strangle(put=1800, call=2200), [300, 0, 0, 0, 300]),
        (strangle(put=2000, call=2000), [500, 200, 0, 200, 500]),
        (collar(put=1800, call=2200), [300, 0, 0, 0, -300]),
        (
            condor(put_bought=1600, put_sold=1800, call_sold=2200, call_bought=2400),
            [-200, 0, 0, 0, -200],
        ),
        (synthetic_forward(strike=2000), [-500, -200, 0, 200, 500]),
    ],
)
def test_each_structure_pays_what_it_pays_by_hand(legs: Legs, payoffs: list[float]) -> None:
    assert legs.payoff([1500.0, 1800.0, 2000.0, 2200.0, 2500.0]).tolist() == payoffs


def test_a_structures_figures_are_the_sum_of_its_legs_each_at_its_own_volatility() -> None:
    legs = condor(put_bought=1600, put_sold=1800, call_sold=2200, call_bought=2400)
    vols = [0.9, 0.8, 0.75, 0.78]
    found = legs.figures(spot=2000.0, vol=vols, years=0.1)
    rows = zip(legs.is_call, legs.strikes, legs.quantities, vols, strict=True)
    singles = [
        (quantity, option_figures(is_call=is_call, spot=2000.0, strike=strike, vol=vol, years=0.1))
        for is_call, strike, quantity, vol in rows
    ]
    for name in ("price", "delta", "gamma", "vega", "theta", "rho", "vanna", "volga"):
        total = sum(quantity * getattr(figures, name) for quantity, figures in singles)
        assert getattr(found, name) == pytest.approx(total, rel=1e-13)


def test_a_synthetic_forward_is_spot_less_the_discounted_strike() -> None:
    """Put-call parity: no volatility, one of delta, none of the rest."""
    found = synthetic_forward(strike=2100.0).figures(spot=2000.0, vol=0.8, years=0.5, rate=0.05)
    assert found.price == pytest.approx(2000.0 - 2100.0 * np.exp(-0.025), abs=1e-12)
    assert found.delta == pytest.approx(1.0, abs=1e-15)
    assert found.gamma == pytest.approx(0.0, abs=1e-18)
    assert found.vega == pytest.approx(0.0, abs=1e-12)


def test_a_thousand_structures_are_valued_at_once() -> None:
    puts = np.linspace(1000.0, 1900.0, 1000)
    many = strangle(put=puts, call=2200.0).figures(spot=2000.0, vol=0.8, years=0.1)
    one = strangle(put=puts[400], call=2200.0).figures(spot=2000.0, vol=0.8, years=0.1)
    assert many.price.shape == (1000,)
    assert many.price[400] == one.price


@pytest.mark.parametrize(
    "broken",
    [
        lambda: strangle(put=2200, call=1800),
        lambda: collar(put=[1800, 2200], call=[2200, 1800]),
        lambda: condor(put_bought=1800, put_sold=1600, call_sold=2200, call_bought=2400),
        lambda: spread(is_call=True, bought=-1, sold=2000),
        lambda: synthetic_forward(strike=np.nan),
    ],
)
def test_impossible_strikes_are_refused(broken: Callable[[], Legs]) -> None:
    with pytest.raises(OptionInputError):
        broken()
