"""HAR forecast of realised variance: tomorrow from the means of the last day, week and month.

Corsi (2009), fitted by ordinary least squares on logarithms, so that a forecast is above nought.
Crypto trades every day: a week has 7 days, a month 30. Nothing here sees past the day it speaks
from; `walk_forward` refits every day and keeps score. docs/maths.md section 5.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bot.core.bars import Bars, Floats, Times
from bot.core.errors import EstimateError
from bot.core.units import DAY_S

WINDOWS_DAYS = (1, 7, 30)
FIGURE = "HAR forecast"


class DailyVariance(NamedTuple):
    """Realised variance by UTC day. parts: how many returns each day has."""

    start_s: Times
    variance: Floats
    parts: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class HarModel:
    """ln(mean variance of the next `horizon` days) on the logs of trailing means.

    coefficients: the constant, then one for each window. residual_variance: of the logs, per
    degree of freedom. r_squared: the fit in sample. days: observations that it was fitted to.
    """

    windows: tuple[int, ...]
    horizon: int
    coefficients: tuple[float, ...]
    residual_variance: float
    r_squared: float
    days: int

    def forecast(self, daily: Floats) -> float:
        """Mean variance a day over the next `horizon` days, from the last days of `daily`.

        exp(x b + s^2/2): the mean of a log-normal, not its median.
        """
        row = _regressors(_checked(daily)[-max(self.windows) :], self.windows)[-1]
        level: float = np.dot(row, np.array(self.coefficients)).item()
        return math.exp(level + 0.5 * self.residual_variance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WalkForward:
    """Forecasts made day by day with what was known then, against what came.

    day: index of the day that the forecast speaks from. naive: the trailing mean of the longest
    window. qlike: mean of r/f - ln(r/f) - 1, nought at best. r_squared: 1 - squared log errors
    over those of the naive forecast; below nought where the naive one was better.
    """

    day: Times
    forecast: Floats
    naive: Floats
    realised: Floats
    qlike: float
    qlike_naive: float
    r_squared: float


def daily_variance(bars: Bars) -> DailyVariance:
    """Sum of squared log returns by UTC day; a return counts in the day of its own bar.

    The first bar's return is from its open. Across a missing bar the return is taken whole, as
    the price did move; a whole day without bars is refused.
    """
    before = np.concatenate((bars.open[:1], bars.close[:-1]))
    squares = np.log(bars.close / before) ** 2
    day = bars.start_s // DAY_S
    days, first, parts = np.unique(day, return_index=True, return_counts=True)
    if holes := (days[:-1][np.diff(days) > 1] + 1).tolist():
        missing = np.datetime64(holes[0], "D")
        raise EstimateError(figure=FIGURE, problem=f"the day {missing} has no bars")
    variance = np.add.reduceat(squares, first) if days.size else squares
    return DailyVariance(start_s=days * DAY_S, variance=variance, parts=parts.astype(np.int64))


def fit_har(daily: Floats, *, horizon: int = 1, windows: Sequence[int] = WINDOWS_DAYS) -> HarModel:
    """Fit to daily variances in order of time, each above nought."""
    known = _checked(daily)
    rows, targets = _pairs(known, horizon=horizon, windows=tuple(windows))
    return _fitted(rows, targets, horizon=horizon, windows=tuple(windows))


def walk_forward(
    daily: Floats,
    *,
    first_fit_days: int,
    horizon: int = 1,
    windows: Sequence[int] = WINDOWS_DAYS,
) -> WalkForward:
    """Refit on every day with the pairs whose outcome was known by then, and forecast.

    first_fit_days: observations that the first fit has at least.
    """
    known, spans = _checked(daily), tuple(windows)
    rows, targets = _pairs(known, horizon=horizon, windows=spans)
    scored = range(first_fit_days + horizon - 1, len(rows))
    if first_fit_days <= len(spans) + 1 or not scored:
        problem = f"{len(rows)} days leave none to forecast after {first_fit_days} to fit"
        raise EstimateError(figure=FIGURE, problem=problem)
    forecasts = np.empty(len(scored))
    for place, now in enumerate(scored):
        # The outcome of pair i is known `horizon` days after it.
        done = now - horizon + 1
        model = _fitted(rows[:done], targets[:done], horizon=horizon, windows=spans)
        level = np.dot(rows[now], np.array(model.coefficients)).item()
        forecasts[place] = math.exp(level + 0.5 * model.residual_variance)
    realised = np.exp(targets[scored.start :])
    naive = np.exp(rows[scored.start :, -1])
    missed = np.sum(np.log(realised / forecasts) ** 2)
    missed_naive = np.sum(np.log(realised / naive) ** 2)
    return WalkForward(
        day=np.arange(scored.start, scored.stop) + max(spans) - 1,
        forecast=forecasts,
        naive=naive,
        realised=realised,
        qlike=qlike(realised, forecasts),
        qlike_naive=qlike(realised, naive),
        r_squared=1.0 - (missed / missed_naive).item() if missed_naive > 0.0 else 0.0,
    )


def qlike(realised: Floats, forecast: Floats) -> float:
    """Mean of r/f - ln(r/f) - 1: the loss that a noisy measure of variance does not bias.

    Patton (2011). Above nought, unless every forecast is right.
    """
    ratio = realised / forecast
    return np.mean(ratio - np.log(ratio) - 1.0).item()


def _pairs(daily: Floats, *, horizon: int, windows: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Rows of regressors and their targets, one for each day that has both."""
    if horizon < 1 or not windows or min(windows) < 1 or list(windows) != sorted(set(windows)):
        problem = f"horizon {horizon} and windows {windows} must be ascending whole days"
        raise EstimateError(figure=FIGURE, problem=problem)
    longest = max(windows)
    if len(daily) < longest + horizon + len(windows) + 1:
        needed = longest + horizon + len(windows) + 1
        raise EstimateError(figure=FIGURE, problem=f"it needs {needed} days, not {len(daily)}")
    rows = _regressors(daily[:-horizon], windows)
    ahead = np.lib.stride_tricks.sliding_window_view(daily[longest:], horizon)
    return rows, np.log(ahead.mean(axis=1))


def _regressors(daily: Floats, windows: tuple[int, ...]) -> Floats:
    """A constant and the log of each trailing mean, from the first day that has them all."""
    longest = max(windows)
    if len(daily) < longest:
        problem = f"it needs {longest} days to speak from, not {len(daily)}"
        raise EstimateError(figure=FIGURE, problem=problem)
    columns = [np.ones(len(daily) - longest + 1)]
    for window in windows:
        view = np.lib.stride_tricks.sliding_window_view(daily[longest - window :], window)
        columns.append(np.log(view.mean(axis=1)))
    return np.column_stack(columns)


def _fitted(rows: Floats, targets: Floats, *, horizon: int, windows: tuple[int, ...]) -> HarModel:
    coefficients, _, rank, _ = np.linalg.lstsq(rows, targets, rcond=None)
    if rank < rows.shape[1]:
        problem = "the days are too much alike to tell the windows apart"
        raise EstimateError(figure=FIGURE, problem=problem)
    left = targets - rows @ coefficients
    errors = np.dot(left, left).item()
    spread = np.sum((targets - targets.mean()) ** 2).item()
    return HarModel(
        windows=windows,
        horizon=horizon,
        coefficients=tuple(coefficients.tolist()),
        residual_variance=errors / (len(targets) - rows.shape[1]),
        r_squared=1.0 - errors / spread,
        days=len(targets),
    )


def _checked(daily: Floats) -> Floats:
    known = np.asarray(daily, np.float64)
    if known.ndim != 1 or not (np.isfinite(known) & (known > 0.0)).all():
        problem = "a day's variance is not a number above 0"
        raise EstimateError(figure=FIGURE, problem=problem)
    return known
