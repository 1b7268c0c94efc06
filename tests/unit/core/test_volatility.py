"""Realised volatility: the reference values, and too little data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.core.bars import moves, resampled
from bot.core.errors import EstimateError
from bot.core.timerange import parse_timerange
from bot.core.units import DAY_S
from bot.core.volatility import (
    Estimator,
    annualised,
    close_variance_zero_mean,
    ewma_variances,
    realised_vol,
    yang_zhang_weight,
)
from bot.edges.price_files import read_bars
from tests.builders.bars import close_bars, toy_bars
from tests.builders.shared_data import shared_data

TOY_VOLS = {
    "close": 0.25218145984152485,
    "parkinson": 0.42193495853789015,
    "garman_klass": 0.4681367887581256,
    "rogers_satchell": 0.47463176940452656,
    "yang_zhang": 0.4568706199132478,
}
"""Source: the project's reference values, section 7.1; four bars, 365 days."""

MAY_VOLS = {
    "close": 2.060729795471491,
    "parkinson": 2.2504383014643206,
    "garman_klass": 2.3313414404136577,
    "rogers_satchell": 2.3806212713457895,
    "yang_zhang": 2.3380692682708197,
}
"""Source: the same, section 7.2; ETH/USDT, the 30 days from 2 to 31 May 2021."""


@pytest.mark.parametrize("estimator", Estimator)
def test_the_toy_series_has_its_reference_volatility(estimator: Estimator) -> None:
    found = realised_vol(toy_bars(), estimator)
    assert found.bars == 4
    assert found.annualised == pytest.approx(TOY_VOLS[estimator], abs=1e-12)


def test_the_toy_series_without_a_mean_and_its_yang_zhang_weight() -> None:
    """Source: section 7.1."""
    variance = close_variance_zero_mean(moves(toy_bars()))
    assert annualised(variance, step_s=DAY_S) == pytest.approx(0.2865484560077112, abs=1e-12)
    assert yang_zhang_weight(4) == pytest.approx(0.1130820399113082, abs=1e-15)
    assert yang_zhang_weight(30) == pytest.approx(0.14113942170054394, abs=1e-15)


@pytest.mark.parametrize("estimator", Estimator)
def test_may_of_two_thousand_twenty_one_has_its_reference_volatility(estimator: Estimator) -> None:
    span = parse_timerange("20210501-20210601", command="calc vol")
    hours = read_bars(str(shared_data("prices/ethusdt_1h.parquet")))
    days = resampled(hours.between(span.from_s, span.until_s), DAY_S)
    found = realised_vol(days, estimator)
    assert found.bars == 30
    assert found.annualised == pytest.approx(MAY_VOLS[estimator], abs=1e-12)


def test_the_exponential_average_follows_its_recursion() -> None:
    """By hand: 0.01, then 0.94 * 0.01 + 0.06 * 0.04, then 0.94 of that + 0.06 * 0.0025."""
    found = ewma_variances(np.array([0.1, -0.2, 0.05]))
    assert found == pytest.approx([0.01, 0.0118, 0.011242], abs=1e-15)
    assert ewma_variances(np.array([])).tolist() == []
    with pytest.raises(EstimateError, match="decay 1.0"):
        ewma_variances(np.array([0.1]), decay=1.0)


def test_a_series_that_doubles_every_day_has_no_variance_but_moves_without_a_mean() -> None:
    bars = close_bars([1.0, 2.0, 4.0, 8.0])
    assert realised_vol(bars, Estimator.CLOSE).annualised == 0.0
    variance = close_variance_zero_mean(moves(bars))
    assert variance == pytest.approx(math.log(2.0) ** 2, abs=1e-15)


@pytest.mark.parametrize("estimator", Estimator)
def test_too_few_bars_are_refused_and_never_nan(estimator: Estimator) -> None:
    with pytest.raises(EstimateError, match="it needs"):
        realised_vol(close_bars([1.0]), estimator)
    with pytest.raises(EstimateError, match="it needs"):
        realised_vol(close_bars([1.0, 2.0, 3.0], places=[0, 2, 4]), estimator)


@pytest.mark.parametrize("estimator", [Estimator.CLOSE, Estimator.YANG_ZHANG])
def test_a_sample_variance_needs_two_bars(estimator: Estimator) -> None:
    with pytest.raises(EstimateError, match="it needs 2 bars and has 1"):
        realised_vol(close_bars([1.0, 2.0]), estimator)
