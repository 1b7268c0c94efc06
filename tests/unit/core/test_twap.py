"""Averages of a price over time, from cumulatives that wrap as the chain's do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bot.core.errors import AmmRefusal, EmptyPoolError, ObservationsMissingError
from bot.core.snapshot import PoolSpec, PoolState, Token
from bot.core.twap import (
    CLOCK_MODULUS,
    CUMULATIVE_MODULUS,
    Q112,
    Observation,
    cumulative_now,
    remember,
    twap_atoms,
)

HOUR_S = 3_600


def spec(*, base_is_token0: bool) -> PoolSpec:
    return PoolSpec(
        name="ETH-USD",
        address="0xa",
        factory="0xf",
        base=Token(address="0xb", symbol="ETH", decimals=18),
        quote=Token(address="0xc", symbol="USD", decimals=6),
        base_is_token0=base_is_token0,
    )


def state(reserve0: int, reserve1: int, *, time_s: int = 0, stored: int = 0) -> PoolState:
    return PoolState(
        reserve0=reserve0,
        reserve1=reserve1,
        reserves_time_s=time_s,
        price0_cumulative=stored,
        price1_cumulative=stored + 7,
        total_supply=1,
        lp_balance=0,
        k_last=0,
        fee_on=False,
    )


@pytest.mark.parametrize(("base_is_token0", "expected"), [(True, 15), (False, 7)])
def test_the_cumulative_runs_on_at_the_price_of_base_in_quote(
    *, base_is_token0: bool, expected: int
) -> None:
    now = cumulative_now(
        state(2, 3, time_s=100), spec(base_is_token0=base_is_token0), block_time_s=110
    )
    if base_is_token0:
        assert now == expected * Q112
    else:
        assert now == expected + 10 * (2 * Q112 // 3)


def test_the_clock_of_the_pair_wraps_at_32_bits() -> None:
    now = cumulative_now(
        state(1, 1, time_s=CLOCK_MODULUS - 4),
        spec(base_is_token0=True),
        block_time_s=CLOCK_MODULUS + 6,
    )
    assert now == 10 * Q112


def test_the_cumulative_wraps_at_256_bits() -> None:
    now = cumulative_now(
        state(1, 1, stored=CUMULATIVE_MODULUS - Q112), spec(base_is_token0=True), block_time_s=3
    )
    assert now == 2 * Q112


def test_an_empty_pool_has_no_cumulative() -> None:
    with pytest.raises(EmptyPoolError):
        cumulative_now(state(0, 1), spec(base_is_token0=True), block_time_s=3)


def walk(prices: list[tuple[int, Fraction]], *, until_s: int, start: int = 0) -> list[Observation]:
    """Observations at each change of price (in quote atoms per base atom) and at the end."""
    seen, cumulative = [], start
    for (time_s, price), end_s in zip(
        prices, [time_s for time_s, _ in prices[1:]] + [until_s], strict=True
    ):
        seen.append(Observation(time_s=time_s, cumulative=cumulative % CUMULATIVE_MODULUS))
        cumulative += int(price * Q112) * (end_s - time_s)
    return [*seen, Observation(time_s=until_s, cumulative=cumulative % CUMULATIVE_MODULUS)]


@pytest.mark.parametrize("start", [0, CUMULATIVE_MODULUS - 5 * Q112])
def test_the_average_weighs_each_price_by_its_time(start: int) -> None:
    """20 s at 2, 30 s at 4, 10 s at 3 quote atoms per base atom: 190/60, whole token of 10**3."""
    seen = walk(
        [(80, Fraction(2)), (120, Fraction(4)), (150, Fraction(3))], until_s=200, start=start
    )
    price = twap_atoms(seen, window_start_s=100, window_end_s=160, base_decimals=3)
    assert price == 3166


def test_one_decimal_token_or_thirty_six_differ_by_scale_alone() -> None:
    seen = walk([(0, Fraction(3, 2**40))], until_s=60)
    exact = Fraction(3, 2**40)
    for decimals in (0, 1, 18, 36):
        price = twap_atoms(seen, window_start_s=0, window_end_s=60, base_decimals=decimals)
        assert price == int(exact * 10**decimals)


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, 50), (0, 61)])
def test_a_window_that_was_not_watched_has_no_price(start_s: int, end_s: int) -> None:
    seen = walk([(0, Fraction(1))], until_s=60)
    with pytest.raises(ObservationsMissingError, match=f"TWAP from {start_s} to {end_s}"):
        twap_atoms(seen, window_start_s=start_s, window_end_s=end_s, base_decimals=0)
    with pytest.raises(ObservationsMissingError):
        twap_atoms((), window_start_s=start_s, window_end_s=end_s, base_decimals=0)


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(AmmRefusal, match="no length"):
        twap_atoms(
            walk([(0, Fraction(1))], until_s=60),
            window_start_s=5,
            window_end_s=5,
            base_decimals=0,
        )


def test_what_is_remembered_is_bounded_and_still_gives_the_whole_window() -> None:
    kept: tuple[Observation, ...] = ()
    for time_s in range(0, 10 * HOUR_S, 700):
        new = Observation(time_s=time_s, cumulative=time_s * Q112)
        kept = remember(kept, new, window_s=HOUR_S)
        assert len(kept) <= HOUR_S // 700 + 2
        if time_s >= HOUR_S:
            window = {"window_start_s": time_s - HOUR_S, "window_end_s": time_s}
            assert twap_atoms(kept, **window, base_decimals=0) == 1
    assert kept[1].time_s > new.time_s - HOUR_S >= kept[0].time_s


def test_a_block_that_replaces_another_replaces_its_observation() -> None:
    old = [Observation(time_s=time_s, cumulative=1) for time_s in (0, 10, 20)]
    new = Observation(time_s=10, cumulative=2)
    assert remember(old, new, window_s=100) == (old[0], new)
