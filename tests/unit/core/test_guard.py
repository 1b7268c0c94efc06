"""The guard's verdicts, one doubt at a time, and how each of them ends."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from bot.core.guard import (
    NO_GUARD,
    NOTHING_SEEN,
    Doubt,
    Guard,
    GuardMemory,
    Seen,
    broken,
    remember_block,
)

GUARD = Guard()
MINUTE_S = 60
STEADY = [2_000] * 12


def walked(
    spots: Iterable[int],
    *,
    guard: Guard = GUARD,
    memory: GuardMemory = NOTHING_SEEN,
    twap: int | None = None,
    twaps: Iterable[int] | None = None,
    depth: int = 10**20,
    apart_s: int = MINUTE_S,
) -> list[GuardMemory]:
    """The memory after each block. twap: by default the price itself, so that it never doubts."""
    steps = []
    spots = list(spots)
    for spot, average in zip(spots, twaps or [twap or spot for spot in spots], strict=True):
        time_s = memory.blocks[-1].time_s + apart_s if memory.blocks else 0
        seen = Seen(time_s=time_s, spot_atoms=spot, depth=depth)
        memory = remember_block(memory, seen, twap_atoms=average, guard=guard)
        steps.append(memory)
    return steps


def verdicts(steps: list[GuardMemory]) -> list[Doubt | None]:
    return [memory.trust.doubt for memory in steps]


def test_a_price_is_trusted_once_the_median_has_all_its_blocks() -> None:
    assert verdicts(walked(STEADY[:7])) == [Doubt.WARMING] * 4 + [None] * 3


def test_a_price_is_not_trusted_while_the_average_has_not_seen_its_window() -> None:
    memory = walked(STEADY)[-1]
    seen = Seen(time_s=memory.blocks[-1].time_s + 60, spot_atoms=2_000, depth=10**20)
    assert remember_block(memory, seen, twap_atoms=None, guard=GUARD).trust.doubt is Doubt.WARMING


def test_one_block_away_from_the_median_is_doubted_and_its_return_is_trusted() -> None:
    found = walked([*STEADY, 1_500, 2_000, 2_000])
    assert verdicts(found)[-3:] == [Doubt.OFF_MEDIAN, None, None]
    assert found[-3].trust.numbers == {
        "spot": "1500", "median": "2000", "limit_bps": "200", "blocks": "1", "of": "3",
    }  # fmt: skip


def test_a_move_that_stays_is_trusted_on_its_third_block() -> None:
    assert verdicts(walked([*STEADY, 1_500, 1_500, 1_500]))[-3:] == [
        Doubt.OFF_MEDIAN, Doubt.OFF_MEDIAN, None,
    ]  # fmt: skip


def test_a_fall_without_end_is_trusted_on_its_third_block_although_the_median_lags() -> None:
    """5 % a block: the median of five is always about 10 % behind."""
    prices = [int(2_000_000 * 0.95**block) for block in range(1, 8)]
    found = verdicts(walked([2_000_000] * 12 + prices))[12:]
    assert found == [Doubt.OFF_MEDIAN] * 2 + [None] * 5


def test_one_block_cannot_ride_on_a_fall_that_is_real() -> None:
    """Two blocks of 3 %, then 25 %: the third is no confirmation, and the fourth is."""
    found = verdicts(walked([*STEADY, 1_940, 1_880, 1_410, 1_410]))
    assert found[-2:] == [Doubt.OFF_MEDIAN, None]


def test_a_gap_to_the_average_is_doubted_until_it_has_lasted() -> None:
    """Block by block 1.5 %: the median is within its limit, the average is left behind."""
    found = walked([2_000] * 12 + [1_890] * 4, twap=2_000)
    assert verdicts(found)[-4:] == [Doubt.OFF_MEDIAN, Doubt.OFF_MEDIAN, None, None]
    slow = Guard(median_gap_bps_max=1_000)
    found = walked([2_000] * 12 + [1_890] * 4, twap=2_000, guard=slow)
    assert verdicts(found)[-4:] == [Doubt.OFF_TWAP, Doubt.OFF_TWAP, None, None]


def test_the_other_side_begins_anew() -> None:
    wide = Guard(median_gap_bps_max=5_000)
    found = walked([2_000] * 12 + [1_800, 1_800, 2_200, 2_200, 2_200], twap=2_000, guard=wide)
    assert verdicts(found)[-5:] == [Doubt.OFF_TWAP] * 4 + [None]


def test_after_a_pause_three_blocks_must_come() -> None:
    """A limit of 15 minutes between blocks that were a minute apart."""
    steady = walked(STEADY)[-1]
    late = walked([2_000], memory=steady, apart_s=901)[-1]
    assert late.trust.doubt is Doubt.PAUSE
    assert late.trust.numbers == {"blocks": "1", "of": "3"}
    assert verdicts(walked([2_000] * 2, memory=late)) == [Doubt.PAUSE, None]
    assert walked([2_000], memory=steady, apart_s=900)[-1].trust.doubt is None


def test_blocks_that_are_always_far_apart_are_no_pauses() -> None:
    assert verdicts(walked(STEADY, apart_s=86_400))[5:] == [None] * 7
    late = walked([2_000], memory=walked(STEADY, apart_s=3_600)[-1], apart_s=7_201)[-1]
    assert late.trust.doubt is Doubt.PAUSE


def test_after_a_reorg_three_blocks_must_come() -> None:
    undone = broken(walked(STEADY)[-1])
    assert verdicts(walked([2_000] * 3, memory=undone)) == [Doubt.REORG, Doubt.REORG, None]


def test_a_second_reorg_begins_the_wait_anew() -> None:
    undone = broken(walked(STEADY)[-1])
    again = broken(walked([2_000] * 2, memory=undone)[-1])
    assert verdicts(walked([2_000] * 3, memory=again)) == [Doubt.REORG, Doubt.REORG, None]


def test_a_pool_that_most_liquidity_left_is_doubted_for_half_the_blocks_of_its_window() -> None:
    """The limit is a half: one atom more is gone, then trusted when it is the usual depth."""
    steady = walked(STEADY, depth=1_000)[-1]
    assert walked([2_000], memory=steady, depth=500)[-1].trust.doubt is None
    thin = walked([2_000] * 13, memory=steady, depth=499)
    assert verdicts(thin) == [Doubt.THIN] * 12 + [None]
    assert thin[0].trust.numbers == {"gone_bps": "5010", "limit_bps": "5000"}


def test_liquidity_that_comes_for_one_block_and_goes_again_shuts_nobody_out() -> None:
    """Else somebody with borrowed tokens could keep every layer waiting for as long as he likes."""
    flooded = walked([2_000], memory=walked(STEADY, depth=1_000)[-1], depth=10**6)[-1]
    assert flooded.trust.doubt is None
    assert walked([2_000], memory=flooded, depth=1_000)[-1].trust.doubt is None


def test_liquidity_that_comes_is_no_reason_to_doubt() -> None:
    assert walked([2_000], memory=walked(STEADY, depth=10)[-1], depth=10**9)[-1].trust.doubt is None


def test_without_a_guard_nothing_is_remembered_and_everything_trusted() -> None:
    assert walked([2_000, 1, 10**9], guard=NO_GUARD)[-1] == NOTHING_SEEN
    assert broken(NOTHING_SEEN) == NOTHING_SEEN
    assert NO_GUARD.blocks_needed == 1


@pytest.mark.parametrize("guard", [GUARD, Guard(depth_blocks=1), Guard(confirmations=20)])
def test_memory_is_bounded(guard: Guard) -> None:
    assert len(walked([2_000] * 300, guard=guard)[-1].blocks) == guard.blocks_kept


def test_a_price_of_nothing_has_no_median_that_it_could_be_near() -> None:
    found = walked([0] * 12 + [5])[-1]
    assert found.trust.doubt is Doubt.OFF_MEDIAN
