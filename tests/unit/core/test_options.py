"""Black-76 and Black-Scholes-Merton against published values, 50 digits and QuantLib."""

from __future__ import annotations

import math
from itertools import product

import pytest
import QuantLib

from bot.core.errors import OptionInputError
from bot.core.options import black_price, option_greeks, option_price
from bot.core.orders import ContractKind
from tests.oracles.options import exact_greeks

CALL, PUT = ContractKind.CALL, ContractKind.PUT
MINUTE_YEARS = 1 / 525_600

CORNERS = list(
    product(
        (CALL, PUT),
        (0.001, 0.1, 0.5, 0.8, 0.95, 0.999, 1.0, 1.001, 1.05, 1.25, 2.0, 10.0, 1000.0),
        (0.01, 0.06, 0.2, 0.8, 2.0, 5.0),
        (MINUTE_YEARS, 1 / 365, 7 / 365, 0.25, 1.0, 3.0),
        (0.0, 0.05, -0.02),
    )
)


def test_price_and_greeks_equal_the_textbook_example() -> None:
    """Source: S = K = 100, r = 5 %, sigma = 20 %, one year; two independent computations."""
    call = option_greeks(kind=CALL, spot=100, strike=100, vol=0.2, years=1, rate=0.05)
    put = option_price(kind=PUT, spot=100, strike=100, vol=0.2, years=1, rate=0.05)
    assert call.price == pytest.approx(10.450583572185565, abs=1e-13)
    assert put == pytest.approx(5.573526022256971, abs=1e-13)
    assert call.delta == pytest.approx(0.6368306511756191, abs=1e-15)
    assert call.gamma == pytest.approx(0.018762017345846895, abs=1e-16)
    assert call.vega == pytest.approx(37.52403469169379, abs=1e-13)
    assert call.theta == pytest.approx(-6.414027546438197, abs=1e-13)
    assert call.rho == pytest.approx(53.232481545376345, abs=1e-13)


def test_price_equals_hulls_example() -> None:
    """Source: Hull, S = 42, K = 40, r = 10 %, sigma = 20 %, half a year."""
    terms = {"spot": 42.0, "strike": 40.0, "vol": 0.2, "years": 0.5, "rate": 0.1}
    assert option_price(kind=CALL, **terms) == pytest.approx(4.7594223929, abs=5e-11)
    assert option_price(kind=PUT, **terms) == pytest.approx(0.8085993729, abs=5e-11)


@pytest.mark.parametrize(
    ("kind", "strike", "price"),
    [
        (PUT, 1800, 91.35590267),
        (PUT, 2000, 182.59681564),
        (CALL, 2000, 182.59681564),
        (CALL, 2200, 107.96047089),
    ],
)
def test_black_prices_equal_the_reference_table(
    kind: ContractKind, strike: float, price: float
) -> None:
    """Source: forward 2,000, 80 %, 30 days, zero rates; two independent computations."""
    found = black_price(kind=kind, forward=2000, strike=strike, vol=0.8, years=30 / 365)
    assert found == pytest.approx(price, abs=5e-9)


def test_every_figure_is_within_its_stated_error_bound_of_fifty_digits() -> None:
    """The bound of docs/maths.md 3.1: 1e-15 of each figure's natural scale, corners included."""
    spot = 2345.67
    for kind, moneyness, vol, years, rate in CORNERS:
        terms = {
            "spot": spot, "strike": spot * moneyness, "vol": vol, "years": years, "rate": rate,
        }  # fmt: skip
        found = option_greeks(kind=kind, **terms)
        exact = exact_greeks(is_call=kind is CALL, **terms)
        high, root = spot * max(1.0, moneyness), math.sqrt(years)
        scales = {
            "price": high,
            "delta": 1.0,
            "gamma": 1.0 / (spot * vol * root),
            "vega": spot * root,
            "theta": high * (vol / root + abs(rate)),
            "rho": spot * moneyness * years,
        }
        for name, scale in scales.items():
            error = abs(getattr(found, name) - getattr(exact, name)) / scale
            assert error <= 1e-15, (name, kind, terms)


def test_prices_equal_quantlibs_black_formula() -> None:
    """Source: QuantLib blackFormula on the forward, zero rates."""
    kinds = {CALL: QuantLib.Option.Call, PUT: QuantLib.Option.Put}
    for kind, moneyness, vol, years, _ in CORNERS:
        strike = 2000.0 * moneyness
        theirs = QuantLib.blackFormula(kinds[kind], strike, 2000.0, vol * math.sqrt(years))
        ours = black_price(kind=kind, forward=2000, strike=strike, vol=vol, years=years)
        assert ours == pytest.approx(theirs, abs=1e-12 * max(2000.0, strike))


@pytest.mark.parametrize("years_and_vol", [(0.0, 0.8), (0.5, 0.0)])
def test_without_time_or_volatility_only_intrinsic_value_is_left(
    years_and_vol: tuple[float, float],
) -> None:
    years, vol = years_and_vol
    put = option_greeks(kind=PUT, spot=1500, strike=1800, vol=vol, years=years)
    assert (put.price, put.delta, put.gamma, put.vega, put.theta) == (300.0, -1.0, 0.0, 0.0, 0.0)
    call = option_greeks(kind=CALL, spot=1500, strike=1800, vol=vol, years=years)
    assert (call.price, call.delta) == (0.0, 0.0)
    assert option_greeks(kind=CALL, spot=1800, strike=1800, vol=vol, years=years).delta == 0.5


@pytest.mark.parametrize(
    "broken",
    [
        {"spot": 0.0}, {"spot": -1.0}, {"strike": 0.0}, {"spot": math.inf}, {"strike": math.nan},
        {"vol": -0.1}, {"vol": math.nan}, {"years": -1.0}, {"years": math.inf},
        {"rate": math.nan}, {"rate": 1e6}, {"rate": -1e6},
    ],
)  # fmt: skip
def test_impossible_input_is_refused_by_name_and_never_priced(broken: dict[str, float]) -> None:
    terms = {"spot": 2000.0, "strike": 1800.0, "vol": 0.8, "years": 1.0, "rate": 0.0} | broken
    with pytest.raises(OptionInputError):
        option_price(kind=CALL, **terms)
    with pytest.raises(OptionInputError):
        option_greeks(kind=PUT, **terms)
