"""Ticks and range amounts: exact rationals, and real swaps of a mainnet pool."""

from __future__ import annotations

import csv
import gzip
import json
from fractions import Fraction
from functools import cache
from math import isqrt
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import AmmRefusal
from bot.core.ticks import (
    FACTORS,
    SQRT_RATIO_MAX,
    SQRT_RATIO_MIN,
    TICK_MAX,
    TICK_MIN,
    UNIT,
    liquidity_for_amounts_down,
    price_of_sqrt_ratio,
    range_amounts_down,
    range_amounts_up,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from tests.builders.shared_data import shared_data

POOL_FILE = (
    Path(__file__).resolve().parents[3]
    / "node_modules/@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"
)
ticks = st.integers(TICK_MIN, TICK_MAX)
sqrt_ratios = st.integers(SQRT_RATIO_MIN.bit_length(), SQRT_RATIO_MAX.bit_length() - 1).flatmap(
    lambda bits: st.integers(max(SQRT_RATIO_MIN, 2 ** (bits - 1)), 2**bits)
)


def test_the_factors_are_those_in_the_pools_bytecode() -> None:
    """Source: the published UniswapV3Pool, whose code carries all but the first as PUSH16."""
    code = json.loads(POOL_FILE.read_text())["bytecode"]
    assert all(f"{factor:x}" in code for factor in FACTORS)


def test_the_end_ticks_have_the_pools_own_limits() -> None:
    """Source: TickMath MIN_SQRT_RATIO and MAX_SQRT_RATIO."""
    assert sqrt_ratio_at_tick(TICK_MIN) == SQRT_RATIO_MIN == 4295128739
    assert (
        sqrt_ratio_at_tick(TICK_MAX)
        == SQRT_RATIO_MAX
        == 1461446703485210103287273052203988822378723970342
    )
    assert tick_at_sqrt_ratio(SQRT_RATIO_MIN) == TICK_MIN
    assert tick_at_sqrt_ratio(SQRT_RATIO_MAX - 1) == TICK_MAX - 1


@given(tick=ticks)
def test_a_ticks_price_is_that_power_of_1_0001(tick: int) -> None:
    """Oracle: the root of the power in 400-bit integers, to 18 digits or one int."""
    bits = 400
    exact = isqrt((10_001 << 2 * bits) // 10_000)
    power, base, rest = 1 << bits, exact, abs(tick)
    while rest:
        power = power * base >> bits if rest & 1 else power
        base, rest = base * base >> bits, rest >> 1
    wanted = Fraction(power, 1 << bits) if tick >= 0 else Fraction(1 << bits, power)
    found = Fraction(sqrt_ratio_at_tick(tick), UNIT)
    assert abs(found - wanted) <= wanted / 10**18 + Fraction(1, UNIT)


@given(tick=st.integers(TICK_MIN + 1, TICK_MAX - 1))
def test_a_tick_begins_at_its_own_price(tick: int) -> None:
    at = sqrt_ratio_at_tick(tick)
    assert tick_at_sqrt_ratio(at) == tick
    assert tick_at_sqrt_ratio(at - 1) == tick - 1


@given(sqrt_ratio=sqrt_ratios, low=ticks, high=ticks, liquidity=st.integers(0, 2**128 - 1))
def test_amounts_are_the_fractions_rounded_for_the_pool(
    sqrt_ratio: int, low: int, high: int, liquidity: int
) -> None:
    """Oracle: Fractions of the same square-root prices; at most two roundings apart."""
    if low >= high or sqrt_ratio >= SQRT_RATIO_MAX:
        return
    bounds = {"lower_tick": low, "upper_tick": high}
    up = range_amounts_up(sqrt_ratio, **bounds, liquidity=liquidity)
    down = range_amounts_down(sqrt_ratio, **bounds, liquidity=liquidity)
    a, b = (Fraction(sqrt_ratio_at_tick(tick), UNIT) for tick in (low, high))
    c = min(max(Fraction(sqrt_ratio, UNIT), a), b)
    for taken, paid, exact in zip(
        up, down, (liquidity * (1 / c - 1 / b), liquidity * (c - a)), strict=True
    ):
        assert paid <= exact <= taken
        assert taken - paid <= 2 + Fraction(1) / c
    if c == a:
        assert up[1] == 0
    if c == b:
        assert up[0] == 0


@given(
    sqrt_ratio=sqrt_ratios, low=ticks, width=st.integers(1, 100_000),
    amounts=st.tuples(st.integers(0, 2**80), st.integers(0, 2**80)),
)  # fmt: skip
def test_amounts_buy_the_most_liquidity_that_they_pay_for(
    sqrt_ratio: int, low: int, width: int, amounts: tuple[int, int]
) -> None:
    high = min(low + width, TICK_MAX)
    if low >= high or sqrt_ratio >= SQRT_RATIO_MAX:
        return
    bounds = {"lower_tick": low, "upper_tick": high}
    try:
        liquidity = liquidity_for_amounts_down(amounts, sqrt_ratio=sqrt_ratio, **bounds)
    except AmmRefusal:
        return  # more than a pool holds
    used = range_amounts_down(sqrt_ratio, **bounds, liquidity=liquidity)
    assert used[0] <= amounts[0]
    assert used[1] <= amounts[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda: sqrt_ratio_at_tick(TICK_MAX + 1),
        lambda: sqrt_ratio_at_tick(TICK_MIN - 1),
        lambda: tick_at_sqrt_ratio(SQRT_RATIO_MIN - 1),
        lambda: tick_at_sqrt_ratio(SQRT_RATIO_MAX),
        lambda: price_of_sqrt_ratio(0, decimals0=6, decimals1=18),
        lambda: range_amounts_up(UNIT, lower_tick=5, upper_tick=5, liquidity=1),
        lambda: range_amounts_up(UNIT, lower_tick=-5, upper_tick=5, liquidity=2**128),
        lambda: range_amounts_down(UNIT, lower_tick=-5, upper_tick=5, liquidity=-1),
        lambda: liquidity_for_amounts_down((-1, 5), sqrt_ratio=UNIT, lower_tick=-5, upper_tick=5),
    ],
)
def test_what_no_pool_takes_is_refused(call: object) -> None:
    with pytest.raises(AmmRefusal):
        call()  # type: ignore[operator]


# -- a day of USDC/WETH 0.05 % on mainnet, quant reference section 2 -------------------------------


class Swap(NamedTuple):
    """One swap as its event has it; token0 is USDC (6), token1 WETH (18)."""

    block: int
    amount0: int
    amount1: int
    liquidity: int
    sqrt_ratio: int
    tick: int

    @property
    def price(self) -> Fraction:
        """USDC per WETH."""
        return 1 / price_of_sqrt_ratio(self.sqrt_ratio, decimals0=6, decimals1=18)


@cache
def events() -> tuple[tuple[str, Swap | None], ...]:
    """Every event in order: its type, and what a swap did."""
    path = shared_data("pools/univ3_eth_usdc_weth_005_2024-01-05_events.csv.gz")
    with gzip.open(path, "rt", newline="") as lines:
        return tuple(
            (
                row["tx_type"],
                Swap(
                    block=int(row["block_number"]),
                    amount0=int(row["amount0"]),
                    amount1=int(row["amount1"]),
                    liquidity=int(row["total_liquidity"]),
                    sqrt_ratio=int(row["sqrtPriceX96"]),
                    tick=int(row["current_tick"].removesuffix(".0")),
                )
                if row["tx_type"] == "SWAP"
                else None,
            )
            for row in csv.DictReader(lines)
        )


def swaps() -> list[Swap]:
    return [swap for _, swap in events() if swap is not None]


def test_the_days_first_and_last_swap_have_the_reference_prices_and_ticks() -> None:
    first, last = swaps()[0], swaps()[-1]
    assert (first.block, first.tick, first.liquidity) == (18937382, 199045, 12453647101533358277)
    assert first.sqrt_ratio == 1662995104975155420368771254341874
    assert float(first.price) == pytest.approx(2269.74582399845, abs=5.1e-12)
    assert (last.block, last.tick) == (18944480, 199047)
    assert last.sqrt_ratio == 1663132957987881128134345656405165
    assert float(last.price) == pytest.approx(2269.3695722609564, abs=5.1e-13)


def test_every_swap_of_the_day_has_the_tick_of_its_price() -> None:
    assert len(swaps()) == 6046
    assert [tick_at_sqrt_ratio(swap.sqrt_ratio) for swap in swaps()] == [s.tick for s in swaps()]


def test_the_days_prices_and_fees_are_the_reference() -> None:
    prices = [swap.price for swap in swaps()]
    assert float(min(prices)) == pytest.approx(2195.0921948, abs=5.1e-8)
    assert float(max(prices)) == pytest.approx(2285.4990588, abs=5.1e-8)
    usdc = sum(max(0, swap.amount0) for swap in swaps())
    weth = sum(max(0, swap.amount1) for swap in swaps())
    assert Fraction(usdc, 10**6) == Fraction("124709318.603849")
    assert weth / 10**18 == pytest.approx(54532.862908237315, abs=5.1e-12)
    fee = Fraction(5, 10_000)
    assert usdc * fee / 10**6 == Fraction("62354.6593019245")
    assert float(weth * fee / 10**18) == pytest.approx(27.266431454118656, abs=5.1e-15)


def test_the_days_swaps_within_a_tick_range_move_the_price_by_their_amount() -> None:
    """amount1 = L * move of sqrt(P), to 1e-9. Source: quant reference section 2, 99.957 % of 2,318.

    Eligible here, and more of them: the event before is a swap with the same liquidity. The fee
    stays out of the WETH paid in.
    """
    eligible = right = 0
    for (_, before), (_, swap) in zip(events(), events()[1:], strict=False):
        if before is None or swap is None or before.liquidity != swap.liquidity:
            continue
        eligible += 1
        paid = Fraction(swap.amount1)
        if paid > 0:
            paid *= 1 - Fraction(5, 10_000)
        moved = Fraction(swap.liquidity * (swap.sqrt_ratio - before.sqrt_ratio), UNIT)
        right += abs(paid - moved) <= abs(moved) / 10**9
    assert eligible >= 2_318
    assert right / eligible >= 0.99957
