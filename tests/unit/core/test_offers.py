"""What a venue offers: every listed strike, at its own bid and ask, to be hedged with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.core.errors import NotListedError
from bot.core.hedge_fit import HedgeTerms, Objective, best_hedge
from bot.core.listing import is_listed, strike_step_atoms
from bot.core.market import Market
from bot.core.offers import listed_contracts, venue_offers
from bot.core.orders import ContractKind
from bot.core.quotes import MAJOR_POOL, PoolTerms
from bot.core.residual import Position
from bot.core.units import YEAR_S
from bot.core.venue import PaperVenue, VenueTerms

USD = 10**6
MARKET = Market(
    pool="WETH-USDC", time_s=1_770_120_000, base_symbol="WETH", base_decimals=18,
    quote_symbol="USDC", quote_decimals=6, spot_atoms=2_000 * USD, twap_atoms=None,
    realised_vol=0.6,
)  # fmt: skip
VENUE = PaperVenue(VenueTerms(pools={"WETH-USDC": MAJOR_POOL}))
EXPIRY_S = VENUE.expiry_near(MARKET, tenor_s=14 * 86_400)
SPAN = {"low_atoms": 1_500 * USD, "high_atoms": 2_500 * USD, "expiries_s": [EXPIRY_S]}


def test_every_listed_strike_between_the_ends_is_found_once_as_put_and_call() -> None:
    """Oracle: the strike step of the listing, 50 USD at 2,000."""
    assert strike_step_atoms(MARKET.spot_atoms, MAJOR_POOL.listing) == 50 * USD
    found = listed_contracts(VENUE, MARKET, **SPAN)
    wanted = [strike * USD for strike in range(1_500, 2_501, 50)]
    for kind in (ContractKind.PUT, ContractKind.CALL):
        assert [one.strike_atoms for one in found if one.kind is kind] == wanted
    assert all(is_listed(one, MARKET, MAJOR_POOL.listing) for one in found)


def test_offers_are_the_venues_own_bid_and_ask_in_whole_tokens() -> None:
    contracts = listed_contracts(VENUE, MARKET, **SPAN)
    offers = venue_offers(VENUE, MARKET, contracts)
    for row, contract in enumerate(contracts):
        bid, ask = VENUE.bid_ask(contract, MARKET)
        assert offers.bids[row] == bid / USD
        assert offers.asks[row] == ask / USD
        assert offers.strikes[row] == contract.strike_atoms / USD
        assert offers.is_call[row] == (contract.kind is ContractKind.CALL)
    assert offers.years == pytest.approx((EXPIRY_S - MARKET.time_s) / YEAR_S)


def test_a_position_is_hedged_from_what_the_venue_lists() -> None:
    contracts = listed_contracts(VENUE, MARKET, **SPAN)
    years = (EXPIRY_S - MARKET.time_s) / YEAR_S
    position = Position(entry=2_000.0, lower=1_700.0, upper=2_300.0, notional=100_000.0)
    hedge = best_hedge(
        venue_offers(VENUE, MARKET, contracts), position,
        terms=HedgeTerms(low=1_600.0, high=2_400.0, years=years), objective=Objective.MINIMAX,
    )  # fmt: skip
    unhedged = -position.loss([1_600.0, 2_400.0]).min()
    assert hedge.bounds.worst < unhedged / 50
    asked = sum(
        quantity * VENUE.bid_ask(contract, MARKET)[1] / USD
        for contract, quantity in zip(contracts, hedge.quantities.tolist(), strict=True)
    )
    assert hedge.cost == pytest.approx(asked, rel=1e-9)
    assert np.all(hedge.quantities >= 0.0)


def test_a_grid_too_fine_to_ask_through_is_refused() -> None:
    fine = replace(MAJOR_POOL.listing, strike_step_bps=1)
    venue = PaperVenue(VenueTerms(pools={"WETH-USDC": PoolTerms(listing=fine)}))
    with pytest.raises(NotListedError, match="strikes asked for"):
        listed_contracts(venue, MARKET, **SPAN)
