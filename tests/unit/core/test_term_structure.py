"""Term structure: forward variance with its sign, and volatility in between."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.core.errors import EstimateError
from bot.core.term_structure import forward_segments, forward_variances, vol_at


def test_total_variances_add_up_over_the_segments() -> None:
    years, vols = [0.1, 0.25, 1.0], [0.8, 0.7, 0.65]
    found = forward_variances(years, vols)
    total = np.cumsum(found * np.diff(years, prepend=0.0))
    assert total == pytest.approx(np.square(vols) * years, rel=1e-14)


def test_many_term_structures_are_answered_at_once() -> None:
    many = forward_variances([0.5, 1.0], [[0.6, 0.6], [0.5, 0.7]])
    assert many == pytest.approx(np.array([[0.36, 0.36], [0.25, 0.73]]), rel=1e-14)


def test_a_negative_forward_variance_is_told_as_such_and_has_no_volatility() -> None:
    first, second = forward_segments([0.25, 0.5], [0.9, 0.5])
    assert first.vol == pytest.approx(0.9, rel=1e-15)
    assert second.variance == pytest.approx((0.125 - 0.2025) / 0.25, rel=1e-13)
    assert second.vol is None
    assert second.is_calendar_arbitrage
    assert not first.is_calendar_arbitrage
    assert (second.start_years, second.end_years) == (0.25, 0.5)


def test_between_expiries_total_variance_is_linear_and_outside_volatility_is_flat() -> None:
    years, vols = [0.25, 0.5], [0.6, 0.7]
    assert vol_at(0.1, years, vols) == pytest.approx(0.6, rel=1e-15)
    assert vol_at(0.25, years, vols) == pytest.approx(0.6, rel=1e-15)
    assert vol_at(0.375, years, vols) == pytest.approx(math.sqrt((0.09 + 0.245) / 2 / 0.375))
    assert vol_at(2.0, years, vols) == pytest.approx(0.7, rel=1e-15)


@pytest.mark.parametrize(
    ("years", "vols", "problem"),
    [
        ([], [], "as many volatilities as times"),
        ([0.1, 0.2], [0.5], "as many volatilities as times"),
        ([0.2, 0.1], [0.5, 0.5], "ascend"),
        ([0.1, 0.1], [0.5, 0.5], "ascend"),
        ([0.0, 0.1], [0.5, 0.5], "ascend"),
        ([0.1, float("nan")], [0.5, 0.5], "ascend"),
        ([0.1], [-0.5], "0 or more"),
        ([0.1], [float("nan")], "0 or more"),
    ],
)
def test_what_is_no_term_structure_is_refused(
    years: list[float], vols: list[float], problem: str
) -> None:
    with pytest.raises(EstimateError, match=problem):
        forward_segments(years, vols)


def test_no_time_has_no_volatility() -> None:
    with pytest.raises(EstimateError, match="not above 0"):
        vol_at(0.0, [0.1], [0.5])
