"""Implied volatility: back to what the price was made of, or a word on why not."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import QuantLib

from bot.core.errors import OptionInputError
from bot.core.implied_vol import ImpliedStatus, implied_vols, implied_vols_forward
from bot.core.option_arrays import forward_figures, option_figures
from tests.oracles.options import exact_greeks
from tests.unit.core.test_option_arrays import CORNERS, IS_CALL, RATE, SPOT, STRIKE, VOL, YEARS

TERMS = {"is_call": IS_CALL, "spot": SPOT, "strike": STRIKE, "years": YEARS, "rate": RATE}
LAST_BIT = 2.0**-52


def exact_prices() -> tuple[np.ndarray, np.ndarray]:
    """The prices of the corners at 50 digits, rounded once, and what a last bit is worth in vol.

    A price in the money, being exercise value plus a rest, loses the bits of both.
    """
    prices, bits = [], []
    for is_call, moneyness, vol, years, rate in CORNERS:
        strike = SPOT * moneyness
        row = exact_greeks(
            is_call=is_call, spot=SPOT, strike=strike, vol=vol, years=years, rate=rate
        )
        price, vega = float(row.price), row.vega
        owed = strike * math.exp(-rate * years)
        exercise = (SPOT - owed) * (1 if is_call else -1)
        lost = LAST_BIT * (price + (SPOT + owed if exercise > 0 else 0.0))
        prices.append(price)
        bits.append(float(min(mpmath.mpf(lost) / vega, mpmath.mpf(1e9))) if price else 1e9)
    return np.array(prices), np.array(bits)


def test_every_price_that_carries_its_volatility_gives_it_back_within_1e_9() -> None:
    """Deep wings, one minute, 1 % to 500 %; prices from 50-digit arithmetic."""
    prices, bits = exact_prices()
    found = implied_vols(price=prices, **TERMS)
    clear, vague = (bits < 0.9e-9) & (prices > 1e-270), bits > 1.1e-9
    assert clear.sum() > 900
    assert np.all(found.is_solved[clear])
    assert not np.any(found.is_solved[vague])
    assert np.max(np.abs(found.vol - VOL)[found.is_solved]) < 1e-9
    assert np.all(found.vol[~found.is_solved] == 0.0)


def test_volatility_and_price_make_a_round_trip_to_1e_8_through_our_own_prices() -> None:
    prices = option_figures(vol=VOL, **TERMS).price
    found = implied_vols(price=prices, **TERMS)
    assert np.max(np.abs(found.vol - VOL)[found.is_solved]) < 1e-8


def test_volatilities_equal_quantlibs() -> None:
    """Source: QuantLib blackFormulaImpliedStdDev, where it converges to its own 1e-14."""
    strikes = [1200.0, 1800.0, 2000.0, 2300.0, 4000.0]
    prices = forward_figures(
        is_call=True, forward=2000.0, strike=strikes, vol=0.8, years=0.25
    ).price
    found = implied_vols_forward(
        price=prices, is_call=True, forward=2000.0, strike=strikes, years=0.25
    )
    for strike, price, vol in zip(strikes, prices.tolist(), found.vol.tolist(), strict=True):
        theirs = QuantLib.blackFormulaImpliedStdDev(
            QuantLib.Option.Call, strike, 2000.0, price, 1.0, 0.0, 0.5, 1e-14, 1000
        )
        assert vol == pytest.approx(theirs / 0.5, abs=1e-10)


def test_the_textbook_price_has_its_volatility() -> None:
    """Source: S = K = 100, r = 5 %, one year: 20 % is 10.450583572185565."""
    found = implied_vols(
        price=10.450583572185565, is_call=True, spot=100.0, strike=100.0, years=1.0, rate=0.05
    )
    assert found.vol == pytest.approx(0.2, abs=1e-14)


def test_a_discounted_price_on_a_forward_makes_the_round_trip() -> None:
    terms = {"is_call": [True, False], "forward": 2000.0, "strike": 2100.0, "rate": 0.07}
    prices = forward_figures(vol=[0.3, 1.4], years=0.6, **terms).price
    found = implied_vols_forward(price=prices, years=0.6, **terms)
    assert found.vol == pytest.approx([0.3, 1.4], abs=1e-12)


@pytest.mark.parametrize(
    ("price", "is_call", "years", "status"),
    [
        (199.0, True, 0.5, ImpliedStatus.BELOW_INTRINSIC),
        (-1.0, False, 0.5, ImpliedStatus.BELOW_INTRINSIC),
        (-1e50, True, 0.5, ImpliedStatus.BELOW_INTRINSIC),
        (2000.0, True, 0.5, ImpliedStatus.ABOVE_BOUND),
        (1800.0, False, 0.5, ImpliedStatus.ABOVE_BOUND),
        (1e50, False, 0.5, ImpliedStatus.ABOVE_BOUND),
        (200.0, True, 0.5, ImpliedStatus.NO_INFORMATION),
        (200.0 + 1e-9, True, 0.01, ImpliedStatus.NO_INFORMATION),
        (0.0, False, 0.5, ImpliedStatus.NO_INFORMATION),
        (250.0, True, 0.0, ImpliedStatus.NO_INFORMATION),
        (math.nextafter(2000.0, 0.0), True, 0.5, ImpliedStatus.NO_INFORMATION),
        (250.0, True, 0.5, ImpliedStatus.SOLVED),
        (1e-30, False, 0.5, ImpliedStatus.SOLVED),
    ],
)
def test_a_price_without_volatility_says_why(
    price: float, is_call: bool, years: float, status: ImpliedStatus
) -> None:
    """Spot 2,000, strike 1,800: exercise is worth 200 to the call, 0 to the put."""
    found = implied_vols(price=price, is_call=is_call, spot=2000.0, strike=1800.0, years=years)
    assert found.status == status
    assert (found.vol > 0.0) == (status is ImpliedStatus.SOLVED)


def test_one_bad_quote_spoils_no_other() -> None:
    prices = np.full(1000, 250.0)
    prices[::7] = -5.0
    found = implied_vols(price=prices, is_call=True, spot=2000.0, strike=1800.0, years=0.5)
    alone = implied_vols(price=250.0, is_call=True, spot=2000.0, strike=1800.0, years=0.5)
    assert np.all(found.vol[prices > 0.0] == alone.vol)
    assert np.all(found.status[prices < 0.0] == ImpliedStatus.BELOW_INTRINSIC)


@pytest.mark.parametrize(
    "broken", [{"price": math.nan}, {"spot": 0.0}, {"strike": -5.0}, {"years": -0.1}]
)
def test_impossible_input_is_refused_by_name(broken: dict[str, float]) -> None:
    terms = {"price": 250.0, "is_call": True, "spot": 2000.0, "strike": 1800.0, "years": 0.5}
    with pytest.raises(OptionInputError) as refusal:
        implied_vols(**(terms | broken))
    assert refusal.value.operands["name"] in broken
