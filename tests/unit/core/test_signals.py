"""What is remembered of prices: realised volatility as an EWMA, and observations for the TWAP."""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt

import pytest

from bot.core.model_stage import model_specs
from bot.core.signals import PoolSignals, observe, realised_vol
from bot.core.snapshot import PoolState
from tests.builders.runs import HOUR_S, rules_of
from tests.builders.scripts import two_days

SPEC = model_specs(two_days())[0]
RULES = replace(rules_of(), vol_half_life_s=6 * HOUR_S, vol_sample_s=HOUR_S, vol_samples_min=3)
YEAR_S = 365 * 86_400


def pool_at(price: float) -> PoolState:
    """A pool with that many quote atoms per base atom, times 10**12."""
    sides = (10**21, int(price * 10**9))
    reserve0, reserve1 = sides if SPEC.base_is_token0 else sides[::-1]
    return PoolState(
        reserve0=reserve0, reserve1=reserve1, reserves_time_s=0, price0_cumulative=0,
        price1_cumulative=0, total_supply=1, lp_balance=0, k_last=0, fee_on=False,
    )  # fmt: skip


def seen(*prices: tuple[float, float]) -> PoolSignals:
    """Signals after (hours, price) pairs."""
    signals = PoolSignals()
    for hours, price in prices:
        time_s = int(hours * HOUR_S)
        signals = observe(signals, SPEC, pool_at(price), time_s=time_s, rules=RULES)
    return signals


def test_realised_volatility_is_unknown_until_enough_returns_were_seen() -> None:
    path = [(hour, 2_000 + hour) for hour in range(4)]
    assert [realised_vol(seen(*path[:n]), RULES) is None for n in (1, 2, 3, 4)] == [
        True, True, True, False,
    ]  # fmt: skip


def test_equal_moves_give_the_volatility_of_that_move() -> None:
    """1 % an hour is 0.00995 in logarithms, times sqrt(8,760) hours: 93.1 % a year."""
    signals = seen(*[(hour, 2_000 * 1.01 ** (hour % 2)) for hour in range(9)])
    assert realised_vol(signals, RULES) == pytest.approx(log(1.01) * sqrt(8_760), rel=1e-6)
    assert log(1.01) * sqrt(8_760) == pytest.approx(0.9313, abs=1e-4)


def test_half_of_the_past_is_forgotten_in_a_half_life() -> None:
    """Oracle: the sum of squared returns with weights that halve every six hours."""
    signals = seen((0, 2_000), (1, 2_100), (2, 2_100), (8, 2_100))
    first = log(2_100 / 2_000) ** 2 * YEAR_S / HOUR_S
    kept = first * 0.5 ** (1 / 6) * 0.5 ** (6 / 6)
    assert realised_vol(signals, RULES) == pytest.approx(sqrt(kept), rel=1e-6)


def test_prices_between_two_samples_do_not_count() -> None:
    calm = seen((0, 2_000), (1, 2_000), (2, 2_000), (3, 2_000))
    busy = seen(
        (0, 2_000), (0.5, 3_000), (1, 2_000), (1.5, 1_000), (2, 2_000), (2.9, 9_000), (3, 2_000)
    )
    assert realised_vol(calm, RULES) == realised_vol(busy, RULES) == 0.0


def test_memory_does_not_grow_with_time() -> None:
    signals = seen(*[(hour / 6, 2_000) for hour in range(600)])
    assert len(signals.observations) <= 6
    assert signals.observations[0].time_s <= signals.observations[-1].time_s - RULES.twap_window_s


def test_the_carried_variance_is_rounded_to_twelve_digits() -> None:
    variance = seen((0, 2_000), (1, 2_003), (2, 1_999), (3, 2_011)).vol.variance
    assert variance == float(f"{variance:.12g}")
