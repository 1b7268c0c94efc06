"""Divergence of price and RSI: both kinds, their pivots, their reach and their end."""

from __future__ import annotations

from bot.core import divergence
from bot.core.divergence import DivergenceState
from tests.builders.closes import bar

REACH = 8
BOTTOMS = ((9, 50), (8, 20), (9, 40), (9.5, 45), (9, 35), (7, 30), (8, 50), (8, 50))
"""(close, RSI): pivot lows at 8 with 20 and, four bars on, at 7 with 30: bullish."""


def after(*seen: tuple[float, float], wing: int = 1) -> list[DivergenceState]:
    """The state after each (close, RSI)."""
    found = [divergence.START]
    for close, rsi in seen:
        found.append(divergence.step(found[-1], bar(close), rsi=rsi, wing=wing))
    return found[1:]


def told(*seen: tuple[float, float], reach: int = REACH, wing: int = 1) -> list[int | None]:
    """The divergence after each (close, RSI)."""
    return [divergence.divergence(state, reach=reach) for state in after(*seen, wing=wing)]


def mirrored(*seen: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    return tuple((20 - close, 100 - rsi) for close, rsi in seen)


def test_a_lower_low_on_a_higher_index_is_bullish() -> None:
    assert told(*BOTTOMS) == [None] * 7 + [1]


def test_a_higher_high_on_a_lower_index_is_bearish() -> None:
    assert told(*mirrored(*BOTTOMS)) == [None] * 7 + [-1]


def test_a_lower_low_on_a_lower_index_is_neither() -> None:
    weak = [(close, 15 if close == 7 else rsi) for close, rsi in BOTTOMS]
    assert told(*weak)[-1] == 0


def test_it_is_known_only_when_the_bars_after_the_pivot_are() -> None:
    """Bar 6 is the low; the bar after it proves it."""
    assert told(*BOTTOMS, reach=6) == [None] * 5 + [0, 1, 0]


def test_it_ends_when_the_older_pivot_is_out_of_reach() -> None:
    """The older pivot is bar 2: the last of eight bars to hold it is bar 9."""
    quiet = [(8, 50)] * 4
    assert told(*BOTTOMS, *quiet)[7:] == [1, 1, 0, 0, 0]


def test_it_ends_with_a_newer_pivot_that_agrees() -> None:
    newer = [(6.5, 10), (9, 40)]
    assert told(*BOTTOMS, *newer, reach=10)[-1] == 0


def test_of_a_flat_bottom_the_first_bar_is_the_pivot() -> None:
    lows = after((9, 50), (8, 20), (8, 21), (9, 40))[-1].lows
    assert [(pivot.at, pivot.rsi) for pivot in lows] == [(2, 20)]


def test_the_later_pivot_decides_between_both_kinds() -> None:
    """Lows at bars 2 and 6 bullish, highs at bars 4 and 8 bearish: the highs are later."""
    both = ((9, 50), (8, 20), (9, 40), (9.5, 80), (9, 35), (7, 30), (9, 50), (9.9, 70), (9, 50))
    assert told(*both)[-2:] == [1, -1]


def test_nothing_is_remembered_while_the_index_is_unknown() -> None:
    state = divergence.step(after(*BOTTOMS)[-1], bar(8), rsi=None, wing=1)
    assert state == divergence.START


def test_memory_does_not_grow_with_time() -> None:
    state = after(*((9 + n % 5, 50 + n % 7) for n in range(500)), wing=3)[-1]
    assert (len(state.recent), len(state.lows), len(state.highs)) == (7, 2, 2)
