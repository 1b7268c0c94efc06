"""What dealing at the venue's quotes brings and costs: cash, fee and margin of legs, by its terms.

Bought at the ask, sold at the bid, never between. Pure functions of terms and market.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.errors import NotQuotedError
from bot.core.fees import FeeTerms, delivery_fee_atoms, trade_fee_atoms
from bot.core.levels import Levels
from bot.core.listing import lot_atoms
from bot.core.margin import (
    MarginTerms,
    can_owe,
    hedge_margin_atoms,
    is_exposed,
    payoff_per_base,
)
from bot.core.market import Market
from bot.core.orders import Contract, Leg, LegFill, contract_unit
from bot.core.quotes import PoolTerms, quote
from bot.core.units import MILLION, mul_div_down
from bot.core.vol_index import index_micro
from bot.core.vol_quotes import quote_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTerms:
    """Everything the paper venue goes by. pools: terms by pool name; others are not quoted."""

    pools: Mapping[str, PoolTerms]
    fees: FeeTerms = field(default_factory=FeeTerms)
    margin: MarginTerms = field(default_factory=MarginTerms)

    def pool(self, market: Market) -> PoolTerms:
        """How the market's pool is quoted; NotQuotedError when it is not."""
        terms = self.pools.get(market.pool)
        if terms is None:
            quoted = ", ".join(sorted(self.pools)) or "no pool"
            raise NotQuotedError(pool=market.pool, quoted=quoted)
        return terms


def deal(legs: Sequence[Leg], market: Market, terms: VenueTerms) -> tuple[LegFill, ...]:
    """The legs at ask where bought and bid where sold; cash rounds against us."""
    pool_terms = terms.pool(market)
    fills = []
    for leg in legs:
        quoted = quote(leg.contract, market, pool_terms)
        price = quoted.ask_atoms if leg.quantity_atoms > 0 else quoted.bid_atoms
        fills.append(
            LegFill(
                leg=leg,
                price_atoms=price,
                mark_atoms=quoted.mark_atoms,
                cash_atoms=mul_div_down(-leg.quantity_atoms, price, unit_of(leg.contract, market)),
            )
        )
    return tuple(fills)


def dealing_fee(fills: Sequence[LegFill], market: Market, terms: VenueTerms) -> int:
    """Fee of dealing these legs now, quote atoms, >= 0."""
    return trade_fee_atoms(
        fills,
        levels=levels_of([fill.leg for fill in fills], market, terms),
        terms=terms.fees,
    )


def settled(legs: Sequence[Leg], market: Market, *, settlement_atoms: int) -> tuple[LegFill, ...]:
    """The legs paid by the settlement price, which leaves no spread; cash rounds against us."""
    fills = []
    for leg in legs:
        payoff = payoff_per_base(leg.contract, settlement_atoms)
        fills.append(
            LegFill(
                leg=leg,
                price_atoms=payoff,
                mark_atoms=payoff,
                cash_atoms=mul_div_down(leg.quantity_atoms, payoff, unit_of(leg.contract, market)),
            )
        )
    return tuple(fills)


def settling_fee(
    fills: Sequence[LegFill], market: Market, terms: VenueTerms, *, settlement_atoms: int
) -> int:
    """Fee of settling these legs, quote atoms, >= 0."""
    return delivery_fee_atoms(
        fills,
        settlement_atoms=settlement_atoms,
        levels=Levels(spot_atoms=market.spot_atoms, base_decimals=market.base_decimals),
        terms=terms.fees,
    )


def margin_of(legs: Sequence[Leg], market: Market, terms: VenueTerms) -> int:
    """Margin that holding these legs needs now, quote atoms; bought options alone need none."""
    if not any(map(is_exposed, legs)):
        return 0
    if not can_owe(tuple(legs), base_decimals=market.base_decimals):
        return 0
    pool_terms = terms.pool(market)
    return hedge_margin_atoms(
        legs,
        marks_atoms=[quote(leg.contract, market, pool_terms).mark_atoms for leg in legs],
        levels=levels_of(legs, market, terms),
        terms=terms.margin,
    )


def at_mark(leg: Leg, mark_atoms: int, market: Market) -> int:
    """Signed cash of dealing a leg at a price of `mark_atoms`, rounded down."""
    return mul_div_down(-leg.quantity_atoms, mark_atoms, unit_of(leg.contract, market))


def unit_of(contract: Contract, market: Market) -> int:
    """See `contract_unit`."""
    return contract_unit(contract, base_decimals=market.base_decimals)


def lot_of(market: Market, terms: VenueTerms, *, on_index: bool) -> int:
    """Smallest size of contracts on the price or on the index, in their own unit."""
    pool_terms = terms.pool(market)
    if on_index:
        return pool_terms.vol.lot_micro
    return lot_atoms(market.base_decimals, pool_terms.listing)


def quantity_max(market: Market, terms: VenueTerms, *, on_index: bool) -> int:
    """The most that a leg of one order may have, in the unit of its contract."""
    pool_terms = terms.pool(market)
    if on_index:
        return MILLION * pool_terms.vol.contracts_max
    most: int = pool_terms.quantity_max_base * 10**market.base_decimals
    return most


def levels_of(legs: Sequence[Leg], market: Market, terms: VenueTerms) -> Levels:
    """What these legs are written on now; the index is worked out only where one looks at it."""
    on_index = any(leg.contract.kind.is_on_index for leg in legs)
    token = market.vol_token_micro
    return Levels(
        spot_atoms=market.spot_atoms,
        base_decimals=market.base_decimals,
        index_atoms=index_atoms(market, terms) if on_index else 0,
        token_atoms=0 if token is None else mul_div_down(token, quote_unit(market), MILLION),
    )


def index_atoms(market: Market, terms: VenueTerms) -> int:
    """The volatility index now, quote atoms a contract, rounded down."""
    micro = index_micro(terms.pool(market).surface, market.realised_vol)
    return mul_div_down(micro, quote_unit(market), MILLION)
