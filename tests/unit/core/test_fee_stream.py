"""Volume and fees as moving averages, and the value that they speak of."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from bot.core.fee_stream import (
    NO_STREAM,
    FeeStream,
    StreamFigures,
    fee_implied_vol,
    fee_yield,
    stream_figures,
    stream_step,
    tvl_over_fees,
    tvl_over_volume,
)
from bot.core.lvr import lvr_rate
from bot.core.pool_flow import PoolFlow
from bot.core.pool_vol import full_range_liquidity, pool_implied_vol

HOUR_S, DAY_S = 3_600, 86_400
TVL = 2_000_000 * 10**6


def flow(volume: int) -> PoolFlow:
    fees = volume * 30 // 10_000
    return PoolFlow(volume_atoms=volume, fees_atoms=fees, lp_fees_atoms=fees * 5 // 6)


def streamed(*ticks: tuple[int, int]) -> FeeStream:
    """A stream after (elapsed seconds, volume) pairs, with a half-life of a day."""
    stream = NO_STREAM
    for elapsed_s, volume in ticks:
        stream = stream_step(stream, flow(volume), elapsed_s=elapsed_s, half_life_s=DAY_S)
    return stream


def test_a_steady_flow_is_its_own_average_from_the_first_half_life_on() -> None:
    """1,000 dollars an hour are 24,000 a day, however the ticks fall."""
    stream = streamed(*[(HOUR_S, 10**9)] * 20, *[(2 * HOUR_S, 2 * 10**9)] * 4)
    figures = stream_figures(stream, half_life_s=DAY_S)
    assert figures is not None
    assert figures.volume_per_day == pytest.approx(24e9, rel=1e-9)
    assert figures.fees_per_day == pytest.approx(24e9 * 0.003, rel=1e-9)
    assert figures.lp_fees_per_day == pytest.approx(24e9 * 0.0025, rel=1e-6)


def test_nothing_is_known_before_one_half_life_was_seen() -> None:
    assert stream_figures(streamed((DAY_S - 1, 10**9)), half_life_s=DAY_S) is None
    assert stream_figures(streamed((DAY_S, 10**9)), half_life_s=DAY_S) is not None


def test_no_time_is_no_step() -> None:
    stream = streamed((HOUR_S, 10**9))
    assert stream_step(stream, flow(10**12), elapsed_s=0, half_life_s=DAY_S) == stream


def test_the_average_weighs_each_moment_by_half_a_day() -> None:
    """Oracle: the integral of the rate over time under weights 2**-(age / half-life), by numpy."""
    ticks = [(HOUR_S * (1 + n % 5), (n * 7919 % 101) * 10**7) for n in range(40)]
    ends = np.array(list(accumulate(elapsed for elapsed, _ in ticks)), float)
    elapsed, volumes = (np.array(column, float) for column in zip(*ticks, strict=True))
    weights = 0.5 ** ((ends[-1] - ends) / DAY_S) - 0.5 ** ((ends[-1] - ends + elapsed) / DAY_S)
    expected = (weights * volumes * DAY_S / elapsed).sum() / weights.sum()
    figures = stream_figures(streamed(*ticks), half_life_s=DAY_S)
    assert figures is not None
    assert figures.volume_per_day == pytest.approx(expected, rel=1e-9)


def test_the_implied_volatility_is_lamberts_of_a_full_range_pool() -> None:
    volume, fee = 37_000.0 * 10**6, 0.003
    figures = StreamFigures(
        volume_per_day=volume, fees_per_day=volume * fee, lp_fees_per_day=volume * fee
    )
    lambert = pool_implied_vol(
        fee=fee,
        volume=[volume],
        liquidity=full_range_liquidity([TVL], fee=fee),
        years=1 / 365,
    )
    assert fee_implied_vol(figures, tvl_atoms=TVL) == pytest.approx(lambert.item(), rel=1e-12)


def test_at_the_implied_volatility_lvr_takes_all_that_fees_bring() -> None:
    figures = StreamFigures(volume_per_day=0.0, fees_per_day=3e8, lp_fees_per_day=3e8)
    vol = fee_implied_vol(figures, tvl_atoms=TVL)
    earned = fee_yield(figures, tvl_atoms=TVL)
    assert earned == pytest.approx(lvr_rate(vol).item(), rel=1e-12)
    assert tvl_over_fees(figures, tvl_atoms=TVL, realised_vol=vol * 1.001) is None
    assert tvl_over_fees(figures, tvl_atoms=TVL, realised_vol=0.0) == pytest.approx(1 / earned)


def test_a_pool_without_volume_has_no_price_over_it() -> None:
    quiet = StreamFigures(volume_per_day=0.0, fees_per_day=0.0, lp_fees_per_day=0.0)
    assert tvl_over_volume(quiet, tvl_atoms=TVL) is None
    assert fee_implied_vol(quiet, tvl_atoms=TVL) == 0.0
    busy = StreamFigures(volume_per_day=TVL / 4, fees_per_day=0.0, lp_fees_per_day=0.0)
    assert tvl_over_volume(busy, tvl_atoms=TVL) == 4.0
