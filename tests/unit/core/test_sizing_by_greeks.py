"""Sizes by base, delta, gamma, vega, risk and strip, each against an oracle of its own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import exp
from typing import Any

import pytest
import QuantLib as ql

from bot.core.conditions import Comparison
from bot.core.exposure import Exposure, il_atoms_at
from bot.core.il_strip import weights_ppb
from bot.core.instruments import instrument_legs, payoff_atoms
from bot.core.market import Market
from bot.core.orders import Leg
from bot.core.position import Lot
from bot.core.quotes import PoolTerms
from bot.core.rules import SizeBy
from bot.core.sizing import wanted_legs
from bot.core.surface import implied_vol
from bot.core.units import DAY_S, YEAR_S
from bot.core.venue import PaperVenue, VenueTerms
from tests.builders.runs import layer

ETHER, USD = 10**18, 10**6
TERMS = PoolTerms()
VENUE = PaperVenue(VenueTerms(pools={"WETH-USDC": TERMS}))
MARKET = Market(
    pool="WETH-USDC", time_s=1_770_120_000, base_symbol="WETH", base_decimals=18,
    quote_symbol="USDC", quote_decimals=6, spot_atoms=2_000 * USD, twap_atoms=None,
    realised_vol=None,
)  # fmt: skip
TENOR_S = 14 * DAY_S
EXPIRY_S = VENUE.expiry_near(MARKET, tenor_s=TENOR_S)
YEARS = (EXPIRY_S - MARKET.time_s) / YEAR_S
BASE = 500  # of each side: 500 WETH and 1,000,000 USDC, entered at spot
LOTS = (
    Lot(
        id="", lp_atoms=1, base_atoms=BASE * ETHER, quote_atoms=BASE * 2_000 * USD,
        block_number=0, time_s=0,
    ),
)  # fmt: skip
EXPOSURE = Exposure(
    pool="WETH-USDC", claim_base_atoms=BASE * ETHER, claim_quote_atoms=BASE * 2_000 * USD,
    entry_base_atoms=BASE * ETHER, entry_quote_atoms=BASE * 2_000 * USD,
    lp_value_atoms=2_000_000 * USD, hold_value_atoms=2_000_000 * USD,
    entry_value_atoms=2_000_000 * USD, value_without_fees_atoms=2_000_000 * USD,
    price_exposure_atoms=0, il_atoms=0, fees_atoms=0, funded_pnl_atoms=0, il_vs_hold=0.0,
    il_bps=0.0, loss_vs_entry_hold=0.0, funded_pnl=0.0, delta_base=500.0, gamma_base=-0.125,
)  # fmt: skip


def legs(size_by: SizeBy, instrument: str, *offsets: int, **changes: Any) -> tuple[Leg, ...]:
    plain = {"hedge_ratio_bps": 10_000, "tenor_s": TENOR_S, **changes}
    one = layer(
        "one", instrument=instrument, offsets_bps=offsets, size_by=size_by,
        arm=Comparison(metric="il_bps", above=1.0), **plain,
    )  # fmt: skip
    return wanted_legs(one, EXPOSURE, LOTS, MARKET, VENUE)


def calculator(leg: Leg) -> ql.BlackCalculator:
    """QuantLib's own figures at the venue's volatility for this strike."""
    strike = leg.contract.strike_atoms / USD
    vol = implied_vol(
        TERMS.surface, forward=1.0, strike=strike / 2_000, years=YEARS, realised_vol=None
    )
    kind = ql.Option.Put if leg.contract.kind.value == "put" else ql.Option.Call
    return ql.BlackCalculator(ql.PlainVanillaPayoff(kind, strike), 2_000.0, vol * YEARS**0.5, 1.0)


def ether(leg: Leg) -> float:
    return leg.quantity_atoms / ETHER


def test_by_base_the_size_is_a_share_of_the_base_tokens() -> None:
    assert [ether(leg) for leg in legs(SizeBy.BASE, "strangle", -1_000, 1_000)] == [500.0, 500.0]
    (half,) = legs(SizeBy.BASE, "forward", 0, hedge_ratio_bps=5_000)
    assert ether(half) == -250.0


@pytest.mark.parametrize(
    ("instrument", "offsets"),
    [("protective_put", (-500,)), ("put_spread", (-300, -2_000)), ("collar", (-500, 1_000))],
)
def test_by_delta_the_hedge_takes_the_positions_delta_off(
    instrument: str, offsets: tuple[int, ...]
) -> None:
    """Oracle: QuantLib's delta of each leg; the position's is its 500 base tokens."""
    sized = legs(SizeBy.DELTA, instrument, *offsets)
    delta = sum(ether(leg) * calculator(leg).delta(2_000.0) for leg in sized)
    assert delta == pytest.approx(-BASE, abs=0.02)


def test_by_gamma_the_hedge_brings_the_gamma_that_the_position_is_short() -> None:
    """Oracle: QuantLib; the position's gamma is -L / (2 P^1.5) = -500 / (2 * 2,000)."""
    sized = legs(SizeBy.GAMMA, "strangle", -1_000, 1_000)
    gamma = sum(ether(leg) * calculator(leg).gamma(2_000.0) for leg in sized)
    assert gamma == pytest.approx(BASE / 4_000, rel=1e-4)


def test_by_vega_the_hedge_gains_what_the_expected_loss_grows_by() -> None:
    """Oracle: QuantLib's vega against a finite difference of V0 * (exp(-s^2 T / 8) - 1)."""
    sized = legs(SizeBy.VEGA, "strangle", -1_000, 1_000)
    vega = sum(ether(leg) * calculator(leg).vega(YEARS) for leg in sized)
    tenor_years, step = TENOR_S / YEAR_S, 1e-4

    def expected_loss(vol: float) -> float:
        return 2_000_000 * (exp(-vol * vol * tenor_years / 8) - 1)

    lost = (expected_loss(0.65 + step) - expected_loss(0.65 - step)) / (2 * step)
    assert vega == pytest.approx(-lost, rel=3e-4)


def test_by_risk_the_worst_result_is_a_share_of_the_value_at_entry() -> None:
    """A condor 1,400 / 1,600 / 2,400 / 2,600 loses 200 a piece: 1 % of 2,000,000 is 100 of them."""
    sized = legs(SizeBy.RISK, "iron_condor", -3_000, -2_000, 2_000, 3_000, hedge_ratio_bps=100)
    assert [ether(leg) for leg in sized] == [100.0, -100.0, -100.0, 100.0]
    (forward,) = legs(SizeBy.RISK, "forward", 0, hedge_ratio_bps=100)
    assert ether(forward) == pytest.approx(-20_000 / 300, abs=0.01)  # margin: 15 % of 2,000


def test_a_structure_that_goes_the_wrong_way_is_not_bought() -> None:
    assert legs(SizeBy.DELTA, "call_spread", 300, 2_000) == ()
    assert legs(SizeBy.GAMMA, "iron_condor", -3_000, -2_000, 2_000, 3_000) == ()
    assert legs(SizeBy.GAMMA, "forward", 0) == ()


def test_a_strip_carries_the_positions_own_density_of_strikes() -> None:
    """Worked in bot/core/il_strip.py: widths 50, 150 and 100 around 1,800, 1,900 and 2,100."""
    found = [
        VENUE.contract(MARKET, kind=kind, target_atoms=strike * USD, expiry_s=EXPIRY_S)
        for kind, strike in (("put", 1_800), ("put", 1_900), ("call", 2_100))
    ]
    exact = [
        0.5 * (2_000 / strike) ** 1.5 * width / 2_000
        for strike, width in ((1_800, 50), (1_900, 150), (2_100, 100))
    ]
    assert [w / 1e9 for w in weights_ppb(found, 2_000 * USD)] == pytest.approx(exact, abs=2e-9)


def test_a_fine_strip_pays_the_impermanent_loss_at_every_price_of_its_range() -> None:
    """Oracle: the position's exact loss. What is open comes from the half steps around spot, where
    no option pays: 160 dollars, of up to 85,786."""
    offsets = tuple(offset for offset in range(-5_000, 5_001, 250) if offset)
    sized = legs(SizeBy.BASE, "il_strip", *offsets)
    assert len(sized) == 40
    for price in range(1_000, 3_001, 25):
        paid = payoff_atoms(sized, settlement_atoms=price * USD, base_decimals=18) / USD
        lost = -il_atoms_at(LOTS, price=Fraction(price * USD, ETHER)) / USD
        assert paid == pytest.approx(lost, abs=300), price
        if abs(price - 2_000) >= 300:
            assert paid == pytest.approx(lost, rel=0.05)


def test_a_strip_sized_by_impermanent_loss_covers_its_stress_price() -> None:
    sized = legs(SizeBy.IL, "il_strip", -4_000, -3_000, -2_000, -1_000, stress_bps=(-4_000,))
    paid = payoff_atoms(sized, settlement_atoms=1_200 * USD, base_decimals=18)
    lost = -il_atoms_at(LOTS, price=Fraction(1_200 * USD, ETHER))
    assert paid == pytest.approx(lost, rel=0.01)


def test_delta_is_taken_off_the_cheaper_way() -> None:
    """Oracle: both ways, priced. A dear forward makes the synthetic the cheaper one."""

    def way(half_ppm: int) -> tuple[Leg, ...]:
        spread = replace(TERMS.spread, forward_half_ppm=half_ppm)
        venue = PaperVenue(VenueTerms(pools={"WETH-USDC": replace(TERMS, spread=spread)}))
        return instrument_legs(
            "delta_hedge", venue, MARKET, quantity_atoms=ETHER, offsets_bps=(0,),
            expiry_s=EXPIRY_S,
        )  # fmt: skip

    assert [leg.contract.kind.value for leg in way(250)] == ["forward"]
    assert [leg.contract.kind.value for leg in way(50_000)] == ["put", "call"]
    for price in (1_000, 3_000):
        assert {
            payoff_atoms(way(ppm), settlement_atoms=price * USD, base_decimals=18)
            for ppm in (250, 50_000)
        } == {(2_000 - price) * USD}
