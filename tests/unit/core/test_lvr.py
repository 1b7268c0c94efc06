"""LVR, arbitrage with fees, and break-evens: the reference's values and the laws between them."""

from __future__ import annotations

from math import inf, log, nan

import numpy as np
import pytest

from bot.core.breakeven import holding_vol, price_band, rebalancing_vol, turnover
from bot.core.claim import claim_value, position_value
from bot.core.errors import OptionInputError
from bot.core.lvr import efficiency_of, lvr_rate, trade_share_constant, trade_share_poisson
from bot.core.residual import Position

DAY = 1 / 365
DAILY_FIVE = 0.05 * 365**0.5
"""5 % a day, annual."""
SPAN = {"price": 2000.0, "lower": 1500.0, "upper": 2500.0}


@pytest.mark.parametrize(("vol", "rate"), [(0.8, 0.08), (0.6, 0.045)])
def test_the_full_range_loses_an_eighth_of_the_variance(vol: float, rate: float) -> None:
    """Source: quant reference section 5."""
    assert lvr_rate(vol).item() == pytest.approx(rate, rel=1e-14)


def test_five_per_cent_a_day_cost_three_basis_points_and_need_a_tenth_in_turnover() -> None:
    """Source: quant reference section 5: 3.125 bp a day, 10.42 % daily turnover at 30 bp."""
    assert lvr_rate(DAILY_FIVE).item() * DAY * 1e4 == pytest.approx(3.125, rel=1e-12)
    assert turnover(DAILY_FIVE, fee=0.003).item() * DAY == pytest.approx(0.1042, abs=5.1e-5)


def test_a_range_loses_by_its_efficiency() -> None:
    """Source: quant reference sections 2 and 5: 66.79262497 % a year, 8.349078121716907."""
    assert efficiency_of(**SPAN).item() == pytest.approx(8.349078121716907, rel=1e-12)
    assert 100 * lvr_rate(0.8, **SPAN).item() == pytest.approx(66.79262497, abs=5.1e-9)


@pytest.mark.parametrize("price", [1000.0, 1500.0, 2500.0, 3000.0])
def test_out_of_its_range_a_position_loses_nothing_to_rebalancing(price: float) -> None:
    assert lvr_rate(0.8, price=price, lower=1500.0, upper=2500.0) == 0.0


POISSON = [
    (5, 12, 0.454545, 1.4205),
    (30, 12, 0.121951, 0.3811),
    (100, 12, 0.040000, 0.1250),
    (5, 2, 0.253847, 0.7933),
    (30, 2, 0.053659, 0.1677),
    (100, 2, 0.016726, 0.0523),
]


@pytest.mark.parametrize(("fee_bps", "block_s", "share", "bp_a_day"), POISSON)
def test_fees_and_random_blocks_leave_arbitrage_the_reference_share(
    fee_bps: int, block_s: int, share: float, bp_a_day: float
) -> None:
    """Source: quant reference section 5, the table at 5 % a day."""
    found = trade_share_poisson(
        DAILY_FIVE, fee=fee_bps / 1e4, block_years=block_s / 86_400 * DAY
    ).item()
    assert found == pytest.approx(share, abs=5.1e-7)
    assert found * 3.125 == pytest.approx(bp_a_day, abs=5.1e-5)


@pytest.mark.parametrize(("fee_bps", "share"), [(5, 0.578634), (30, 0.186246)])
def test_fees_and_even_blocks_leave_arbitrage_the_reference_share(
    fee_bps: int, share: float
) -> None:
    """Source: quant reference section 5, constant block time at 12 s, 5 % a day."""
    found = trade_share_constant(
        DAILY_FIVE, fee=fee_bps / 1e4, block_years=12 / 86_400 * DAY
    ).item()
    assert found == pytest.approx(share, abs=5.1e-7)


def test_without_a_fee_arbitrage_takes_all() -> None:
    for share in (trade_share_poisson, trade_share_constant):
        assert share(0.5, fee=0.0, block_years=1e-7) == 1.0


def test_lvr_is_the_theta_of_the_position_at_expiry() -> None:
    """Both are vol**2 P**2 / 2 times the bend of the position: arXiv 2508.02971."""
    lp = position_value(
        entry=2000.0, lower=1500.0, upper=2500.0, forward=1800.0, vol=0.8, years=0.0
    )
    rate = lvr_rate(0.8, price=1800.0, lower=1500.0, upper=2500.0)
    assert (lp.theta / lp.value).item() == pytest.approx(rate.item(), rel=1e-12)


def test_expected_loss_of_a_short_time_is_lvr() -> None:
    """Source: quant reference section 5: exact -0.0065538 against -0.0065753 at 0.8, 30 days."""
    expected = claim_value(entry=2000.0, vol=0.8, years=30 / 365).item()
    taken = lvr_rate(0.8).item() * 30 / 365
    assert expected == pytest.approx(-0.0065538, abs=5.1e-8)
    assert taken == pytest.approx(0.0065753, abs=5.1e-8)
    brief = claim_value(entry=2000.0, lower=1500.0, upper=2500.0, vol=0.8, years=1e-5)
    assert -brief.item() / 1e-5 == pytest.approx(lvr_rate(0.8, **SPAN).item(), rel=1e-4)


@pytest.mark.parametrize("fees", [1e-6, 0.001, 0.02, 0.1, 0.4, 0.9])
@pytest.mark.parametrize(
    "position",
    [
        Position(entry=2000.0),
        Position(entry=2000.0, lower=1500.0, upper=2500.0, notional=7.0),
        Position(entry=1500.0, lower=1500.0, upper=2500.0),
        Position(entry=1400.0, lower=1500.0, upper=2500.0),
        Position(entry=2600.0, lower=1500.0, upper=2500.0),
    ],
)
def test_at_the_ends_of_the_band_the_loss_is_the_fees(position: Position, fees: float) -> None:
    low, high = price_band(position, fees=fees)
    assert low <= position.entry <= high
    wanted = pytest.approx(-fees * position.notional, rel=1e-7)
    if low > 0.0:
        assert position.loss(low).item() == wanted
    else:
        assert position.loss(1e-6).item() >= -fees * position.notional * (1 + 1e-6)
    if high < inf:
        assert position.loss(high).item() == wanted
    else:
        assert position.loss(1e9).item() == 0.0


def test_the_band_of_a_full_range_is_the_square_of_its_fees() -> None:
    """(sqrt(r) - 1)**2 / 2 = 12.5 % at r = 1/4 and 9/4: quant reference section 1 has the first."""
    assert price_band(Position(entry=2000.0), fees=0.125) == pytest.approx((500.0, 4500.0))


@pytest.mark.parametrize("bounds", [(0.0, inf), (1500.0, 2500.0)])
def test_break_even_volatilities_give_the_fees_back(bounds: tuple[float, float]) -> None:
    lower, upper = bounds
    position = Position(entry=2000.0, lower=lower, upper=upper)
    vol = holding_vol(position, fees=0.01, years=0.1)
    lost = claim_value(entry=2000.0, lower=lower, upper=upper, vol=vol, years=0.1)
    assert lost.item() == pytest.approx(-0.01, rel=1e-10)
    steady = rebalancing_vol(0.1, price=2000.0, lower=lower, upper=upper)
    rate = lvr_rate(steady, price=2000.0, lower=lower, upper=upper)
    assert rate.item() == pytest.approx(0.1, rel=1e-12)


def test_the_break_even_volatility_of_a_full_range_has_a_closed_form() -> None:
    found = holding_vol(Position(entry=3.0), fees=0.02, years=0.25)
    assert found == pytest.approx((-8 * log(1 - 0.02) / 0.25) ** 0.5, rel=1e-10)


def test_fees_above_all_that_can_be_lost_have_no_break_even_volatility() -> None:
    assert holding_vol(Position(entry=2000.0), fees=1.5, years=1.0) == inf
    assert rebalancing_vol(0.1, price=1.0, lower=2.0, upper=3.0) == inf


@pytest.mark.parametrize("bad", [-0.1, nan, inf])
def test_impossible_numbers_are_refused(bad: float) -> None:
    for refused in (
        lambda: lvr_rate(bad),
        lambda: trade_share_poisson(0.5, fee=bad, block_years=1e-7),
        lambda: trade_share_poisson(bad, fee=0.1, block_years=1e-7),
        lambda: trade_share_constant(0.5, fee=0.1, block_years=bad),
        lambda: turnover(0.5, fee=bad),
        lambda: rebalancing_vol(bad),
        lambda: price_band(Position(entry=1.0), fees=bad),
        lambda: holding_vol(Position(entry=1.0), fees=bad, years=1.0),
        lambda: efficiency_of(bad),
    ):
        with pytest.raises(OptionInputError):
            refused()


def test_a_share_of_no_volatility_is_refused() -> None:
    with pytest.raises(OptionInputError, match="vol is 0"):
        trade_share_poisson(0.0, fee=0.003, block_years=1e-7)


def test_arrays_are_taken_element_by_element() -> None:
    prices = np.array([1400.0, 1600.0, 2400.0])
    rates = lvr_rate(np.array([[0.4], [0.8]]), price=prices, lower=1500.0, upper=2500.0)
    assert rates.shape == (2, 3)
    assert rates[1, 2] == lvr_rate(0.8, price=2400.0, lower=1500.0, upper=2500.0)
