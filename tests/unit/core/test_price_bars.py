"""Bars tick by tick: the grid, what closes a bar, and holes that stay holes."""

from __future__ import annotations

import pytest

from bot.core.price_bars import PriceBar, with_tick

MINUTE_S = 60


def ticked(*ticks: tuple[int, float]) -> list[PriceBar]:
    """The running bar after each tick."""
    found: list[PriceBar] = []
    for time_s, price in ticks:
        before = found[-1] if found else None
        found.append(with_tick(before, time_s=time_s, price=price, bar_s=MINUTE_S))
    return found


def test_a_bar_has_the_first_highest_lowest_and_last_price_of_its_ticks() -> None:
    assert ticked((60, 5.0), (61, 7.0), (90, 4.0), (119, 6.0))[-1] == PriceBar(
        start_s=60, missing=0, open=5.0, high=7.0, low=4.0, close=6.0
    )


def test_a_tick_at_the_end_of_a_bar_opens_the_next_one() -> None:
    assert [bar.start_s for bar in ticked((0, 5.0), (59, 5.0), (60, 5.0))] == [0, 0, 60]


def test_a_bar_without_a_tick_is_counted_and_not_made() -> None:
    assert [bar.missing for bar in ticked((0, 5.0), (60, 5.0), (240, 5.0), (250, 6.0))] == [
        0, 0, 2, 2,
    ]  # fmt: skip


def test_a_tick_at_the_price_of_the_last_one_costs_nothing() -> None:
    first, second = ticked((0, 5.0), (30, 5.0))
    assert first is second


def test_a_clock_that_goes_back_is_our_bug() -> None:
    with pytest.raises(AssertionError):
        ticked((60, 5.0), (59, 5.0))
