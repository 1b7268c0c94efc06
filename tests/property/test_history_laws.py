"""Laws of whole histories over drawn ones: in columns as tick by tick, whatever is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.bars import Floats
from bot.core.beta import beta_of
from bot.core.breadth import advancing_share
from bot.core.close_history import beta_history, breadth_history, closes_of, rate_history
from bot.core.columns import column_of, quotients, rounded
from bot.core.effective_rate import index_level
from bot.core.errors import MarketDataError, ObservationsMissingError
from bot.core.guard import NOTHING_SEEN, Guard, Seen, broken, remember_block
from bot.core.guard_history import doubts
from bot.core.market_memory import CLOSES
from bot.core.market_terms import MarketTerms
from bot.core.outlook import NOTHING_REMEMBERED, Remembered, remember_tick
from bot.core.recorded import Recorded, pool_columns
from bot.core.snapshot import Block, PoolSpec, PoolState, PoolTuple, Snapshot, Token
from bot.core.twap import CUMULATIVE_MODULUS, Q112, Observation, remember, twap_atoms
from bot.core.twap_history import twaps
from tests.builders.runs import layer, rules_of

BAR_S = 60
TOKENS = {
    name: Token(address=f"0x{name}", symbol=name, decimals=decimals)
    for name, decimals in (("WETH", 18), ("USDC", 6), ("LINK", 18), ("WBTC", 8))
}


def spec_of(base: str, quote: str, *, hedged: bool = False) -> PoolSpec:
    return PoolSpec(
        name=f"{base}-{quote}", address=f"0x{base}{quote}", factory="0xf", base=TOKENS[base],
        quote=TOKENS[quote], base_is_token0=base < quote, hedged=hedged,
    )  # fmt: skip


SPECS = (
    spec_of("WETH", "USDC", hedged=True),
    spec_of("LINK", "WETH"),
    spec_of("WBTC", "USDC"),
    spec_of("WBTC", "WETH"),
)
SIDES = st.tuples(st.integers(10**3, 10**15), st.integers(10**3, 10**15))
STATES = st.one_of(SIDES, SIDES, SIDES, SIDES, st.just((0, 0)))
FEEDS = st.fixed_dictionaries(
    {}, optional={f"lend_ppm:{name}": st.integers(-(10**5), 10**6) for name in ("WETH", "USDC")}
)
ROWS = st.lists(
    st.tuples(st.sampled_from([7, 30, 60, 61, 400]), SIDES, STATES, STATES, STATES, FEEDS),
    min_size=1,
    max_size=30,
)
Row = tuple[int, *tuple[tuple[int, int], ...]]


def state_of(sides: tuple[int, int], time_s: int) -> PoolState:
    return PoolState(
        reserve0=sides[0], reserve1=sides[1], reserves_time_s=time_s, price0_cumulative=0,
        price1_cumulative=0, total_supply=10**6, lp_balance=0, k_last=0, fee_on=False,
    )  # fmt: skip


def history_of(rows: list[tuple]) -> list[Snapshot]:
    time_s, found = 10**9, []
    for number, (apart_s, *sides, feeds) in enumerate(rows):
        time_s += apart_s
        block = Block(number=number, hash=f"0x{number}", parent_hash="", time_s=time_s)
        pools = PoolTuple(state_of(each, time_s) for each in sides)
        found.append(Snapshot(chain_id=1, block=block, specs=SPECS, pools=pools, feeds=feeds))
    return found


def remembered(snapshots: list[Snapshot], terms: MarketTerms) -> Iterator[Remembered]:
    """The walk of a run, tick by tick."""
    rules = rules_of(layer("guard"), market=terms)
    rules = replace(rules, bars=replace(rules.bars, bar_s=BAR_S))
    memory, before = NOTHING_REMEMBERED, None
    for seen in snapshots:
        memory = remember_tick(memory, before, seen, rules, CLOSES)
        before = seen
        yield memory


def require_equal(found: Floats, wanted: list[float | None]) -> None:
    walked = column_of(wanted)
    same = found.view(np.int64) == walked.view(np.int64)
    assert (same | (np.isnan(found) & np.isnan(walked))).all(), (found, walked)


@given(rows=ROWS, bars=st.integers(3, 6))
def test_breadth_rate_and_beta_are_those_of_the_walk_with_pools_that_come_and_go(
    rows: list[tuple], bars: int
) -> None:
    snapshots, terms = history_of(rows), MarketTerms(beta_index="WBTC-USDC", beta_bars=bars)
    recorded = Recorded(snapshots=snapshots)
    closes = closes_of(recorded, BAR_S)
    found = {
        **breadth_history(recorded, closes),
        **rate_history(recorded, closes, SPECS[0]),
        **beta_history(recorded, closes, 0, terms),
    }
    steps = list(remembered(snapshots, terms))
    own = [step.pools["WETH-USDC"] for step in steps]
    breadths = [step.world.breadth for step in steps]
    require_equal(found["ad_line"], [each.line if each.closes else None for each in breadths])
    require_equal(found["breadth"], [advancing_share(each) for each in breadths])
    require_equal(
        found["eer_nominal"],
        [index_level(each.rate.nominal) if each.rate.closes else None for each in own],
    )
    require_equal(
        found["eer_index"],
        [None if each.rate.real is None else index_level(each.rate.real) for each in own],
    )
    require_equal(found["beta"], [beta_of(each.beta, bars=bars) for each in own])


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([0, 0, 1, 12, 12, 700]), st.integers(0, 2**140)), min_size=1
    ),
    start=st.integers(0, CUMULATIVE_MODULUS - 1),
    window_s=st.sampled_from([1, 12, 30, 1_800]),
)
def test_averages_at_once_are_those_of_the_walk_through_wraps_and_blocks_of_one_time(
    rows: list[tuple[int, int]], start: int, window_s: int
) -> None:
    times, cumulatives, walked = [], [], []
    kept: tuple[Observation, ...] = ()
    time_s, cumulative = 10**9, start
    for apart_s, price in rows:
        time_s, cumulative = time_s + apart_s, (cumulative + price * apart_s) % CUMULATIVE_MODULUS
        times.append(time_s)
        cumulatives.append(cumulative)
        seen = Observation(time_s=time_s, cumulative=cumulative)
        kept = remember(kept, seen, window_s=window_s + apart_s)
        try:
            walked.append(
                twap_atoms(
                    kept, window_start_s=time_s - window_s, window_end_s=time_s, base_decimals=18
                )
            )
        except ObservationsMissingError:
            walked.append(None)
    assert twaps(np.array(times), cumulatives, window_s=window_s, base_decimals=18) == walked


def test_an_average_over_half_a_gap_is_that_of_the_gap() -> None:
    """100 s at 5, then 100 s at 7, seen at the ends: the last 150 s are 50 at 5 and 100 at 7."""
    times = np.array([0, 100, 200])
    found = twaps(times, [0, 500 * Q112, 1_200 * Q112], window_s=150, base_decimals=2)
    assert found == [None, None, 100 * (50 * 5 + 100 * 7) // 150]


@example(values=[1.7976931348623157e308, -1e300, 0.0018925])
@given(
    values=st.lists(
        st.one_of(
            st.floats(allow_infinity=False),
            st.floats(-(10**4), 10**4),
            st.integers(-(10**9), 10**9).map(lambda whole: (whole + 0.5) / 10**6),
        )
    )
)
def test_a_column_is_rounded_as_python_rounds(values: list[float]) -> None:
    found = rounded(np.array(values, dtype=np.float64))
    wanted = [nan if isnan(value) else round(value, 6) for value in values]
    require_equal(found, wanted)


@given(parts=st.lists(st.integers(-(10**40), 10**40)), whole=st.integers(1, 10**40))
def test_whole_numbers_are_divided_as_whole_numbers(parts: list[int], whole: int) -> None:
    assert quotients(parts, whole).tolist() == [part / whole for part in parts]


@given(
    spots=st.lists(
        st.tuples(st.integers(1_900, 2_100), st.sampled_from([12, 12, 900]), st.booleans()),
        max_size=40,
    )
)
def test_the_doubts_behind_reorgs_are_those_of_the_walk(
    spots: list[tuple[int, int, bool]],
) -> None:
    guard, memory, time_s = Guard(block_age_s_max=60), NOTHING_SEEN, 0
    blocks, walked = [], []
    for spot, apart_s, is_behind_reorg in spots:
        time_s += apart_s
        blocks.append(Seen(time_s=time_s, spot_atoms=spot, depth=1_000))
        if is_behind_reorg:
            memory = broken(memory)
        memory = remember_block(memory, blocks[-1], twap_atoms=2_000, guard=guard)
        walked.append(memory.trust.doubt)
    reorgs = {place for place, row in enumerate(spots) if row[2]}
    assert doubts(blocks, [2_000] * len(blocks), guard, reorgs=reorgs) == tuple(walked)


def test_a_history_in_which_a_hedged_pool_has_no_price_is_refused_with_the_block() -> None:
    rows = [(12, (10**12, 10**12), (1, 1), (1, 1), (1, 1), {})] * 3
    rows[1] = (12, (0, 0), (1, 1), (1, 1), (1, 1), {})
    with pytest.raises(MarketDataError, match="no price at block 1"):
        pool_columns(Recorded(snapshots=history_of(rows)), 0, rules_of(layer("guard")))
