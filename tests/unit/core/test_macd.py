"""MACD: TA-Lib's seeding and values, crossovers bar by bar, and holes."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import talib

from bot.core import macd
from bot.core.bar_terms import BarTerms
from bot.core.macd import MacdState
from bot.core.price_bars import PriceBar
from tests.builders.closes import SHORT, bar, bars_of_closes
from tests.builders.shared_data import shared_data

USUAL = BarTerms()
TURNS = (10, 10, 11, 12, 14, 17, 21, 18, 12, 8, 7, 9, 13, 18, 20, 23)
"""Up, down and up again."""


def states(bars: list[PriceBar], terms: BarTerms = SHORT) -> list[MacdState]:
    """The state after each bar."""
    found = [macd.START]
    for each in bars:
        found.append(macd.step(found[-1], each, terms))
    return found[1:]


def test_the_first_averages_are_plain_means_that_end_on_the_same_bar() -> None:
    """By hand, 2/4/3: fast 13.5 and slow 12.5 on bar 4, then weights 2/3 and 2/5."""
    terms = replace(SHORT, macd_signal_bars=1)
    found = [
        macd.line(state, terms) for state in states(bars_of_closes([11, 12, 13, 14, 20]), terms)
    ]
    assert found[:3] == [None] * 3
    assert found[3:] == pytest.approx([13.5 - 12.5, (13.5 + 6.5 * 2 / 3) - (12.5 + 7.5 * 2 / 5)])


def test_line_signal_and_histogram_are_those_of_ta_lib() -> None:
    closes = 2_000.0 * np.exp(np.cumsum(np.random.default_rng(6).normal(0.0, 0.01, 2_000)))
    found = states(bars_of_closes(closes.tolist()), USUAL)
    for read, wanted in zip(
        (macd.line, macd.signal, macd.histogram), talib.MACD(closes, 12, 26, 9), strict=True
    ):
        ours = np.array([read(state, USUAL) for state in found], dtype=np.float64)
        np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-12 * 2_000.0)


def test_on_years_of_real_hours_it_is_the_exponential_averages_of_pandas() -> None:
    """Seeded otherwise, which a thousand bars forget: (25/27)^1000 is 4e-34."""
    closes = pd.read_parquet(shared_data("prices/ethusdt_1h.parquet"))["close"]
    fast, slow = (closes.ewm(span=span, adjust=False).mean() for span in (12, 26))
    signals = (fast - slow).ewm(span=9, adjust=False).mean()
    found = states(bars_of_closes(closes.tolist()), USUAL)
    for read, wanted in ((macd.line, fast - slow), (macd.signal, signals)):
        ours = [read(state, USUAL) for state in found[1_000:]]
        np.testing.assert_allclose(ours, wanted[1_000:], rtol=0.0, atol=1e-9)


def test_the_first_figures_come_with_bar_slow_plus_signal_minus_one() -> None:
    found = states(bars_of_closes([5.0 + math.sin(n) for n in range(34)]), USUAL)
    assert [macd.is_warm(state, USUAL) for state in found] == [False] * 33 + [True]
    assert [macd.cross(state, USUAL) for state in found[:33]] == [None] * 33
    assert macd.histogram(found[32], USUAL) is None


def test_a_cross_is_told_on_its_bar_and_counted_from_it() -> None:
    """Oracle: the signs of the histograms, side by side."""
    found = states(bars_of_closes(TURNS))
    warm = [state for state in found if macd.is_warm(state, SHORT)]
    signs = [math.copysign(1.0, macd.histogram(state, SHORT) or math.nan) for state in warm]
    assert 0.0 not in [macd.histogram(state, SHORT) for state in warm]
    turned = [0.0, *((new - old) / 2 for old, new in itertools.pairwise(signs))]
    assert [macd.cross(state, SHORT) for state in warm] == turned
    assert turned.count(1.0) == turned.count(-1.0) == 1
    last = len(turned) - 1 - max(at for at, turn in enumerate(turned) if turn)
    assert macd.bars_since_cross(warm[-1]) == last
    assert macd.bars_since_cross(warm[0]) is None


def test_line_and_signal_that_only_touch_do_not_cross() -> None:
    """All averages of a still price are that price: the histogram is nought, on no side."""
    still = states(bars_of_closes([8.0] * 9))
    assert macd.histogram(still[-1], SHORT) == 0.0
    assert [macd.cross(state, SHORT) for state in still[5:]] == [0] * 4
    moved = states(bars_of_closes([8.0] * 9 + [9.0]))[-1]
    assert (moved.side, macd.cross(moved, SHORT)) == (1, 0)


def test_missing_bars_are_passed_over() -> None:
    torn = [*bars_of_closes(TURNS[:7]), bar(TURNS[7], missing=3), *bars_of_closes(TURNS[8:])]
    assert states(torn) == states(bars_of_closes(TURNS))


def test_a_hole_as_long_as_the_slow_average_starts_it_anew() -> None:
    torn = [*bars_of_closes(TURNS[:7]), bar(TURNS[7], missing=4), *bars_of_closes(TURNS[8:])]
    assert states(torn)[-1] == states(bars_of_closes(TURNS[7:]))[-1]
