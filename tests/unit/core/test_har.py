"""HAR forecast: the fit by independent arithmetic, its score on real days, and no look-ahead."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from bot.core.errors import EstimateError
from bot.core.har import daily_variance, fit_har, qlike, walk_forward
from bot.edges.price_files import read_bars
from tests.builders.bars import bars_of
from tests.builders.shared_data import shared_data

DAYS = np.exp(np.random.default_rng(11).standard_normal(60) * 0.5 - 7.0)


def test_the_fit_solves_the_normal_equations() -> None:
    """The same least squares in fractions, by elimination, from rows built by hand."""
    model = fit_har(DAYS, horizon=2, windows=(1, 3))
    rows, targets = [], []
    for day in range(2, len(DAYS) - 2):
        trailing = [math.log(DAYS[day]), math.log(sum(DAYS[day - 2 : day + 1]) / 3)]
        rows.append([Fraction(1), *map(Fraction, trailing)])
        targets.append(Fraction(math.log((DAYS[day + 1] + DAYS[day + 2]) / 2)))
    expected = _solved(rows, targets)
    assert model.coefficients == pytest.approx([float(value) for value in expected], rel=1e-10)
    left = [
        y - sum(b * x for b, x in zip(expected, row, strict=True))
        for row, y in zip(rows, targets, strict=True)
    ]
    errors = sum(value**2 for value in left)
    mean = sum(targets) / len(targets)
    assert model.days == len(rows) == 56
    assert model.residual_variance == pytest.approx(float(errors / 53), rel=1e-10)
    spread = sum((y - mean) ** 2 for y in targets)
    assert model.r_squared == pytest.approx(float(1 - errors / spread), rel=1e-9)
    last = [1.0, math.log(DAYS[-1]), math.log(DAYS[-3:].mean())]
    level = sum(float(b) * x for b, x in zip(expected, last, strict=True))
    wanted = math.exp(level + float(errors / 53) / 2)
    assert model.forecast(DAYS) == pytest.approx(wanted, rel=1e-10)


def test_a_daily_variance_is_the_sum_of_the_squared_returns_of_its_day() -> None:
    """The first return is from the open; across a missing hour the return is taken whole."""
    hours = [hour for hour in range(48) if hour != 30]
    closes = [100.0 * 1.01 ** ((hour % 2) + hour // 24) for hour in hours]
    opens = [99.0, *closes[:-1]]
    rows = [(o, max(o, c), min(o, c), c) for o, c in zip(opens, closes, strict=True)]
    found = daily_variance(bars_of(rows, step_s=3_600, places=hours))
    step = math.log(1.01) ** 2
    assert found.parts.tolist() == [24, 23]
    assert found.start_s.tolist() == [0, 86_400]
    first = math.log(100 / 99) ** 2 + 23 * step
    # Hours 29 and 31 close alike; hour 24 closes where hour 23 did.
    assert found.variance == pytest.approx([first, 21 * step], rel=1e-12)


def test_a_day_without_bars_is_refused() -> None:
    rows = [(1.0, 1.0, 1.0, 1.0)] * 2
    with pytest.raises(EstimateError, match="the day 1970-01-02 has no bars"):
        daily_variance(bars_of(rows, places=[0, 2]))


def test_each_days_forecast_is_that_of_a_fit_to_what_was_known_by_then() -> None:
    found = walk_forward(DAYS, first_fit_days=20, horizon=2, windows=(1, 3))
    for place in (0, 7, len(found.day) - 1):
        day = found.day[place].item()
        alone = fit_har(DAYS[: day + 1], horizon=2, windows=(1, 3)).forecast(DAYS[: day + 1])
        assert found.forecast[place] == pytest.approx(alone, rel=1e-12)
        assert found.realised[place] == pytest.approx(DAYS[day + 1 : day + 3].mean(), rel=1e-12)
        assert found.naive[place] == pytest.approx(DAYS[day - 2 : day + 1].mean(), rel=1e-12)
    assert found.day[-1] == len(DAYS) - 3
    assert len(found.day) == len(DAYS) - 2 - 2 - 21


def test_forecasts_of_real_days_beat_the_last_month_and_the_last_day() -> None:
    """ETH 2018 to 2021 from hourly returns, one day ahead, refitted daily after a year."""
    hours = read_bars(str(shared_data("prices/ethusdt_1h.parquet")))
    daily = daily_variance(hours.between(1_514_764_800, 1_640_995_200)).variance
    assert len(daily) == 1461
    model = fit_har(daily)
    score = walk_forward(daily, first_fit_days=365)
    # Measured; docs/maths.md section 5.3 states them.
    assert (round(model.r_squared, 4), round(score.r_squared, 4)) == (0.4147, 0.2624)
    assert (round(score.qlike, 4), round(score.qlike_naive, 4)) == (0.3705, 0.5248)
    last_day = qlike(score.realised, daily[score.day])
    assert score.qlike < min(score.qlike_naive, last_day)


def test_the_loss_of_a_right_forecast_is_nought_and_of_any_other_above() -> None:
    real = np.array([1.0, 2.0])
    assert qlike(real, real) == 0.0
    assert qlike(real, real * 2) == pytest.approx(0.5 - math.log(0.5) - 1, rel=1e-12)


@pytest.mark.parametrize(
    ("days", "horizon", "windows", "problem"),
    [
        (np.array([1.0, 0.0] * 30), 1, (1, 7), "not a number above 0"),
        (np.array([1.0, np.nan] * 30), 1, (1, 7), "not a number above 0"),
        (DAYS[:10], 1, (1, 7), "it needs 11 days, not 10"),
        (np.ones(60), 1, (1, 7), "too much alike"),
        (DAYS, 0, (1, 7), "ascending whole days"),
        (DAYS, 1, (7, 1), "ascending whole days"),
        (DAYS, 1, (), "ascending whole days"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    days: np.ndarray, horizon: int, windows: tuple[int, ...], problem: str
) -> None:
    with pytest.raises(EstimateError, match=problem):
        fit_har(days, horizon=horizon, windows=windows)


def test_what_cannot_be_forecast_is_refused() -> None:
    with pytest.raises(EstimateError, match="leave none to forecast"):
        walk_forward(DAYS, first_fit_days=60, windows=(1, 3))
    with pytest.raises(EstimateError, match="it needs 3 days to speak from, not 2"):
        fit_har(DAYS, windows=(1, 3)).forecast(DAYS[:2])


def _solved(rows: list[list[Fraction]], targets: list[Fraction]) -> list[Fraction]:
    size = len(rows[0])
    left = [[sum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)]
    right = [sum(row[i] * y for row, y in zip(rows, targets, strict=True)) for i in range(size)]
    for pivot in range(size):
        for below in range(size):
            if below != pivot:
                share = left[below][pivot] / left[pivot][pivot]
                left[below] = [a - share * b for a, b in zip(left[below], left[pivot], strict=True)]
                right[below] -= share * right[pivot]
    return [right[i] / left[i][i] for i in range(size)]
