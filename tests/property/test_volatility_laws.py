"""Laws of bars and of realised volatility over drawn ticks and drawn markets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.bars import BarBuilder, Bars, Tick, bars_from_ticks, resampled
from bot.core.cone import rolling_vols
from bot.core.har import walk_forward
from bot.core.volatility import Estimator, ewma_variances, realised_vol
from tests.builders.bars import bars_of
from tests.oracles.volatility import exact_vol

COLUMNS = ("start_s", "open", "high", "low", "close", "volume", "parts")
Row = tuple[float, float, float, float]

prices = st.floats(1e-6, 1e6)
rows_of_bars = st.lists(
    st.tuples(prices, prices, st.floats(0.0, 1.0), st.floats(0.0, 1.0)).map(
        lambda drawn: (
            drawn[0],
            max(drawn[:2]) * (1.0 + drawn[2]),
            min(drawn[:2]) * (1.0 - 0.9 * drawn[3]),
            drawn[1],
        )
    ),
    min_size=4,
    max_size=12,
)
ticks = st.lists(
    st.tuples(st.floats(0.0, 900.0), prices, st.floats(0.0, 1e9)).map(lambda each: Tick(*each)),
    min_size=1,
    max_size=60,
)


def same_bits(left: Bars, right: Bars) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in COLUMNS)


def in_batch(trades: list[Tick], step_s: int) -> Bars:
    time_s, price, volume = zip(*trades, strict=True)
    return bars_from_ticks(time_s=time_s, price=price, volume=volume, step_s=step_s)


@given(ticks, st.sampled_from((1, 60, 3600)))
def test_bars_tick_by_tick_are_those_of_the_batch_to_the_bit(
    drawn: list[Tick], step_s: int
) -> None:
    trades = sorted(drawn, key=lambda tick: tick.time_s)
    builder = BarBuilder(step_s=step_s)
    one_by_one = [bar for tick in trades if (bar := builder.add(tick)) is not None]
    last = builder.close()
    assert last is not None
    batch = in_batch(trades, step_s)
    for name in COLUMNS:
        built = np.concatenate([getattr(bar, name) for bar in (*one_by_one, last)])
        assert np.array_equal(built, getattr(batch, name)), name


@given(ticks)
def test_minutes_made_of_seconds_are_minutes_made_of_ticks(drawn: list[Tick]) -> None:
    """Volumes may differ in the last bits, as they are added in another order."""
    trades = sorted(drawn, key=lambda tick: tick.time_s)
    fine, coarse = in_batch(trades, 1), in_batch(trades, 60)
    made = resampled(fine, 60)
    for name in ("start_s", "open", "high", "low", "close"):
        assert np.array_equal(getattr(made, name), getattr(coarse, name)), name
    assert made.volume == pytest.approx(coarse.volume, rel=1e-12)
    assert same_bits(resampled(made, 60), made)


@given(rows_of_bars, st.sampled_from(Estimator))
def test_every_estimator_is_what_the_textbook_says_with_fifty_digits(
    rows: list[Row], estimator: Estimator
) -> None:
    found = realised_vol(bars_of(rows), estimator)
    assert found.bars == len(rows) - 1
    assert found.annualised == pytest.approx(float(exact_vol(estimator, rows)), rel=1e-9, abs=1e-7)


@given(rows_of_bars, st.sampled_from(Estimator), st.floats(1e-3, 1e3))
def test_the_scale_of_the_price_does_not_matter(
    rows: list[Row], estimator: Estimator, scale: float
) -> None:
    scaled = [tuple(price * scale for price in row) for row in rows]
    there = realised_vol(bars_of(rows), estimator).annualised
    assert realised_vol(bars_of(scaled), estimator).annualised == pytest.approx(
        there, rel=1e-6, abs=1e-6
    )


@given(rows_of_bars, st.sampled_from(Estimator))
def test_squaring_every_price_doubles_the_volatility(rows: list[Row], estimator: Estimator) -> None:
    squared = [tuple(price * price for price in row) for row in rows]
    there = realised_vol(bars_of(rows), estimator).annualised
    assert realised_vol(bars_of(squared), estimator).annualised == pytest.approx(
        2.0 * there, rel=1e-6, abs=1e-6
    )


@given(rows_of_bars, st.sampled_from(Estimator))
def test_shorter_bars_of_the_same_moves_annualise_by_the_root_of_time(
    rows: list[Row], estimator: Estimator
) -> None:
    days = realised_vol(bars_of(rows), estimator).annualised
    hours = realised_vol(bars_of(rows, step_s=3_600), estimator).annualised
    assert hours == pytest.approx(math.sqrt(24) * days, rel=1e-12)


@pytest.mark.parametrize("estimator", Estimator)
def test_a_simulated_market_of_known_volatility_is_measured_right(estimator: Estimator) -> None:
    """800 days of 1,440 log-normal steps at 80 %: the range falls short between the steps, by
    0.5826 sigma sqrt(dt) at either end (Broadie, Glasserman and Kou, 1997), about 3 % here."""
    rng = np.random.default_rng(3)
    steps = rng.standard_normal((800, 1440)) * 0.8 / math.sqrt(365 * 1440)
    paths = np.exp(np.cumsum(steps.ravel())).reshape(800, 1440)
    opens = np.concatenate(([1.0], paths[:-1, -1]))
    highs, lows = np.maximum(paths.max(axis=1), opens), np.minimum(paths.min(axis=1), opens)
    rows = list(zip(opens, highs, lows, paths[:, -1], strict=True))
    assert realised_vol(bars_of(rows), estimator).annualised == pytest.approx(0.8, rel=0.05)


@given(
    st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=30),
    st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=5),
)
def test_the_exponential_average_of_today_does_not_know_tomorrow(
    returns: list[float], tomorrow: list[float]
) -> None:
    alone = ewma_variances(np.array(returns))
    later = ewma_variances(np.array(returns + tomorrow))
    assert np.array_equal(later[: len(returns)], alone)


@given(
    st.lists(st.floats(1e-5, 1e-2), min_size=30, max_size=50, unique=True),
    st.lists(st.floats(1e-5, 1e-2), min_size=30, max_size=50, unique=True),
    st.integers(1, 3),
    st.integers(22, 30),
)
def test_a_forecast_does_not_change_when_the_future_is_changed(
    days: list[float], others: list[float], horizon: int, cut: int
) -> None:
    """Every forecast that speaks from before the cut keeps its bits, whatever follows."""
    changed = days[:cut] + others
    first, second = (
        walk_forward(np.array(each), first_fit_days=12, horizon=horizon, windows=(1, 4))
        for each in (days, changed)
    )
    kept = int((first.day < cut).sum())
    assert kept > 0
    assert np.array_equal(first.day[:kept], second.day[:kept])
    assert np.array_equal(first.forecast[:kept], second.forecast[:kept])


@given(rows_of_bars, st.integers(2, 3))
def test_each_window_of_the_cone_is_the_estimator_on_its_own_bars(
    rows: list[Row], horizon: int
) -> None:
    bars = bars_of(rows)
    day_s = bars.step_s
    alone = [
        realised_vol(bars.between(at * day_s, (at + horizon + 1) * day_s), Estimator.CLOSE)
        for at in range(len(rows) - horizon)
    ]
    expected = [each.annualised for each in alone]
    assert rolling_vols(bars, horizon) == pytest.approx(expected, rel=1e-9, abs=1e-7)
