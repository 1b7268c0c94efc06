"""Arrays of options against published values, 50 digits, QuantLib and the engine's own path."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import QuantLib

from bot.core.errors import OptionInputError
from bot.core.option_arrays import digital_figures, forward_figures, option_figures
from bot.core.options import option_greeks
from bot.core.orders import ContractKind
from tests.oracles.options import exact_greeks

MINUTE_YEARS = 1 / 525_600
SPOT = 2345.67

CORNERS = list(
    product(
        (True, False),
        (0.001, 0.1, 0.5, 0.8, 0.95, 0.999, 1.0, 1.001, 1.05, 1.25, 2.0, 10.0, 1000.0),
        (0.01, 0.06, 0.2, 0.8, 2.0, 5.0),
        (MINUTE_YEARS, 1 / 365, 7 / 365, 0.25, 1.0, 3.0),
        (0.0, 0.05, -0.02),
    )
)
IS_CALL = np.array([row[0] for row in CORNERS])
MONEYNESS, VOL, YEARS, RATE = np.array([row[1:] for row in CORNERS]).T
STRIKE = SPOT * MONEYNESS
TERMS = {"spot": SPOT, "strike": STRIKE, "vol": VOL, "years": YEARS, "rate": RATE}

HIGH, ROOT = np.maximum(SPOT, STRIKE), np.sqrt(YEARS)
STDEV = VOL * ROOT
SCALES = {
    "price": HIGH,
    "delta": 1.0,
    "gamma": 1.0 / (SPOT * STDEV),
    "vega": SPOT * ROOT,
    "theta": HIGH * (VOL / ROOT + np.abs(RATE)),
    "rho": STRIKE * YEARS,
    "vanna": (1.0 + STDEV) / VOL,
    "volga": SPOT * ROOT * (1.0 + STDEV) / VOL,
}
"""The natural scale of each figure, as docs/maths.md section 3.4 has them."""


def exact_corners() -> list[dict[str, float]]:
    return [
        exact_greeks(
            is_call=bool(is_call), spot=SPOT, strike=strike, vol=vol, years=years, rate=rate
        )._asdict()
        for is_call, strike, vol, years, rate in zip(
            IS_CALL.tolist(), STRIKE.tolist(), VOL.tolist(), YEARS.tolist(), RATE.tolist(),
            strict=True,
        )
    ]  # fmt: skip


def errors_of(found: np.ndarray, exact: list[dict[str, float]], name: str) -> np.ndarray:
    """Found less exact, the difference taken with 50 digits."""
    pairs = zip(found.tolist(), exact, strict=True)
    return np.array([float(got - row[name]) for got, row in pairs])


def test_every_figure_is_within_its_stated_error_bound_of_fifty_digits() -> None:
    """The bound of docs/maths.md 3.4, deep wings, one minute and 1 % to 500 % included."""
    exact = exact_corners()
    found = option_figures(is_call=IS_CALL, **TERMS)
    for name, scale in SCALES.items():
        worst = np.max(np.abs(errors_of(getattr(found, name), exact, name)) / scale)
        assert worst <= 1e-15, (name, worst)
    digitals = digital_figures(is_call=IS_CALL, **TERMS)
    assert np.max(np.abs(errors_of(digitals.price, exact, "digital"))) <= 1e-15


def test_prices_out_of_the_money_keep_their_relative_accuracy_down_to_nothing() -> None:
    """The second bound of docs/maths.md 3.4: two tails taken from each other leave no noise."""
    found = option_figures(is_call=IS_CALL, **TERMS).price.tolist()
    is_outside = ((SPOT * np.exp(RATE * YEARS) <= STRIKE) == IS_CALL).tolist()
    rows = zip(found, exact_corners(), is_outside, strict=True)
    worst = [abs(got / row["price"] - 1) for got, row, out in rows if out and row["price"] > 1e-270]
    assert len(worst) > 500
    assert max(worst) < 1e-10


def test_the_engines_own_path_and_the_arrays_agree_to_a_few_last_bits() -> None:
    """One option at a time without arrays, and arrays: 1e-15 of the natural scale."""
    found = option_figures(is_call=IS_CALL, **TERMS)
    for i, (is_call, _, vol, years, rate) in enumerate(CORNERS):
        kind = ContractKind.CALL if is_call else ContractKind.PUT
        strike = STRIKE[i].item()
        one = option_greeks(kind=kind, spot=SPOT, strike=strike, vol=vol, years=years, rate=rate)
        for name in ("price", "delta", "gamma", "vega", "theta", "rho"):
            scale = np.broadcast_to(SCALES[name], IS_CALL.shape)[i]
            difference = getattr(found, name)[i] - getattr(one, name)
            assert abs(difference) <= 1e-15 * scale, (name, CORNERS[i])


def test_prices_on_a_forward_equal_quantlibs_black_formula() -> None:
    """Source: QuantLib blackFormula with its discount."""
    found = forward_figures(
        is_call=IS_CALL, forward=SPOT, strike=STRIKE, vol=VOL, years=YEARS, rate=RATE
    )
    kinds = {True: QuantLib.Option.Call, False: QuantLib.Option.Put}
    for i, is_call in enumerate(IS_CALL.tolist()):
        discount = math.exp(-RATE[i] * YEARS[i])
        theirs = QuantLib.blackFormula(kinds[is_call], STRIKE[i], SPOT, STDEV[i], discount)
        assert found.price[i] == pytest.approx(theirs, abs=1e-12 * HIGH[i])


def test_greeks_equal_quantlibs_calculator() -> None:
    """Source: QuantLib BlackCalculator, whose cancelling vanna and volga are not compared."""
    found = option_figures(is_call=IS_CALL, **TERMS)
    for i, is_call in enumerate(IS_CALL.tolist()):
        payoff = QuantLib.PlainVanillaPayoff(
            QuantLib.Option.Call if is_call else QuantLib.Option.Put, STRIKE[i].item()
        )
        growth = math.exp(RATE[i] * YEARS[i])
        theirs = QuantLib.BlackCalculator(payoff, SPOT * growth, STDEV[i].item(), 1.0 / growth)
        bound = 1e-10
        assert found.delta[i] == pytest.approx(theirs.delta(SPOT), abs=bound)
        assert found.gamma[i] * SPOT * STDEV[i] == pytest.approx(
            theirs.gamma(SPOT) * SPOT * STDEV[i], abs=bound
        )
        assert found.vega[i] == pytest.approx(theirs.vega(YEARS[i]), abs=bound * SPOT * ROOT[i])
        assert found.rho[i] == pytest.approx(theirs.rho(YEARS[i]), abs=bound * STRIKE[i] * YEARS[i])


def test_the_textbook_option_has_its_known_figures() -> None:
    """Source: S = K = 100, r = 5 %, sigma = 20 %, one year; two independent computations."""
    found = option_figures(
        is_call=[True, False], spot=100.0, strike=100.0, vol=0.2, years=1.0, rate=0.05
    )
    assert found.price == pytest.approx([10.450583572185565, 5.573526022256971], abs=1e-13)
    assert found.delta[0] == pytest.approx(0.6368306511756191, abs=1e-15)
    assert found.gamma[0] == pytest.approx(0.018762017345846895, abs=1e-16)
    assert found.vega[0] == pytest.approx(37.52403469169379, abs=1e-13)
    assert found.theta[0] == pytest.approx(-6.414027546438197, abs=1e-13)
    assert found.rho[0] == pytest.approx(53.232481545376345, abs=1e-13)


def test_black_prices_equal_the_reference_table() -> None:
    """Source: forward 2,000, 80 %, 30 days, zero rates; two independent computations."""
    found = forward_figures(
        is_call=[False, False, True, True], forward=2000.0, strike=[1800.0, 2000.0, 2000.0, 2200.0],
        vol=0.8, years=30 / 365,
    )  # fmt: skip
    expected = [91.35590267, 182.59681564, 182.59681564, 107.96047089]
    assert found.price == pytest.approx(expected, abs=5e-9)


def test_a_forwards_rho_and_theta_leave_the_forward_where_it_is() -> None:
    """Differences of the discounted price itself, which holds the forward fixed."""
    terms = {"is_call": [True, False], "forward": 2000.0, "strike": 1900.0, "vol": 0.7}
    found = forward_figures(**terms, years=0.4, rate=0.06)
    step = 1e-5
    dearer, cheaper = (forward_figures(**terms, years=0.4, rate=0.06 + h) for h in (step, -step))
    assert found.rho == pytest.approx((dearer.price - cheaper.price) / (2 * step), rel=1e-8)
    later, sooner = (forward_figures(**terms, years=0.4 - h, rate=0.06) for h in (step, -step))
    assert found.theta == pytest.approx((later.price - sooner.price) / (2 * step), rel=1e-6)


@pytest.mark.parametrize(("vol", "years"), [(0.8, 0.0), (0.0, 0.5), (0.0, 0.0)])
def test_without_time_or_volatility_only_intrinsic_value_is_left(vol: float, years: float) -> None:
    found = option_figures(
        is_call=[False, True, True], spot=[1500.0, 1500.0, 1800.0], strike=1800.0, vol=vol,
        years=years,
    )  # fmt: skip
    assert found.price.tolist() == [300.0, 0.0, 0.0]
    assert found.delta == pytest.approx([-1.0, 0.0, 0.5], abs=1e-15)
    for name in ("gamma", "vega", "theta", "vanna", "volga"):
        assert np.all(getattr(found, name) == 0.0)


def test_no_input_that_is_taken_gives_nan_or_infinity() -> None:
    """The ends of every range, in all combinations."""
    prices, sizes = (1e-50, 1e-5, 1.0, 1e5, 1e50), (0.0, 1e-300, 1e-50, 1e-5, 1.0, 30.0, 1e50)
    rows = np.array(list(product(prices, prices, sizes, sizes, (0.0, -1e50, 1e50, 0.5, -0.5))))
    rows = rows[np.abs(rows[:, 3] * rows[:, 4]) <= 100.0]
    spot, strike, vol, years, rate = rows.T
    for is_call in (True, False):
        found = option_figures(
            is_call=is_call, spot=spot, strike=strike, vol=vol, years=years, rate=rate
        )
        for name in SCALES:
            assert np.all(np.isfinite(getattr(found, name))), name


@pytest.mark.parametrize(
    "broken",
    [
        {"spot": [2000.0, 0.0]}, {"spot": -1.0}, {"strike": np.nan}, {"strike": np.inf},
        {"vol": [0.8, -0.1]}, {"vol": np.nan}, {"years": -1.0}, {"years": np.inf},
        {"rate": np.nan}, {"rate": 101.0}, {"rate": -1e300}, {"spot": "dear"},
        {"is_call": [1.0, -1.0]}, {"is_call": [True] * 3, "vol": [0.1] * 2},
    ],
)  # fmt: skip
def test_impossible_input_is_refused_by_name_and_never_priced(broken: dict[str, object]) -> None:
    terms = {"is_call": True, "spot": 2000.0, "strike": 1800.0, "vol": 0.8, "years": 1.0}
    with pytest.raises(OptionInputError) as refusal:
        option_figures(**(terms | {"rate": 0.0} | broken))
    named = refusal.value.operands["name"]
    assert named in broken or (named == "shape" and len(broken) > 1)


def test_an_impossible_number_is_found_wherever_it_stands_in_a_long_array() -> None:
    vol = np.full(20_001, 0.5)
    vol[20_000] = -0.25
    with pytest.raises(OptionInputError, match="vol is -0.25"):
        option_figures(is_call=True, spot=2000.0, strike=1800.0, vol=vol, years=1.0)


def test_rates_and_times_are_judged_option_by_option() -> None:
    """A rate of 150 for a week is no matter because another option lives for a year."""
    found = option_figures(
        is_call=True, spot=1.0, strike=1.0, vol=0.5, years=[1 / 52, 1.0], rate=[150.0, 0.05]
    )
    assert np.all(np.isfinite(found.price))


def test_shapes_broadcast_and_length_changes_no_figure() -> None:
    """Blocks and chunks, whole and broken, price what one option alone is priced at."""
    strike = np.linspace(500.0, 5000.0, 17_011)
    terms = {"spot": 2000.0, "vol": 0.8, "years": 0.1, "rate": 0.01}
    long = option_figures(is_call=True, strike=strike, **terms)
    for i in (0, 255, 256, 8191, 8192, 17_010):
        assert option_figures(is_call=True, strike=strike[i], **terms).price == long.price[i]
    grid = option_figures(is_call=[[True], [False]], strike=strike[::1000], **terms)
    assert grid.delta.shape == (2, 18)
    assert np.all(grid.delta[0] == long.delta[::1000])
    assert option_figures(is_call=True, strike=strike[:0], **terms).price.shape == (0,)


def test_importing_the_arrays_does_not_import_the_compiler() -> None:
    """numba takes most of a second; it comes with the first call."""
    code = (
        "import sys, bot.core.option_arrays, bot.core.implied_vol, bot.core.option_legs;"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
