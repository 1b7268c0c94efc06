"""The volatility cone: the reference table, holes, and what has no cone."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from bot.core.bars import resampled
from bot.core.cone import cone, overlap_factor, rolling_vols
from bot.core.errors import EstimateError
from bot.core.timerange import parse_timerange
from bot.core.units import DAY_S
from bot.edges.price_files import read_bars
from tests.builders.bars import close_bars
from tests.builders.shared_data import shared_data

ETH_CONE = {
    7: (0.0689, 0.5709, 0.8133, 1.0886, 4.8249, 1.004827),
    14: (0.2347, 0.6689, 0.8475, 1.1097, 3.5826, 1.009731),
    30: (0.4386, 0.7209, 0.8915, 1.0562, 2.5845, 1.021246),
    90: (0.6221, 0.8046, 0.9067, 1.1090, 1.6722, 1.068563),
}
"""Source: the project's reference values, section 7.3: ETH daily, 2018 to 2021, 1461 returns."""


def test_four_years_of_ether_have_their_reference_cone() -> None:
    span = parse_timerange("20171231-20220101", command="calc cone")
    hours = read_bars(str(shared_data("prices/ethusdt_1h.parquet")))
    days = resampled(hours.between(span.from_s, span.until_s), DAY_S)
    for row in cone(days, list(ETH_CONE)):
        *percentiles, factor = ETH_CONE[row.horizon]
        found = (row.min, row.p25, row.p50, row.p75, row.max)
        assert [round(value, 4) for value in found] == percentiles
        assert round(row.overlap_factor, 6) == factor
        assert row.windows == 1461 - row.horizon + 1


def test_each_window_is_the_sample_deviation_of_its_returns() -> None:
    closes = [100.0, 103.0, 99.0, 104.0, 110.0]
    returns = [math.log(b / a) for a, b in pairwise(closes)]
    expected = [np.std(returns[i : i + 3], ddof=1) * math.sqrt(365) for i in range(2)]
    assert rolling_vols(close_bars(closes), 3) == pytest.approx(expected, rel=1e-13)


def test_a_window_never_reaches_across_a_hole() -> None:
    whole = rolling_vols(close_bars([1.0, 2.0, 3.0, 1.0, 4.0, 5.0]), 2)
    holed = rolling_vols(close_bars([1.0, 2.0, 3.0, 1.0, 4.0, 5.0], places=[0, 1, 2, 4, 5, 6]), 2)
    assert holed == pytest.approx(whole[[0, 3]], rel=1e-14)


def test_a_single_window_has_five_equal_figures() -> None:
    (row,) = cone(close_bars([1.0, 2.0, 3.0, 4.0]), [3])
    assert row.min == row.p25 == row.p50 == row.p75 == row.max > 0.0


def test_the_overlap_factor_takes_out_the_bias_that_a_simulation_shows() -> None:
    """Independent returns of variance 1: the variance of overlapping h-day moves about their own
    mean falls short of h by the factor 1/m. Source: Hodges and Tompkins (2002); 20,000 paths put
    the standard error at 0.004."""
    rng = np.random.default_rng(5)
    horizon, total = 30, 200
    windows = total - horizon + 1
    steps = rng.standard_normal((20_000, total))
    sums = np.cumsum(np.pad(steps, ((0, 0), (1, 0))), axis=1)
    long_moves = sums[:, horizon:] - sums[:, :-horizon]
    spread = np.var(long_moves, axis=1).mean() / horizon
    assert spread * overlap_factor(horizon=horizon, windows=windows) == pytest.approx(1.0, abs=0.01)


def test_what_has_no_cone_is_refused() -> None:
    bars = close_bars([1.0, 2.0, 3.0])
    with pytest.raises(EstimateError, match="horizon 1 is below 2 bars"):
        cone(bars, [1])
    with pytest.raises(EstimateError, match="no 3 returns in a row among 2"):
        cone(bars, [3])
    with pytest.raises(EstimateError, match="1 windows of 2 returns have no overlap factor"):
        cone(bars, [2])
