"""Volatility of closes, its place in the cone, and its own volatility: oracles, holes, bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import percentileofscore

from bot.core import range_vol, vol_window
from bot.core.bar_terms import BarTerms
from bot.core.cone import rolling_vols
from bot.core.price_bars import PriceBar
from bot.core.rolling import EMPTY, Rolling, deviation, log_grains, pushed
from bot.core.vol_window import ConeState
from bot.core.volatility import LN_TWO
from tests.builders.bars import bars_of
from tests.builders.closes import HOUR_S, SHORT, bar

HOURS_A_YEAR = 365 * 24


def walk(count: int, *, seed: int = 3) -> list[float]:
    steps = np.random.default_rng(seed).normal(0.0, 0.01, count)
    closes: list[float] = (2_000.0 * np.exp(np.cumsum(steps))).tolist()
    return closes


def states(bars: Sequence[PriceBar], terms: BarTerms = SHORT) -> list[ConeState]:
    """The state after each bar."""
    found = [vol_window.START]
    for each in bars:
        found.append(vol_window.step(found[-1], each, terms))
    return found[1:]


def test_it_is_the_close_to_close_volatility_of_the_files() -> None:
    """Oracle: numpy's deviation over sliding windows, as `calc cone` takes it."""
    closes = walk(60)
    found = [state.vol for state in states([bar(close) for close in closes])]
    wanted = rolling_vols(bars_of([(c, c, c, c) for c in closes], step_s=HOUR_S), 4)
    assert found[:4] == [None] * 4
    assert found[4:] == pytest.approx(wanted.tolist(), rel=1e-8)


def test_its_place_is_the_share_of_lower_ones_and_half_of_the_equal_ones() -> None:
    """Oracle: scipy.stats.percentileofscore(kind="mean") over the last six before each."""
    found = states([bar(close) for close in walk(60)])
    vols = [state.vol for state in found if state.vol is not None]
    places = [state.percentile for state in found[4:]]
    assert places[:3] == [None] * 3
    for at in range(3, len(vols)):
        before = vols[max(0, at - 6) : at]
        assert places[at] == pytest.approx(percentileofscore(before, vols[at], kind="mean"))


def test_equal_volatilities_stand_in_the_middle() -> None:
    assert states([bar(8.0)] * 12)[-1].percentile == 50.0


def test_a_bar_after_a_hole_gives_a_close_and_no_return() -> None:
    closes = walk(12)
    whole = states([bar(close) for close in closes])
    torn = states([bar(close) for close in closes] + [bar(9.0, missing=1)])
    assert (torn[-1].vol, torn[-1].percentile) == (whole[-1].vol, whole[-1].percentile)
    onwards = vol_window.step(torn[-1], bar(9.09), SHORT)
    fresh = pushed(whole[-1].returns, log_grains(9.09 / 9.0), length=4)
    assert onwards.vol == deviation(fresh, length=4, step_s=HOUR_S)


def test_a_hole_as_long_as_the_window_empties_it_and_leaves_the_cone() -> None:
    whole = states([bar(close) for close in walk(12)])[-1]
    after = vol_window.step(whole, bar(9.0, missing=4), SHORT)
    assert (after.vol, after.percentile, after.returns) == (None, None, EMPTY)
    assert len(after.seen) == len(after.ranked) == 6 * vol_window.DOUBLE.size


def test_volatility_of_volatility_is_the_deviation_of_its_log_changes() -> None:
    """Oracle: numpy over the volatilities of the files."""
    closes = walk(30)
    window = EMPTY
    for state in states([bar(close) for close in closes]):
        window = vol_window.step_vol_of_vol(window, state.change, SHORT)
    vols = rolling_vols(bars_of([(c, c, c, c) for c in closes], step_s=HOUR_S), 4)
    wanted = np.std(np.diff(np.log(vols))[-3:], ddof=1) * math.sqrt(HOURS_A_YEAR)
    assert vol_window.vol_of_vol(window, SHORT) == pytest.approx(wanted, rel=1e-8)


def test_a_volatility_of_nought_changes_by_nothing_that_can_be_told() -> None:
    found = states([bar(8.0)] * 8 + [bar(8.1), bar(8.0)])
    assert [state.change is None for state in found] == [True] * 9 + [False]


def test_volatility_of_volatility_of_a_steady_market_is_what_its_window_cannot_help() -> None:
    """Of normal returns, one in 168 replaced moves the volatility by 1/168 an hour: 0.56 a year."""
    terms = BarTerms(vol_of_vol_bars=4_000)
    window = EMPTY
    for state in states([bar(close) for close in walk(4_200)], terms):
        window = vol_window.step_vol_of_vol(window, state.change, terms)
    floor = math.sqrt(HOURS_A_YEAR) / 168
    assert vol_window.vol_of_vol(window, terms) == pytest.approx(floor, rel=0.05)


def test_range_volatility_is_parkinsons() -> None:
    """Oracle: the mean of squared log ranges over 4 ln 2, written out."""
    bars = [bar(100.0, high=100.0 + step) for step in (9, 1, 2, 3, 4)]
    window: Rolling = EMPTY
    for each in bars[:4]:
        assert range_vol.range_vol(window, SHORT) is None
        window = range_vol.step(window, each, SHORT)
    window = range_vol.step(window, bars[4], SHORT)
    ranges = [math.log(1.0 + step / 100.0) for step in (1, 2, 3, 4)]
    variance = sum(move**2 for move in ranges) / 4 / (4.0 * LN_TWO)
    assert range_vol.range_vol(window, SHORT) == pytest.approx(
        math.sqrt(variance * HOURS_A_YEAR), rel=1e-9
    )
    assert range_vol.step(window, bar(100.0, missing=4), SHORT).values == (0,)


def test_memory_does_not_grow_with_time() -> None:
    last = states([bar(close) for close in walk(300)])[-1]
    assert len(last.returns.values) == 4
    assert len(last.seen) == len(last.ranked) == 6 * vol_window.DOUBLE.size


def test_sums_leave_no_trace_of_what_went() -> None:
    """A jump of e^600 comes and goes; the window is what it is without."""
    window = Rolling()
    for move in (10**9, log_grains(1e260), -log_grains(1e260), 3 * 10**9, -(10**9), 10**9):
        window = pushed(window, move, length=3)
    assert window.values == (3 * 10**9, -(10**9), 10**9)
    assert (window.total, window.squares) == (3 * 10**9, 11 * 10**18)


def test_a_cone_can_be_shorter_than_its_window() -> None:
    terms = replace(SHORT, vol_window_bars=10, cone_bars=2, cone_bars_min=1)
    assert states([bar(close) for close in walk(30)], terms)[-1].percentile in {0.0, 50.0, 100.0}
