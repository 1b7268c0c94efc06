"""Break-evens of a position's lots: against the loss itself, and an integral over prices."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import exp, pi, sqrt

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from bot.core.even_lots import even_prices, even_vol
from bot.core.position import Lot
from bot.core.units import DAY_S, YEAR_S

LOT = Lot(id="", lp_atoms=1, base_atoms=10**21, quote_atoms=2 * 10**12, block_number=0, time_s=0)
LOTS = st.lists(
    st.builds(
        lambda base, quote, day: replace(
            LOT, base_atoms=base, quote_atoms=quote, time_s=day * DAY_S
        ),
        st.integers(10**15, 10**22), st.integers(10**7, 10**13), st.integers(0, 90),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def lost(lots: list[Lot], price: Fraction) -> mpmath.mpf:
    """Impermanent loss at a price, to 60 digits: what was paid in, less what became of it."""
    with mpmath.workdps(60):
        p = mpmath.mpf(price.numerator) / price.denominator
        return mpmath.fsum(
            lot.base_atoms * p + lot.quote_atoms
            - 2 * mpmath.sqrt(mpmath.mpf(lot.base_atoms) * lot.quote_atoms * p)
            for lot in lots
        )  # fmt: skip


@given(lots=LOTS, share_bps=st.integers(0, 15_000))
def test_at_both_prices_the_loss_is_what_was_earned_and_between_them_less(
    lots: list[Lot], share_bps: int
) -> None:
    value = sum(2 * lot.quote_atoms for lot in lots)
    earned = value * share_bps // 10_000
    band = even_prices(lots, earned_atoms=earned)
    base, quote = sum(lot.base_atoms for lot in lots), sum(lot.quote_atoms for lot in lots)
    roots = sum(sqrt(lot.base_atoms) * sqrt(lot.quote_atoms) for lot in lots)
    best = Fraction(roots / base) ** 2  # where the loss is least
    if band is None:
        assert lost(lots, best) >= earned - 1e-9 * value
        return
    low, high = band
    assert low <= best * (1 + Fraction(1, 10**6))
    assert high >= best * (1 - Fraction(1, 10**6))
    for price in (low, high):
        if price:
            assert float(lost(lots, price)) == pytest.approx(earned, rel=1e-9, abs=1e-9 * value)
    if not low:
        assert quote <= earned
    assert lost(lots, (low + high) / 2) <= earned


def test_without_earnings_or_lots_there_is_no_band() -> None:
    assert even_prices((LOT,), earned_atoms=-1) is None
    assert even_prices((), earned_atoms=5) is None


def expected_loss(vol: float, years: float) -> float:
    """E[(1 - sqrt(R))^2] / 2 over a log-normal R of mean 1: the loss over the value at entry."""
    s = vol * sqrt(years)

    def weighed(z: float) -> float:
        ratio = exp(s * z - s * s / 2)
        return (1 - sqrt(ratio)) ** 2 / 2 * exp(-z * z / 2) / sqrt(2 * pi)

    found: float = quad(weighed, -12, 12, epsabs=1e-14, epsrel=1e-12)[0]
    return found


@pytest.mark.parametrize("share_bps", [3, 60, 400])
def test_the_volatility_is_that_at_which_the_integral_of_the_loss_is_what_was_earned(
    share_bps: int,
) -> None:
    """Two lots, entered forty days apart at other prices."""
    late = replace(LOT, base_atoms=3 * 10**20, quote_atoms=9 * 10**11, time_s=40 * DAY_S)
    now_s = 70 * DAY_S
    value = 2 * (LOT.quote_atoms + late.quote_atoms)
    earned = value * share_bps // 10_000

    def short(vol: float) -> float:
        return (
            sum(
                2 * lot.quote_atoms * expected_loss(vol, (now_s - lot.time_s) / YEAR_S)
                for lot in (LOT, late)
            )
            - earned
        )

    found = even_vol((LOT, late), earned_atoms=earned, time_s=now_s)
    assert found == pytest.approx(brentq(short, 1e-3, 8.0, xtol=1e-9), abs=2e-6)


def test_no_volatility_is_told_where_none_costs_so_much_or_nothing_was_earned() -> None:
    value = 2 * LOT.quote_atoms
    assert even_vol((LOT,), earned_atoms=0, time_s=DAY_S) is None
    assert even_vol((LOT,), earned_atoms=value, time_s=DAY_S) is None
    assert even_vol((LOT,), earned_atoms=5, time_s=0) is None  # no time has passed
    assert even_vol((), earned_atoms=5, time_s=DAY_S) is None
