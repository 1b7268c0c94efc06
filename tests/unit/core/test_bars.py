"""Bars from ticks and from finer bars: the grid, the holes, and what no market can have printed."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.bars import BarBuilder, Bars, Tick, bars_from_ticks, moves, resampled
from bot.core.errors import MarketDataError
from tests.builders.bars import bars_of, close_bars
from tests.builders.shared_data import shared_data

HOUR_S = 3_600


def test_irregular_ticks_become_bars_on_the_utc_grid_and_the_silent_hour_is_missing() -> None:
    bars = bars_from_ticks(
        time_s=[3_599.5, 3_600, 5_000.25, 7_199, 14_400],
        price=[10.0, 11.0, 9.0, 12.0, 13.0],
        volume=[1.0, 0.5, 0.25, 0.0, 2.0],
        step_s=HOUR_S,
    )
    assert bars.start_s.tolist() == [0, HOUR_S, 4 * HOUR_S]
    assert bars.open.tolist() == [10.0, 11.0, 13.0]
    assert bars.high.tolist() == [10.0, 12.0, 13.0]
    assert bars.low.tolist() == [10.0, 9.0, 13.0]
    assert bars.close.tolist() == [10.0, 12.0, 13.0]
    assert bars.volume.tolist() == [1.0, 0.75, 2.0]
    assert bars.parts.tolist() == [1, 3, 1]
    assert bars.missing_start_s().tolist() == [2 * HOUR_S, 3 * HOUR_S]


def test_the_builder_gives_a_bar_out_when_a_later_one_opens_and_the_open_one_on_demand() -> None:
    builder = BarBuilder(step_s=60)
    assert builder.close() is None
    assert builder.add(Tick(time_s=1, price=10.0, volume=1.0)) is None
    assert builder.add(Tick(time_s=59.5, price=9.0, volume=1.0)) is None
    done = builder.add(Tick(time_s=200, price=8.0, volume=1.0))
    assert done is not None
    assert (done.start_s.tolist(), done.close.tolist(), done.parts.tolist()) == ([0], [9.0], [2])
    last = builder.close()
    assert last is not None
    assert last.start_s.tolist() == [180]
    with pytest.raises(MarketDataError, match="comes after the one at"):
        builder.add(Tick(time_s=199, price=8.0, volume=1.0))


def test_hours_become_days_and_a_day_with_a_hole_says_so() -> None:
    places = [hour for hour in range(48) if hour != 30]
    rows = [(100.0 + h, 101.0 + h, 99.0 + h, 100.5 + h) for h in places]
    days = resampled(bars_of(rows, step_s=HOUR_S, places=places), 24 * HOUR_S)
    assert days.open.tolist() == [100.0, 124.0]
    assert days.high.tolist() == [124.0, 148.0]
    assert days.low.tolist() == [99.0, 123.0]
    assert days.close.tolist() == [123.5, 147.5]
    assert days.parts.tolist() == [24, 23]


def test_no_return_is_taken_across_a_hole() -> None:
    seen = moves(close_bars([100.0, 110.0, 50.0, 55.0], places=[0, 1, 3, 4]))
    assert seen.close_to_close == pytest.approx([np.log(1.1), np.log(1.1)], abs=1e-15)


def test_a_range_is_half_open() -> None:
    bars = close_bars([1.0, 2.0, 3.0])
    assert bars.between(0, 2 * 86_400).close.tolist() == [1.0, 2.0]
    assert len(bars.between(5 * 86_400, 9 * 86_400)) == 0
    assert bars.between(0, 1).missing_start_s().tolist() == []
    assert len(resampled(bars.between(0, 0), 86_400)) == 0


def test_the_arrays_of_bars_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        close_bars([1.0, 2.0]).close[0] = 3.0


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ((1.0, 0.5, 2.0, 1.0), "high is below low"),
        ((1.0, 2.0, 0.0, 1.0), "a price is not a number above 0"),
        ((-1.0, 2.0, 1.0, 1.0), "a price is not a number above 0"),
        ((float("nan"), 2.0, 1.0, 1.0), "a price is not a number above 0"),
        ((1.0, float("inf"), 1.0, 1.0), "a price is not a number above 0"),
        ((1e-200, 2.0, 1e-200, 1.0), "a price is out of range"),
        ((3.0, 2.0, 1.0, 1.0), "open or close lies outside low to high"),
        ((1.5, 2.0, 1.0, 0.5), "open or close lies outside low to high"),
    ],
)
def test_what_no_market_can_have_printed_is_refused_with_its_time(
    row: tuple[float, float, float, float], problem: str
) -> None:
    with pytest.raises(MarketDataError, match=f"bar 1970-01-02T00:00:00Z: {problem}"):
        bars_of([(1.0, 1.0, 1.0, 1.0), row])


@pytest.mark.parametrize(
    ("places", "problem"),
    [([0, 1, 1], "this time is there twice"), ([0, 2, 1], "this time comes after a later one")],
)
def test_times_that_repeat_or_fall_are_refused(places: list[int], problem: str) -> None:
    with pytest.raises(MarketDataError, match=problem):
        close_bars([1.0, 2.0, 3.0], places=places)


def test_bars_off_the_grid_or_of_odd_length_are_refused() -> None:
    columns = dict.fromkeys(("open", "high", "low", "close", "volume"), np.ones(1))
    one = np.ones(1, dtype=np.int64)
    with pytest.raises(MarketDataError, match="UTC grid of 60 s"):
        Bars(step_s=60, start_s=one, parts=one, **columns)
    with pytest.raises(MarketDataError, match="does not divide the day"):
        Bars(step_s=7 * 86_400, start_s=0 * one, parts=one, **columns)
    with pytest.raises(MarketDataError, match="not as long"):
        Bars(step_s=60, start_s=0 * one, parts=one, **{**columns, "open": np.ones(2)})
    with pytest.raises(MarketDataError, match="do not make bars of 300 s"):
        resampled(close_bars([1.0, 2.0]), 300)


@pytest.mark.parametrize(
    ("tick", "problem"),
    [
        ((0.0, 0.0, 1.0), "price"),
        ((0.0, float("nan"), 1.0), "price"),
        ((0.0, 1.0, -1.0), "volume"),
        ((float("inf"), 1.0, 1.0), "time"),
    ],
)
def test_an_impossible_tick_is_refused_alone_and_in_a_batch(
    tick: tuple[float, float, float], problem: str
) -> None:
    with pytest.raises(MarketDataError, match=problem):
        BarBuilder(step_s=60).add(Tick(*tick))
    time_s, price, volume = ([value] for value in tick)
    with pytest.raises(MarketDataError, match=problem):
        bars_from_ticks(time_s=time_s, price=price, volume=volume, step_s=60)


def test_a_batch_out_of_order_is_refused() -> None:
    with pytest.raises(MarketDataError, match="the tick at 1.0 comes after the one at 2.0"):
        bars_from_ticks(time_s=[2, 1], price=[1.0, 1.0], volume=[0.0, 0.0], step_s=60)
    with pytest.raises(MarketDataError, match="one length"):
        bars_from_ticks(time_s=[2, 1], price=[1.0], volume=[0.0, 0.0], step_s=60)


def test_five_minute_bars_of_the_crash_of_march_agree_with_the_hourly_file() -> None:
    """Both are the same exchange's: prices agree hour by hour, to the cent they are quoted in."""
    from bot.edges.price_files import read_bars

    fine = resampled(read_bars(str(shared_data("crash/2020-03_eth_5m.parquet"))), HOUR_S)
    hours = read_bars(str(shared_data("prices/ethusdt_1h.parquet")))
    same = hours.between(fine.start_s[0].item(), fine.start_s[-1].item() + 1)
    assert (fine.parts == 12).all()
    for name in ("start_s", "open", "high", "low", "close"):
        assert np.array_equal(getattr(fine, name), getattr(same, name)), name
    assert fine.low.min() == 86.0
