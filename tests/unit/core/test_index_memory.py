"""The average of the index over a window, by what ticks saw of it."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import ObservationsMissingError
from bot.core.index_memory import IndexSeen, average_atoms, remember


def sights(*rows: tuple[int, int]) -> tuple[IndexSeen, ...]:
    return tuple(IndexSeen(time_s=time_s, index_atoms=atoms) for time_s, atoms in rows)


def test_what_a_tick_saw_stands_until_the_next() -> None:
    """60 for 10 s, 90 for 20 s."""
    seen = sights((0, 60), (10, 90), (30, 10**9))
    assert average_atoms(seen, window_start_s=0, window_end_s=30) == 80
    assert average_atoms(seen, window_start_s=5, window_end_s=15) == 75


def test_a_window_within_one_gap_is_the_sight_before_it() -> None:
    assert average_atoms(sights((0, 61), (99, 5)), window_start_s=40, window_end_s=70) == 61


@pytest.mark.parametrize("seen", [(), sights((11, 60), (30, 60)), sights((0, 60), (29, 60))])
def test_a_window_that_was_not_seen_whole_is_waited_for(seen: tuple[IndexSeen, ...]) -> None:
    with pytest.raises(ObservationsMissingError):
        average_atoms(seen, window_start_s=10, window_end_s=30)


def test_a_block_that_replaces_others_takes_their_sights_with_it() -> None:
    kept = remember(sights((0, 1), (10, 2), (20, 3)), sights((15, 9))[0], window_s=100)
    assert kept == sights((0, 1), (10, 2), (15, 9))


@given(
    gaps=st.lists(st.integers(1, 4_000), min_size=2, max_size=40),
    values=st.lists(st.integers(0, 10**9), min_size=41, max_size=41),
    end=st.integers(0, 4_000),
)
def test_memory_never_drops_what_an_expiry_before_the_newest_tick_needs(
    gaps: list[int], values: list[int], end: int
) -> None:
    """Oracle: second by second over everything that was ever seen, in fractions."""
    window_s, time_s = 1_800, 0
    everything: list[IndexSeen] = []
    kept: tuple[IndexSeen, ...] = ()
    for gap, value in zip(gaps, values, strict=False):
        time_s += gap
        new = IndexSeen(time_s=time_s, index_atoms=value)
        everything.append(new)
        kept = remember(kept, new, window_s=window_s)
    expiry_s = max(everything[-2].time_s + 1, min(time_s, everything[-2].time_s + end))
    start_s = expiry_s - window_s
    if everything[0].time_s > start_s:
        return
    total = Fraction(0)
    for one, after in itertools.pairwise(everything):
        total += one.index_atoms * max(0, min(after.time_s, expiry_s) - max(one.time_s, start_s))
    found = average_atoms(kept, window_start_s=start_s, window_end_s=expiry_s)
    assert found == total / window_s // 1
