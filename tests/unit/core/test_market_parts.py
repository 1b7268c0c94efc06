"""Breadth, quick ratios, gas, block time and the cost of capital: small figures, exact words."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.breadth import NO_BREADTH, Breadth, advancing_share, breadth_step
from bot.core.capital_cost import required_return, wacc
from bot.core.chain_stress import NO_GAS, GasAverage, block_age_s, gas_ratio, gas_step
from bot.core.quick_ratio import quick_ratio_book, quick_ratio_pool
from bot.core.snapshot import Block

HOUR_S = 3_600
PRICES = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 5).map(float)), min_size=4, max_size=4),
    min_size=2,
    max_size=12,
)


@given(closes=PRICES)
def test_the_line_is_the_sum_of_signs_over_every_bar_and_pool(
    closes: list[list[float | None]],
) -> None:
    """Oracle: the definition, over the whole history at once."""
    breadth, expected = NO_BREADTH, 0
    for before, now in pairwise(closes):
        breadth = breadth_step(breadth, before, now)
        moves = [b - a for a, b in zip(before, now, strict=True) if a is not None and b is not None]
        expected += sum((move > 0) - (move < 0) for move in moves)
    assert breadth.line == expected
    assert breadth.closes == len(closes) - 1


def test_breadth_is_the_share_of_those_that_moved_and_a_half_when_none_did() -> None:
    assert advancing_share(NO_BREADTH) is None
    assert advancing_share(breadth_step(NO_BREADTH, (1.0, 2.0), (1.0, 2.0))) == 0.5
    assert advancing_share(Breadth(advances=1, declines=4, closes=9)) == 0.2


def test_a_pool_is_short_of_quote_when_spot_has_fallen_below_the_average() -> None:
    """The identity: with k = x*y and P = y/x, y / sqrt(k * TWAP) is sqrt(P / TWAP)."""
    base, quote, twap = 1_000.0, 1_800_000.0, 2_000.0
    expected = quote / sqrt(base * quote * twap)
    assert quick_ratio_pool(spot_atoms=1_800, twap_atoms=2_000) == pytest.approx(expected)
    assert expected < 1


def test_a_book_that_owes_nothing_has_no_quick_ratio() -> None:
    assert (
        quick_ratio_book(
            cash_atoms=5, collateral_atoms=5, margin_atoms=0, short_atoms=0, debt_atoms=0
        )
        is None
    )
    assert quick_ratio_book(
        cash_atoms=5, collateral_atoms=5, margin_atoms=6, short_atoms=3, debt_atoms=11
    ) == 0.5  # fmt: skip


def test_gas_is_measured_against_what_was_usual_before() -> None:
    gas = NO_GAS
    for _ in range(24):
        gas = gas_step(gas, 20 * 10**9, elapsed_s=HOUR_S, half_life_s=24 * HOUR_S)
    assert gas_ratio(gas, 100 * 10**9, half_life_s=24 * HOUR_S) == pytest.approx(5.0)
    assert gas_ratio(gas, 100 * 10**9, half_life_s=24 * HOUR_S + 1) is None
    assert gas_step(gas, 1, elapsed_s=0, half_life_s=HOUR_S) == gas


def test_half_of_the_gas_average_is_of_the_last_half_life() -> None:
    gas = gas_step(NO_GAS, 10, elapsed_s=50 * HOUR_S, half_life_s=HOUR_S)
    gas = gas_step(gas, 30, elapsed_s=HOUR_S, half_life_s=HOUR_S)
    assert gas.wei / gas.weight == pytest.approx(20)


def test_a_chain_without_a_fee_has_no_ratio_to_it() -> None:
    free = GasAverage(seen_s=HOUR_S, weight=0.5, wei=0.0)
    assert gas_ratio(free, 7, half_life_s=HOUR_S) is None


def test_block_time_is_what_a_block_took_since_the_tick_before() -> None:
    before = Block(number=10, hash="a", parent_hash="", time_s=1_000)
    assert block_age_s(before, Block(number=13, hash="b", parent_hash="", time_s=1_120)) == 40.0
    assert block_age_s(None, before) is None
    assert block_age_s(before, before) is None


def test_capital_costs_what_the_market_asks_and_what_lenders_ask() -> None:
    """CAPM by hand: 4 % + 1.2 * 5 % = 10 %; half borrowed at 6 %: 8 %."""
    equity = required_return(riskless=0.04, beta=1.2, premium=0.05)
    assert equity == pytest.approx(0.10)
    both = {"borrow_base": 0.03, "borrow_quote": 0.09}
    assert wacc(equity=equity, **both, debt_share_bps=5_000) == pytest.approx(0.08)
    assert wacc(equity=equity, borrow_base=None, borrow_quote=None, debt_share_bps=0) == equity
    assert wacc(equity=0.1, borrow_base=None, borrow_quote=0.1, debt_share_bps=1) is None
