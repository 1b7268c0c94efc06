"""Laws of the guard over drawn histories: safe against one block, live for all that lasts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.guard import NOTHING_SEEN, Doubt, Guard, GuardMemory, Seen, remember_block
from bot.core.guard_history import doubts

GUARDS = st.builds(
    Guard,
    is_on=st.sampled_from([True, True, True, False]),
    confirmations=st.integers(2, 5),
    median_blocks=st.sampled_from([3, 5, 7]),
    median_gap_bps_max=st.integers(1, 1_000),
    twap_gap_bps_max=st.integers(1, 1_000),
    block_age_s_max=st.integers(1, 200),
    depth_blocks=st.integers(1, 8),
    depth_drop_bps_max=st.integers(1, 10_000),
)
BLOCKS = st.tuples(
    st.sampled_from([12, 12, 12, 24, 60, 900]),  # seconds since the block before
    st.one_of(st.integers(1_900, 2_100), st.integers(0, 4_000)),  # spot
    st.sampled_from([1_000, 1_000, 990, 400, 3]),  # depth
    st.one_of(st.none(), st.integers(1_900, 2_100), st.integers(1, 4_000)),  # TWAP
)


def walked(
    blocks: list[Seen], twaps: list[int | None], guard: Guard, memory: GuardMemory = NOTHING_SEEN
) -> list[GuardMemory]:
    steps = []
    for block, twap in zip(blocks, twaps, strict=True):
        memory = remember_block(memory, block, twap_atoms=twap, guard=guard)
        steps.append(memory)
    return steps


def seen(rows: list[tuple[int, int, int, int | None]]) -> tuple[list[Seen], list[int | None]]:
    time_s, blocks = 0, []
    for apart_s, spot, depth, _ in rows:
        time_s += apart_s
        blocks.append(Seen(time_s=time_s, spot_atoms=spot, depth=depth))
    return blocks, [row[3] for row in rows]


@given(rows=st.lists(BLOCKS, max_size=60), guard=GUARDS)
def test_the_walk_and_the_whole_history_agree_on_every_block(
    rows: list[tuple[int, int, int, int | None]], guard: Guard
) -> None:
    blocks, twaps = seen(rows)
    steps = walked(blocks, twaps, guard)
    assert tuple(step.trust.doubt for step in steps) == doubts(blocks, twaps, guard)


@given(
    rows=st.lists(BLOCKS, max_size=40),
    near=st.lists(st.integers(1_980, 2_020), min_size=12, max_size=12),
    spike=st.one_of(st.integers(1, 1_900), st.integers(2_110, 10**9)),
)
def test_no_price_of_one_block_is_trusted_whatever_came_before(
    rows: list[tuple[int, int, int, int | None]], near: list[int], spike: int
) -> None:
    """Near: within 1 % of 2,000 for twelve blocks. A spike is further off than 2 % of any."""
    rows = [*rows, *((12, price, 1_000, 2_000) for price in near), (12, spike, 1_000, 2_000)]
    blocks, twaps = seen(rows)
    assert walked(blocks, twaps, Guard())[-1].trust.doubt is not None


@given(rows=st.lists(BLOCKS, max_size=60), guard=GUARDS, price=st.integers(1, 10**6))
def test_a_price_that_stays_is_trusted_after_the_blocks_that_are_remembered(
    rows: list[tuple[int, int, int, int | None]], guard: Guard, price: int
) -> None:
    """Whatever came before, and however far the average lags: no doubt is for ever."""
    wait = guard.blocks_kept + 1
    twap = 1_000
    blocks, twaps = seen([*rows, *[(12, price, 1_000, twap)] * (wait + guard.confirmations)])
    assert walked(blocks, twaps, guard)[-1].trust.doubt is None


@given(
    near=st.lists(st.integers(1_998, 2_002), min_size=12, max_size=12),
    pace=st.integers(60, 100),
    eased=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    up=st.booleans(),
)
def test_a_move_that_goes_on_or_stays_is_trusted_from_its_third_block_on(
    near: list[int], pace: int, eased: list[int], up: bool
) -> None:
    """Falls (or rises) of 6 to 10 % a block, beyond both limits at once, then rest.

    No block moves twice as fast as another, for that would be a leap.
    """
    kept = [1_000 - pace + pace * ease // 10 for ease in (0, *eased)]
    found = doubts_in_a_move(near, kept, up=up)
    assert found[0] is Doubt.OFF_MEDIAN
    assert found[2:] == [None] * len(found[2:])


@given(
    near=st.lists(st.integers(1_998, 2_002), min_size=12, max_size=12),
    pace=st.integers(25, 100),
    blocks=st.integers(1, 12),
    up=st.booleans(),
)
def test_a_steady_move_is_trusted_from_its_fifth_block_on_at_the_latest(
    near: list[int], pace: int, blocks: int, up: bool
) -> None:
    """A slower one leaves the median first and the average later: each is doubted two blocks."""
    found = doubts_in_a_move(near, [1_000 - pace] * blocks, up=up)
    assert found[0] is Doubt.OFF_MEDIAN
    assert found[4:] == [None] * len(found[4:])


def doubts_in_a_move(near: list[int], kept: list[int], *, up: bool) -> list[Doubt | None]:
    """Doubts from the first block of a move on. kept: thousandths that each block leaves."""
    spots, spot = [], 2_000 * 10**6
    for part in kept:
        spot = spot * 1_000 // part if up else spot * part // 1_000
        spots.append(spot)
    spots += [spots[-1]] * 5
    steady = [price * 10**6 for price in near]
    blocks, twaps = seen([(12, price, 1_000, 2_000 * 10**6) for price in [*steady, *spots]])
    return [step.trust.doubt for step in walked(blocks, twaps, Guard())][len(near) :]
