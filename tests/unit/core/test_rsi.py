"""The relative strength index: published values, TA-Lib, still prices, and holes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import talib

from bot.core import rsi
from bot.core.price_bars import PriceBar
from tests.builders.closes import bar, bars_of_closes
from tests.builders.shared_data import shared_data

CHART_SCHOOL = (
    (44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826,
     45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
     46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672,
     43.4205, 42.6628, 43.1314),
    (70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99,
     41.46, 41.87, 45.46, 37.30, 33.08, 37.77),
)  # fmt: skip
"""Closes of QQQQ from 14 December 2009, and their 14-day RSI: the worked sheet of StockCharts'
ChartSchool on the relative strength index."""


def values(bars: list[PriceBar], length: int = 14) -> list[float | None]:
    """The index after each bar."""
    state, found = rsi.START, []
    for each in bars:
        state = rsi.step(state, each, length=length)
        found.append(rsi.rsi(state, length=length))
    return found


def test_it_is_the_published_index_of_a_published_series() -> None:
    closes, published = CHART_SCHOOL
    found = values(bars_of_closes(closes))
    assert found[:14] == [None] * 14
    assert [round(value, 2) for value in found[14:] if value is not None] == list(published)


def test_it_is_that_of_ta_lib() -> None:
    closes = 2_000.0 * np.exp(np.cumsum(np.random.default_rng(5).normal(0.0, 0.01, 2_000)))
    found = np.array(values(bars_of_closes(closes.tolist())), dtype=np.float64)
    np.testing.assert_allclose(found, talib.RSI(closes, 14), rtol=1e-12)


def test_on_years_of_real_hours_it_is_the_exponential_average_of_pandas() -> None:
    """Seeded otherwise, which a thousand bars forget: (13/14)^1000 is 1e-32."""
    closes = pd.read_parquet(shared_data("prices/ethusdt_1h.parquet"))["close"]
    moves = closes.diff().fillna(0.0)
    up, down = (
        side.clip(lower=0.0).ewm(alpha=1 / 14, adjust=False).mean() for side in (moves, -moves)
    )
    found = values(bars_of_closes(closes.tolist()))
    np.testing.assert_allclose(found[1_000:], (100.0 * up / (up + down))[1_000:], rtol=1e-9)


def test_only_rises_give_a_hundred_and_only_falls_nought() -> None:
    assert values(bars_of_closes(range(1, 6)), length=3)[-1] == 100.0
    assert values(bars_of_closes(range(9, 1, -1)), length=3)[-1] == 0.0


def test_a_price_that_stands_still_is_in_the_middle() -> None:
    """TA-Lib says 0, which a rule would read as sold out."""
    assert values(bars_of_closes([7.0] * 6), length=3)[-1] == 50.0


def test_the_move_across_missing_bars_is_one_move() -> None:
    whole = values(bars_of_closes([10, 11, 10.5, 12, 11.5]), length=3)
    torn = [bar(10), bar(11), bar(10.5), bar(12, missing=2), bar(11.5)]
    assert values(torn, length=3) == whole


def test_a_hole_as_long_as_its_memory_starts_it_anew() -> None:
    torn = [bar(10), bar(11), bar(10.5), bar(12), bar(50, missing=3), bar(51), bar(52), bar(51.5)]
    found = values(torn, length=3)
    assert found[3] is not None
    assert found[4:7] == [None] * 3
    assert found[7] == values(torn[4:], length=3)[3]
