"""Payoffs at expiry and the margin of short legs, by hand."""

from __future__ import annotations

import pytest

from bot.core.errors import VenueTermsError
from bot.core.levels import Levels
from bot.core.margin import (
    MarginTerms,
    hedge_margin_atoms,
    payoff_atoms,
    payoff_per_base,
    worst_payoff_atoms,
)
from bot.core.orders import Contract, ContractKind, Leg

CALL, PUT = ContractKind.CALL, ContractKind.PUT
TERMS = MarginTerms()


def leg(kind: ContractKind, strike: int, quantity: int, expiry_s: int = 1) -> Leg:
    code = f"WETH-USDC-{expiry_s}-{strike}-{kind.value}"
    contract = Contract(
        code=code, kind=kind, pool="WETH-USDC", strike_atoms=strike, expiry_s=expiry_s
    )
    return Leg(contract=contract, quantity_atoms=quantity)


def margin(legs: list[Leg], marks: list[int], spot: int = 2000) -> int:
    return hedge_margin_atoms(
        legs,
        marks_atoms=marks,
        levels=Levels(spot_atoms=spot, base_decimals=2),
        terms=TERMS,
    )


def test_a_put_pays_below_its_strike_and_a_call_above() -> None:
    assert payoff_per_base(leg(PUT, 1800, 1).contract, 1500) == 300
    assert payoff_per_base(leg(PUT, 1800, 1).contract, 1900) == 0
    assert payoff_per_base(leg(CALL, 1800, 1).contract, 1900) == 100
    assert payoff_per_base(leg(CALL, 1800, 1).contract, 1500) == 0


def test_each_leg_is_rounded_against_us() -> None:
    """A third of a hundredth: 0.01 base at 133 is 1.33 quote atoms; we get 1, or pay 2."""
    assert payoff_atoms([leg(PUT, 1800, 1)], settlement_atoms=1667, base_decimals=2) == 1
    assert payoff_atoms([leg(PUT, 1800, -1)], settlement_atoms=1667, base_decimals=2) == -2


def test_the_worst_of_a_structure_is_at_a_strike_at_zero_or_unbounded() -> None:
    one = 100  # one whole base token at two decimals
    assert worst_payoff_atoms([leg(PUT, 1800, one)], base_decimals=2) == 0
    assert worst_payoff_atoms([leg(PUT, 1800, -one)], base_decimals=2) == -1800
    assert worst_payoff_atoms([leg(CALL, 2200, -one)], base_decimals=2) is None
    bought = [leg(PUT, 1800, one), leg(PUT, 1600, -one)]
    sold = [leg(PUT, 1800, -one), leg(PUT, 1600, one)]
    condor = [*sold, leg(CALL, 2200, -one), leg(CALL, 2300, one)]
    assert worst_payoff_atoms(bought, base_decimals=2) == 0
    assert worst_payoff_atoms(sold, base_decimals=2) == -200
    assert worst_payoff_atoms(condor, base_decimals=2) == -200


def test_bought_structures_need_no_margin() -> None:
    assert margin([leg(PUT, 1800, 100), leg(CALL, 2200, 100)], [50, 60]) == 0
    assert margin([leg(PUT, 1800, 100), leg(PUT, 1600, -100)], [50, 20]) == 0


def test_an_uncovered_short_option_needs_what_deribits_rule_says() -> None:
    """max(15 % - out of the money, 10 %) of spot, plus the mark: spot 2,000, one option."""
    assert margin([leg(CALL, 2000, -100)], [180]) == 300 + 180
    assert margin([leg(CALL, 2050, -100)], [150]) == 250 + 150
    assert margin([leg(CALL, 2400, -100)], [40]) == 200 + 40
    assert margin([leg(PUT, 1950, -100)], [150]) == 250 + 150
    assert margin([leg(PUT, 1500, -50)], [20]) == 110
    assert margin([leg(PUT, 100, -100)], [0]) == 100  # it can lose no more than its strike


def test_a_sold_spread_needs_its_width_or_the_uncovered_rule_where_that_is_less() -> None:
    assert margin([leg(PUT, 1800, -100), leg(PUT, 1700, 100)], [60, 40]) == 100
    assert margin([leg(PUT, 1800, -100), leg(PUT, 600, 100)], [60, 0]) == 200 + 60


def test_a_long_option_does_not_cover_a_short_one_of_another_expiry() -> None:
    legs = [leg(PUT, 1800, 100, expiry_s=1), leg(PUT, 1800, -100, expiry_s=2)]
    assert margin(legs, [60, 90]) == 200 + 90


def test_margin_shares_lie_within_spot() -> None:
    with pytest.raises(VenueTermsError):
        MarginTerms(initial_bps=10_001)
    with pytest.raises(VenueTermsError):
        MarginTerms(floor_bps=-1)
