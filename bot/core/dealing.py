"""What dealing at the venue's quotes brings and costs: cash, fee and margin of legs, by its terms.

Bought at the ask, sold at the bid, never between. Pure functions of terms and market.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.errors import NotQuotedError
from bot.core.fees import FeeTerms, trade_fee_atoms
from bot.core.margin import MarginTerms, hedge_margin_atoms, is_exposed
from bot.core.market import Market
from bot.core.orders import Leg, LegFill
from bot.core.quotes import PoolTerms, quote
from bot.core.units import mul_div_down


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
    pool_terms, unit = terms.pool(market), 10**market.base_decimals
    fills = []
    for leg in legs:
        quoted = quote(leg.contract, market, pool_terms)
        price = quoted.ask_atoms if leg.quantity_atoms > 0 else quoted.bid_atoms
        fills.append(
            LegFill(
                leg=leg,
                price_atoms=price,
                mark_atoms=quoted.mark_atoms,
                cash_atoms=mul_div_down(-leg.quantity_atoms, price, unit),
            )
        )
    return tuple(fills)


def dealing_fee(fills: Sequence[LegFill], market: Market, terms: VenueTerms) -> int:
    """Fee of dealing these legs now, quote atoms, >= 0."""
    return trade_fee_atoms(
        fills,
        spot_atoms=market.spot_atoms,
        base_decimals=market.base_decimals,
        terms=terms.fees,
    )


def margin_of(legs: Sequence[Leg], market: Market, terms: VenueTerms) -> int:
    """Margin that holding these legs needs now, quote atoms; bought options alone need none."""
    if not any(map(is_exposed, legs)):
        return 0
    pool_terms = terms.pool(market)
    return hedge_margin_atoms(
        legs,
        marks_atoms=[quote(leg.contract, market, pool_terms).mark_atoms for leg in legs],
        spot_atoms=market.spot_atoms,
        base_decimals=market.base_decimals,
        terms=terms.margin,
    )
