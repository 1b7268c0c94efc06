"""Pool-native volatility: its meaning (fees pay for LVR) and a real day of a real pool."""

from __future__ import annotations

import csv
import gzip
import math

import numpy as np
import pytest

from bot.core.errors import EstimateError
from bot.core.pool_vol import (
    full_range_liquidity,
    pool_implied_vol,
    spacing_liquidity,
    whole_liquidity,
)
from tests.builders.shared_data import shared_data

FOUR_PLACES = 5.1e-5
DAY = 1 / 365


def test_on_a_full_range_pool_it_is_the_volatility_at_which_fees_pay_for_lvr() -> None:
    """LVR is sigma^2/8 of a full-range pool's value a year, fees are fee times volume."""
    value, volume, fee = 3e6, 2e8, 0.003
    liquidity = full_range_liquidity(value, fee=fee)
    found = pool_implied_vol(fee=fee, volume=[volume], liquidity=liquidity, years=1.0).item()
    assert found**2 / 8 * value == pytest.approx(fee * volume, rel=1e-14)


@pytest.mark.parametrize(("fee", "spacing"), [(0.0005, 10), (0.003, 60), (0.01, 200)])
def test_the_spacings_of_uniswap_are_twice_the_fee(fee: float, spacing: int) -> None:
    """So the value in one spacing is L sqrt(P) fee, within a spacing's own width."""
    found = spacing_liquidity(7.0, 2000.0, tick_spacing=spacing).item()
    assert found == pytest.approx(7.0 * math.sqrt(2000.0) * fee, rel=fee)


def test_the_value_in_a_spacing_is_what_the_position_holds_when_the_price_has_crossed_it() -> None:
    """Uniswap v3 whitepaper: all in quote at the upper end, L (sqrt(upper) - sqrt(lower))."""
    upper = 2000.0 * 1.0001**60
    expected = 7.0 * (math.sqrt(upper) - math.sqrt(2000.0))
    assert spacing_liquidity(7.0, 2000.0, tick_spacing=60).item() == pytest.approx(expected)


def test_pools_and_trades_are_answered_at_once() -> None:
    """Two pools, three trades each; a trade counts against the liquidity it met."""
    volume = [[1e5, 2e5, 0.0], [1e5, 1e5, 1e5]]
    liquidity = [[1e4, 2e4, 5.0], [1e4, 1e4, 1e4]]
    found = pool_implied_vol(fee=0.003, volume=volume, liquidity=liquidity, years=DAY)
    assert found == pytest.approx([0.006 * math.sqrt(20 * 365), 0.006 * math.sqrt(30 * 365)])


def test_the_same_days_price_bounces_within_the_fee_from_swap_to_swap() -> None:
    """Source: quant reference section 2: 51.36 % by five minutes, 81.68 % by swaps."""
    path = shared_data("pools/univ3_eth_usdc_weth_005_2024-01-05_events.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        swaps = [row for row in csv.DictReader(file) if row["tx_type"] == "SWAP"]
    logs = np.array([-2.0 * math.log(int(swap["sqrtPriceX96"])) for swap in swaps])
    stamps = np.array([swap["block_timestamp"][:19] for swap in swaps], "datetime64[s]")
    last = np.diff(stamps.astype("int64") // 300, append=0) != 0
    assert last.sum() == 288
    five, each = (np.sqrt(365 * np.sum(np.diff(x) ** 2)).item() for x in (logs[last], logs))
    assert five == pytest.approx(0.5136, abs=FOUR_PLACES)
    assert each == pytest.approx(0.8168, abs=FOUR_PLACES)


def test_a_real_day_of_a_real_pool() -> None:
    """USDC/WETH 0.05 %, 5 January 2024: from its 6,046 swaps, and again from the minutes.

    token0 is USDC (6 decimals, quote), token1 WETH (18, base); P = 10^12 / (sqrtPriceX96/2^96)^2.
    Volume is the USDC side of each swap, the fee counted in. The minute file closes each minute
    with one tick and one liquidity, so it can be a little off.
    """
    path = shared_data("pools/univ3_eth_usdc_weth_005_2024-01-05_events.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        swaps = [row for row in csv.DictReader(file) if row["tx_type"] == "SWAP"]
    assert len(swaps) == 6046
    volume = np.array([abs(int(swap["amount0"])) for swap in swaps]) / 1e6
    root = np.array([int(swap["sqrtPriceX96"]) / 2**96 for swap in swaps])
    liquidity = _spacing([int(swap["total_liquidity"]) for swap in swaps], 1e12 / root**2)
    by_swap = pool_implied_vol(fee=0.0005, volume=volume, liquidity=liquidity, years=DAY).item()

    path = shared_data("pools/univ3_eth_usdc_weth_005_2024-01-05_minute.csv")
    with path.open(encoding="utf-8") as file:
        minutes = list(csv.DictReader(file))
    volume = np.array([float(row["inAmount0"]) for row in minutes]) / 1e6
    price = np.array([1e12 / 1.0001 ** float(row["closeTick"]) for row in minutes])
    volume += np.array([float(row["inAmount1"]) for row in minutes]) / 1e18 * price
    liquidity = _spacing([int(row["currentLiquidity"]) for row in minutes], price)
    by_minute = pool_implied_vol(fee=0.0005, volume=volume, liquidity=liquidity, years=DAY).item()
    assert by_minute == pytest.approx(by_swap, rel=0.005)
    # Measured; docs/maths.md section 5.6 states it.
    assert by_swap == pytest.approx(0.57007, abs=1e-5)


def _spacing(atoms: list[int], price: np.ndarray) -> np.ndarray:
    whole = whole_liquidity(atoms, base_decimals=18, quote_decimals=6)
    return spacing_liquidity(whole, price, tick_spacing=10)


@pytest.mark.parametrize(
    ("fee", "volume", "liquidity", "years", "problem"),
    [
        (0.0, 1.0, 1.0, 1.0, "fee 0.0"),
        (30.0, 1.0, 1.0, 1.0, "fee 30.0"),
        (0.003, -1.0, 1.0, 1.0, "volume"),
        (0.003, float("nan"), 1.0, 1.0, "volume"),
        (0.003, 1.0, 0.0, 1.0, "liquidity"),
        (0.003, 1.0, float("nan"), 1.0, "liquidity"),
        (0.003, 1.0, 1.0, 0.0, "time"),
    ],
)
def test_what_has_no_volatility_is_refused(
    fee: float, volume: float, liquidity: float, years: float, problem: str
) -> None:
    with pytest.raises(EstimateError, match=problem):
        pool_implied_vol(fee=fee, volume=[volume], liquidity=[liquidity], years=years)


def test_without_volume_it_is_nought() -> None:
    assert pool_implied_vol(fee=0.003, volume=[0.0], liquidity=[1.0], years=1.0).item() == 0.0
