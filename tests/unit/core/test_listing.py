"""Expiries, strikes, ticks and lots, against a calendar and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import NotListedError, VenueTermsError
from bot.core.listing import (
    ListingTerms,
    contract_near,
    expiries,
    expiry_near,
    is_listed,
    lot_atoms,
    price_tick_atoms,
    strike_step_atoms,
)
from bot.core.market import Market
from bot.core.orders import ContractKind

TERMS = ListingTerms()


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def market(
    spot_atoms: int = 2_000_000_000, quote_decimals: int = 6, time: str = "2026-02-03T12:00"
) -> Market:
    return Market(
        pool="WETH-USDC", time_s=at(time), base_symbol="WETH", base_decimals=18,
        quote_symbol="USDC", quote_decimals=quote_decimals, spot_atoms=spot_atoms,
        twap_atoms=None, realised_vol=None,
    )  # fmt: skip


def test_the_calendar_has_days_then_fridays_then_last_fridays() -> None:
    """Source: the calendar of 2026; 27 March, 24 April, 29 May end their months."""
    listed = [datetime.fromtimestamp(s, UTC) for s in expiries(at("2026-02-03T12:00"), TERMS)]
    assert all((day.hour, day.minute) == (8, 0) for day in listed)
    days = [day.date().isoformat() for day in listed]
    assert days[:14] == [f"2026-02-{number:02}" for number in range(4, 18)]
    assert days[14:20] == [
        "2026-02-20", "2026-02-27", "2026-03-06", "2026-03-13", "2026-03-20", "2026-03-27",
    ]  # fmt: skip
    assert days[20:] == [
        "2026-04-24", "2026-05-29", "2026-06-26", "2026-07-31", "2026-08-28", "2026-09-25",
        "2026-10-30", "2026-11-27", "2026-12-25", "2027-01-29",
    ]  # fmt: skip


def test_what_expires_this_second_is_listed_no_more_and_a_second_before_it_is() -> None:
    eight = at("2026-02-03T08:00")
    assert expiries(eight - 1, TERMS)[0] == eight
    assert expiries(eight, TERMS)[0] == at("2026-02-04T08:00")


def test_an_expiry_once_listed_stays_listed_until_it_comes() -> None:
    first = at("2026-02-03T08:00")
    for expiry in expiries(first, TERMS):
        now = first
        while now < expiry:
            assert expiry in expiries(now, TERMS)
            now += int(timedelta(days=1).total_seconds())


def test_the_nearest_expiry_is_chosen_and_the_later_of_two_as_near() -> None:
    now = at("2026-02-03T20:00")
    assert expiry_near(now, tenor_s=36 * 3600, terms=TERMS) == at("2026-02-05T08:00")
    assert expiry_near(now, tenor_s=24 * 3600, terms=TERMS) == at("2026-02-05T08:00")
    assert expiry_near(now, tenor_s=0, terms=TERMS) == at("2026-02-04T08:00")
    assert expiry_near(now, tenor_s=30 * 86_400, terms=TERMS) == at("2026-03-06T08:00")


@pytest.mark.parametrize(
    ("spot", "step", "tick"),
    [
        (2_000_000_000, 50_000_000, 200_000),
        (3_999_999_999, 50_000_000, 200_000),
        (4_000_000_000, 100_000_000, 200_000),
        (1_000_000_000, 25_000_000, 100_000),
        (1_000_000_000_000_000_000, 25_000_000_000_000_000, 100_000_000_000_000),
        (1, 1, 1),
        (99, 2, 1),  # 2.475: 2.5 is no whole atom
    ],
)
def test_steps_and_ticks_stand_on_their_ladders(spot: int, step: int, tick: int) -> None:
    assert strike_step_atoms(spot, TERMS) == step
    assert price_tick_atoms(spot, TERMS) == tick


@pytest.mark.parametrize(
    ("decimals", "lot"), [(18, 10**16), (6, 10**4), (2, 1), (0, 1), (36, 10**34)]
)
def test_a_lot_is_a_hundredth_of_a_token_and_never_less_than_an_atom(
    decimals: int, lot: int
) -> None:
    assert lot_atoms(decimals, TERMS) == lot


@pytest.mark.parametrize(
    ("spot", "decimals", "target", "code"),
    [
        (2_000_000_000, 6, 1_810_000_000, "WETH-USDC-20260206-1800-P"),
        (2_000_000_000, 6, 1_775_000_000, "WETH-USDC-20260206-1800-P"),  # half way: the higher
        (1_150_000, 6, 1_100_000, "WETH-USDC-20260206-1.1-P"),
        (1_000_000, 6, 1_010_000, "WETH-USDC-20260206-1-P"),
        (1_000_000, 6, 1_024_000, "WETH-USDC-20260206-1.025-P"),
        (2_000, 0, 1_500, "WETH-USDC-20260206-1500-P"),
        (2_000_000_000, 6, -5, "WETH-USDC-20260206-50-P"),  # no strike at or below nothing
    ],
)
def test_a_contract_has_the_nearest_strike_and_says_it_in_plain_decimals(
    spot: int, decimals: int, target: int, code: str
) -> None:
    contract = contract_near(
        market(spot, decimals), kind=ContractKind.PUT, target_atoms=target,
        expiry_s=at("2026-02-06T08:00"), terms=TERMS,
    )  # fmt: skip
    assert contract.code == code


def test_off_the_grid_and_off_the_calendar_nothing_may_be_opened() -> None:
    now = market()
    good = contract_near(
        now, kind=ContractKind.CALL, target_atoms=2_150_000_000,
        expiry_s=at("2026-02-06T08:00"), terms=TERMS,
    )  # fmt: skip
    assert is_listed(good, now, TERMS)
    moved = market(spot_atoms=8_100_000_000)  # the step is 200 USD here
    assert not is_listed(good, moved, TERMS)
    assert not is_listed(good, market(time="2026-02-06T08:00"), TERMS)


def test_a_pool_whose_price_is_below_one_atom_lists_nothing() -> None:
    with pytest.raises(NotListedError):
        contract_near(market(0), kind=ContractKind.PUT, target_atoms=1, expiry_s=1, terms=TERMS)


def test_listing_terms_must_be_positive() -> None:
    with pytest.raises(VenueTermsError):
        ListingTerms(lot_micro=0)
