"""The paper venue: quotes listed options, and fills orders at its own bid and ask, never at mid.

Everything is a pure function of terms, order, market and free cash: the same order on the same
market is the same fill, however often it is sent. What the simulation assumes, and the knob of
each assumption, is listed in docs/assumptions.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.dealing import (
    VenueTerms,
    at_mark,
    deal,
    dealing_fee,
    index_atoms,
    lot_of,
    margin_of,
    quantity_max,
    settled,
    settling_fee,
)
from bot.core.legs import reversed_legs
from bot.core.listing import contract_near, expiry_near
from bot.core.market import Market
from bot.core.matching import FILLED, Refusal, match
from bot.core.orders import Contract, ContractKind, Fill, Leg, Order
from bot.core.ports import Cash
from bot.core.quotes import quote
from bot.core.surface import implied_vol
from bot.core.unit_greeks import UnitGreeks, greeks_of
from bot.core.units import YEAR_S
from bot.core.vol_index import index_points
from bot.core.vol_listing import vol_contract_near
from bot.core.vol_token import TokenSeen, carried_on, value_micro

__all__ = ["FILLED", "PaperVenue", "Refusal", "VenueTerms"]


@dataclass(frozen=True, slots=True)
class PaperVenue:
    """Implements `Quoting` and `Venue` of ports.py from its terms alone; it keeps no state."""

    terms: VenueTerms

    # -- quoting ------------------------------------------------------------------------------

    def expiry_near(self, market: Market, *, tenor_s: int) -> int:
        """See `Quoting.expiry_near`; of two as near, the later."""
        return expiry_near(market.time_s, tenor_s=tenor_s, terms=self.terms.pool(market).listing)

    def contract(self, market: Market, *, kind: str, target_atoms: int, expiry_s: int) -> Contract:
        """See `Quoting.contract`; kind is a value of `ContractKind`."""
        if ContractKind(kind).is_on_index:
            return vol_contract_near(
                market,
                kind=ContractKind(kind),
                target_atoms=target_atoms,
                expiry_s=expiry_s,
                terms=self.terms.pool(market).vol,
            )
        return contract_near(
            market,
            kind=ContractKind(kind),
            target_atoms=target_atoms,
            expiry_s=expiry_s,
            terms=self.terms.pool(market).listing,
        )

    def quantity_down(self, market: Market, *, quantity_atoms: int, on_index: bool = False) -> int:
        """See `Quoting.quantity_down`."""
        lot = lot_of(market, self.terms, on_index=on_index)
        return quantity_atoms // lot * lot

    def quantity_max(self, market: Market, *, on_index: bool = False) -> int:
        """See `Quoting.quantity_max`."""
        return quantity_max(market, self.terms, on_index=on_index)

    def bid_ask(self, contract: Contract, market: Market) -> tuple[int, int]:
        """See `Quoting.bid_ask`."""
        quoted = quote(contract, market, self.terms.pool(market))
        return quoted.bid_atoms, quoted.ask_atoms

    def mark(self, contract: Contract, market: Market) -> int:
        """See `Quoting.mark`."""
        return quote(contract, market, self.terms.pool(market)).mark_atoms

    def atm_vol(self, market: Market, *, tenor_s: int) -> float:
        """See `Quoting.atm_vol`."""
        return self._vol(market, tenor_s=tenor_s, realised_vol=market.realised_vol)

    def calm_vol(self, market: Market, *, tenor_s: int) -> float:
        """See `Quoting.calm_vol`."""
        return self._vol(market, tenor_s=tenor_s, realised_vol=None)

    def greeks(self, contract: Contract, market: Market) -> UnitGreeks:
        """See `Quoting.greeks`."""
        return greeks_of(contract, market, self.terms.pool(market))

    def index_atoms(self, market: Market) -> int:
        """See `Quoting.index_atoms`."""
        return index_atoms(market, self.terms)

    def index_points(self, market: Market) -> float:
        """See `Quoting.index_points`."""
        return index_points(self.terms.pool(market).surface, market.realised_vol)

    def vol_token(self, seen: TokenSeen | None, market: Market) -> tuple[TokenSeen, int]:
        """See `Quoting.vol_token`."""
        terms = self.terms.pool(market)
        after = carried_on(seen, market, surface=terms.surface, terms=terms.vol)
        return after, value_micro(after, market, surface=terms.surface, terms=terms.vol)

    def quote_cash(self, legs: Sequence[Leg], market: Market) -> tuple[int, int]:
        """See `Quoting.quote_cash`: buys at the ask, sells at the bid."""
        fills = deal(legs, market, self.terms)
        return sum(fill.cash_atoms for fill in fills), dealing_fee(fills, market, self.terms)

    def liquidation_atoms(self, legs: Sequence[Leg], market: Market) -> int:
        """See `Quoting.liquidation_atoms`."""
        cash, fee = self.quote_cash(reversed_legs(legs), market)
        return cash - fee

    def mark_cash(self, legs: Sequence[Leg], market: Market) -> int:
        """See `Quoting.mark_cash`."""
        return sum(at_mark(leg, self.mark(leg.contract, market), market) for leg in legs)

    def settle_atoms(self, legs: Sequence[Leg], market: Market, *, settlement_atoms: int) -> int:
        """See `Quoting.settle_atoms`."""
        fills = settled(legs, market, settlement_atoms=settlement_atoms)
        fee = settling_fee(fills, market, self.terms, settlement_atoms=settlement_atoms)
        return sum(fill.cash_atoms for fill in fills) - fee

    def margin_atoms(self, legs: Sequence[Leg], market: Market) -> int:
        """See `Quoting.margin_atoms`."""
        return margin_of(legs, market, self.terms)

    def execute(
        self, orders: Sequence[Order], markets: Mapping[str, Market], cash: Cash
    ) -> tuple[Fill, ...]:
        """See `Venue.execute`."""
        return match(orders, markets, cash, self.terms)

    def _vol(self, market: Market, *, tenor_s: int, realised_vol: float | None) -> float:
        return implied_vol(
            self.terms.pool(market).surface,
            forward=1.0,
            strike=1.0,
            years=tenor_s / YEAR_S,
            realised_vol=realised_vol,
        )
