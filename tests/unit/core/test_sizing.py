"""How much is bought: what the exposure calls for, then the largest that the purse allows."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.instruments import instrument_legs
from bot.core.market import Market
from bot.core.orders import Leg
from bot.core.quotes import PoolTerms
from bot.core.sizing import Purse, affordable
from bot.core.venue import PaperVenue, VenueTerms

ETHER = 10**18
VENUE = PaperVenue(VenueTerms(pools={"WETH-USDC": PoolTerms()}))
MARKET = Market(
    pool="WETH-USDC", time_s=1_770_120_000, base_symbol="WETH", base_decimals=18,
    quote_symbol="USDC", quote_decimals=6, spot_atoms=2_000_000_000, twap_atoms=None,
    realised_vol=None,
)  # fmt: skip
LOT = ETHER // 100
SHAPES = {
    "protective_put": (-500,), "put_spread": (-300, -2_500), "strangle": (-1_000, 1_000),
}  # fmt: skip


def legs(name: str, lots: int) -> tuple[Leg, ...]:
    return instrument_legs(
        name, VENUE, MARKET, quantity_atoms=lots * LOT, offsets_bps=SHAPES[name],
        expiry_s=VENUE.expiry_near(MARKET, tenor_s=7 * 86_400),
    )  # fmt: skip


def needs(wanted: tuple[Leg, ...]) -> tuple[int, int]:
    """(budget, cash) that legs take, by the venue's own quotes."""
    cash, fee = VENUE.quote_cash(wanted, MARKET)
    return fee - cash, fee - cash + VENUE.margin_atoms(wanted, MARKET)


@settings(max_examples=100)
@given(
    name=st.sampled_from(sorted(SHAPES)),
    lots=st.integers(1, 100_000),
    budget=st.integers(0, 10**12),
    cash=st.integers(0, 10**12),
)
def test_a_ticket_fits_its_purse_and_a_slightly_larger_one_would_not(
    name: str, lots: int, budget: int, cash: int
) -> None:
    """Oracle: the venue's quote. Largest to within a lot, and a thousandth for fee and rounding."""
    wanted = legs(name, lots)
    purse = Purse(budget_atoms=budget, cash_atoms=cash)
    ticket = affordable(wanted, purse, MARKET, VENUE)
    if ticket is None:
        one = needs(legs(name, 1))
        assert one[0] > budget or one[1] > cash
        return
    bought = ticket.legs[0].quantity_atoms // LOT
    assert 0 < abs(bought) <= lots
    outlay, whole = needs(ticket.legs)
    assert outlay <= budget
    assert whole <= cash
    if abs(bought) < lots:
        more = needs(legs(name, abs(bought) + 2 + abs(bought) // 1_000))
        assert more[0] > budget or more[1] > cash


def test_a_shape_keeps_its_signs_when_it_shrinks() -> None:
    wanted = legs("put_spread", 1_000)
    outlay, whole = needs(wanted)
    purse = Purse(budget_atoms=outlay // 3, cash_atoms=whole)
    ticket = affordable(wanted, purse, MARKET, VENUE)
    assert ticket is not None
    long, short = ticket.legs
    assert long.quantity_atoms == -short.quantity_atoms > 0
    assert [leg.contract for leg in ticket.legs] == [leg.contract for leg in wanted]


def test_nothing_is_bought_for_nothing() -> None:
    empty = Purse(budget_atoms=0, cash_atoms=0)
    assert affordable(legs("protective_put", 5), empty, MARKET, VENUE) is None
    assert affordable((), replace(empty, cash_atoms=10**12), MARKET, VENUE) is None
