"""Laws of option prices over drawn inputs, with 50-digit differences as the oracle of Greeks."""

from __future__ import annotations

import math
from collections.abc import Mapping

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.implied_vol import implied_vols
from bot.core.option_arrays import Figures, digital_figures, option_figures
from tests.oracles.options import exact_greeks

Terms = Mapping[str, float]
BOTH = [True, False]

TERMS = st.fixed_dictionaries(
    {
        "spot": st.floats(0.01, 1e6),
        "strike": st.floats(0.05, 20.0),
        "vol": st.floats(0.01, 5.0),
        "years": st.floats(1 / 525_600, 3.0),
        "rate": st.floats(-0.1, 0.2),
    }
).map(lambda drawn: drawn | {"strike": drawn["strike"] * drawn["spot"]})

CENTRAL = st.fixed_dictionaries(
    {
        "spot": st.floats(100.0, 10_000.0),
        "strike": st.floats(0.5, 2.0),
        "vol": st.floats(0.1, 3.0),
        "years": st.floats(0.01, 2.0),
        "rate": st.floats(-0.05, 0.1),
    }
).map(lambda drawn: drawn | {"strike": drawn["strike"] * drawn["spot"]})


def both(terms: Terms) -> Figures:
    """The call and the put of the same terms."""
    return option_figures(is_call=BOTH, **terms)


@given(terms=TERMS)
def test_call_less_put_is_the_forwards_value(terms: Terms) -> None:
    call, put = both(terms).price
    owed = terms["strike"] * math.exp(-terms["rate"] * terms["years"])
    assert abs(call - put - (terms["spot"] - owed)) <= 4e-15 * max(terms["spot"], owed)


@given(terms=TERMS)
def test_prices_stay_between_exercise_and_what_is_delivered(terms: Terms) -> None:
    call, put = both(terms).price
    spot, owed = terms["spot"], terms["strike"] * math.exp(-terms["rate"] * terms["years"])
    slack = 1e-15 * max(spot, owed)
    assert max(spot - owed, 0.0) - slack <= call <= spot + slack
    assert max(owed - spot, 0.0) - slack <= put <= owed + slack


@given(terms=TERMS)
def test_greeks_have_their_signs_and_ranges(terms: Terms) -> None:
    found = both(terms)
    assert 0.0 <= found.delta[0] <= 1.0
    assert -1.0 <= found.delta[1] <= 0.0
    assert np.all(found.gamma >= 0.0)
    assert np.all(found.vega >= 0.0)


@given(terms=TERMS)
def test_prices_rise_with_volatility_and_bend_upward_in_the_strike(terms: Terms) -> None:
    vols = np.linspace(terms["vol"], 2.0 * terms["vol"], 9)
    slack = 1e-15 * max(terms["spot"], terms["strike"])
    for is_call in BOTH:
        rising = option_figures(is_call=is_call, **{**terms, "vol": vols}).price
        assert np.all(np.diff(rising) >= -slack)
        strikes = terms["strike"] * np.linspace(0.5, 1.5, 21)
        curve = option_figures(is_call=is_call, **{**terms, "strike": strikes}).price
        assert np.all(np.diff(curve, 2) >= -8.0 * slack)
        assert np.all((np.diff(curve) if not is_call else -np.diff(curve)) >= -4.0 * slack)


@given(terms=TERMS, scale=st.floats(1e-6, 1e6))
def test_prices_are_of_first_degree_in_spot_and_strike(terms: Terms, scale: float) -> None:
    larger = {**terms, "spot": terms["spot"] * scale, "strike": terms["strike"] * scale}
    bound = 4e-15 * max(terms["spot"], terms["strike"]) * scale
    assert np.all(np.abs(both(larger).price - both(terms).price * scale) <= bound)


@given(terms=CENTRAL, is_call=st.booleans())
def test_each_greek_is_the_difference_of_fifty_digit_prices(terms: Terms, is_call: bool) -> None:
    found = option_figures(is_call=is_call, **terms)

    def price(**moved: mpmath.mpf) -> mpmath.mpf:
        return exact_greeks(is_call=is_call, **(dict(terms) | moved)).price

    with mpmath.workdps(50):
        step = mpmath.mpf(10) ** -12
        at = {name: mpmath.mpf(value) for name, value in terms.items()}

        def slope(name: str, **moved: mpmath.mpf) -> mpmath.mpf:
            h = at[name] * step if at[name] else step
            up, down = (
                price(**(moved | {name: at[name] + h})),
                price(**(moved | {name: at[name] - h})),
            )
            return (up - down) / (2 * h)

        def bent(name: str) -> mpmath.mpf:
            h = at[name] * step
            up, down = price(**{name: at[name] + h}), price(**{name: at[name] - h})
            return (up + down - 2 * price()) / h**2

        h = at["vol"] * step
        cross = slope("spot", vol=at["vol"] + h) - slope("spot", vol=at["vol"] - h)
        expected = {
            "delta": slope("spot"),
            "gamma": bent("spot"),
            "vega": slope("vol"),
            "theta": -slope("years"),
            "rho": slope("rate"),
            "vanna": cross / (2 * h),
            "volga": bent("vol"),
        }
    spot, root, vol = terms["spot"], math.sqrt(terms["years"]), terms["vol"]
    scales = {
        "delta": 1.0, "gamma": 1.0 / (spot * vol * root), "vega": spot * root,
        "theta": 2.0 * spot * (vol / root + 0.1), "rho": 2.0 * spot * terms["years"],
        "vanna": (1.0 + vol * root) / vol, "volga": spot * root * (1.0 + vol * root) / vol,
    }  # fmt: skip
    for name, value in expected.items():
        assert abs(float(value) - getattr(found, name)) <= 1e-12 * scales[name], name


@given(terms=TERMS)
def test_a_price_that_is_solved_gives_its_volatility_back(terms: Terms) -> None:
    """Wherever our price carries it, which is nearly always out of the money."""
    given_vol = terms["vol"]
    rest = {name: value for name, value in terms.items() if name != "vol"}
    found = implied_vols(price=both(terms).price, is_call=BOTH, **rest)
    assert np.all(np.abs(found.vol - given_vol)[found.is_solved] < 1e-8)
    price = both(terms).price.min()
    forward = terms["spot"] * math.exp(terms["rate"] * terms["years"])
    is_far = price < 1e-250 * terms["spot"]
    is_full = vol_root(terms) > 6.0
    if not is_far and not is_full and abs(math.log(forward / terms["strike"])) > 1e-3:
        outside = 0 if forward < terms["strike"] else 1
        assert found.is_solved[outside], terms


def vol_root(terms: Terms) -> float:
    return terms["vol"] * math.sqrt(terms["years"])


@given(terms=CENTRAL)
def test_a_digital_is_the_limit_of_narrow_spreads(terms: Terms) -> None:
    """Of the 50-digit ones, a trillionth of the strike wide; and it has their delta and vega."""
    for is_call in BOTH:
        found = digital_figures(is_call=is_call, **terms)
        with mpmath.workdps(50):
            half = mpmath.mpf(terms["strike"]) * mpmath.mpf(10) ** -12
            low, high = (
                exact_greeks(
                    is_call=is_call, **{**terms, "strike": mpmath.mpf(terms["strike"]) + move}
                )
                for move in (-half, half)
            )
            sign = 1 if is_call else -1
            for name in ("price", "delta", "vega"):
                limit = sign * (getattr(low, name) - getattr(high, name)) / (2 * half)
                scale = {
                    "price": 1.0,
                    "delta": 1.0 / (terms["spot"] * vol_root(terms)),
                    "vega": (1.0 + vol_root(terms)) / terms["vol"],
                }[name]
                got = getattr(found, name).item()
                assert got == pytest.approx(float(limit), abs=1e-12 * scale), name


@given(terms=TERMS)
def test_the_two_digitals_together_are_a_bond(terms: Terms) -> None:
    found = digital_figures(is_call=BOTH, **terms)
    bond = math.exp(-terms["rate"] * terms["years"])
    assert abs(found.price.sum() - bond) <= 1e-15
    assert found.delta.sum() == pytest.approx(0.0, abs=1e-15 / terms["spot"])
