"""The paper venue: quotes listed options, and fills orders at its own bid and ask, never at mid.

Everything is a pure function of terms, order, market and free cash: the same order on the same
market is the same fill, however often it is sent. What the simulation assumes, and the knob of
each assumption, is listed in docs/assumptions.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from bot.core.errors import NotQuotedError, OrderMalformedError
from bot.core.fees import FeeTerms, delivery_fee_atoms, trade_fee_atoms
from bot.core.listing import contract_near, expiry_near, is_listed, lot_atoms
from bot.core.margin import MarginTerms, hedge_margin_atoms, payoff_per_base
from bot.core.market import Market
from bot.core.orders import Contract, ContractKind, Fill, FillStatus, Intent, Leg, LegFill, Order
from bot.core.quotes import PoolTerms, quote
from bot.core.surface import implied_vol
from bot.core.units import YEAR_S, mul_div_down


class Refusal(Enum):
    """Why the venue did not fill; FILLED is the reason of every fill."""

    NO_MARKET = "NO_MARKET"  # the venue does not quote this pool, or it has no price now
    EXPIRED = "EXPIRED"  # a contract has expired: it can only be settled
    NOT_LISTED = "NOT_LISTED"  # a contract to open is not on the calendar or the strike grid
    LOT = "LOT"  # a size to open is not a whole number of lots
    SIZE = "SIZE"  # a leg is larger than the venue deals in one order
    NO_BID = "NO_BID"  # a sale that opens a short would bring nothing
    LIMIT = "LIMIT"  # the cash flow is worse than the order's limit
    CASH = "CASH"  # premium, fee and margin exceed free cash


FILLED = "FILLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTerms:
    """Everything the paper venue goes by. pools: terms by pool name; others are not quoted."""

    pools: Mapping[str, PoolTerms]
    fees: FeeTerms = field(default_factory=FeeTerms)
    margin: MarginTerms = field(default_factory=MarginTerms)


@dataclass(frozen=True, slots=True)
class PaperVenue:
    """Implements `Quoting` and `Venue` of ports.py from its terms alone; it keeps no state."""

    terms: VenueTerms

    # -- quoting ------------------------------------------------------------------------------

    def expiry_near(self, market: Market, *, tenor_s: int) -> int:
        """See `Quoting.expiry_near`; of two as near, the later."""
        return expiry_near(market.time_s, tenor_s=tenor_s, terms=self._pool(market).listing)

    def contract(self, market: Market, *, kind: str, target_atoms: int, expiry_s: int) -> Contract:
        """See `Quoting.contract`; kind is `call` or `put`."""
        return contract_near(
            market,
            kind=ContractKind(kind),
            target_atoms=target_atoms,
            expiry_s=expiry_s,
            terms=self._pool(market).listing,
        )

    def quantity_down(self, market: Market, *, quantity_atoms: int) -> int:
        """See `Quoting.quantity_down`."""
        lot = lot_atoms(market.base_decimals, self._pool(market).listing)
        return quantity_atoms // lot * lot

    def bid_ask(self, contract: Contract, market: Market) -> tuple[int, int]:
        """See `Quoting.bid_ask`."""
        quoted = quote(contract, market, self._pool(market))
        return quoted.bid_atoms, quoted.ask_atoms

    def mark(self, contract: Contract, market: Market) -> int:
        """See `Quoting.mark`."""
        return quote(contract, market, self._pool(market)).mark_atoms

    def atm_vol(self, market: Market, *, tenor_s: int) -> float:
        """See `Quoting.atm_vol`."""
        return self._vol(market, tenor_s=tenor_s, realised_vol=market.realised_vol)

    def calm_vol(self, market: Market, *, tenor_s: int) -> float:
        """See `Quoting.calm_vol`."""
        return self._vol(market, tenor_s=tenor_s, realised_vol=None)

    def quote_cash(self, legs: Sequence[Leg], market: Market) -> tuple[int, int]:
        """See `Quoting.quote_cash`: buys at the ask, sells at the bid."""
        fills = self._deal(legs, market)
        return sum(fill.cash_atoms for fill in fills), self._trade_fee(fills, market)

    def liquidation_atoms(self, legs: Sequence[Leg], market: Market) -> int:
        """See `Quoting.liquidation_atoms`."""
        closing = [Leg(contract=leg.contract, quantity_atoms=-leg.quantity_atoms) for leg in legs]
        cash, fee = self.quote_cash(closing, market)
        return cash - fee

    def margin_atoms(self, legs: Sequence[Leg], market: Market) -> int:
        """See `Quoting.margin_atoms`; legs that are all long need none."""
        if all(leg.quantity_atoms >= 0 for leg in legs):
            return 0
        return hedge_margin_atoms(
            legs,
            marks_atoms=[self.mark(leg.contract, market) for leg in legs],
            spot_atoms=market.spot_atoms,
            base_decimals=market.base_decimals,
            terms=self.terms.margin,
        )

    # -- filling ------------------------------------------------------------------------------

    def execute(
        self, orders: Sequence[Order], markets: Mapping[str, Market], cash: Mapping[str, int]
    ) -> tuple[Fill, ...]:
        """See `Venue.execute`.

        Free cash is carried from order to order: outlays, fees and margin leave it, proceeds
        enter it. Margin that a closed hedge releases is not known here and not counted.
        """
        free = dict(cash)
        fills = []
        for order in orders:
            _refuse_malformed(order)
            market = markets.get(order.pool)
            if order.intent is Intent.SETTLE:
                fill = self._settle(order, market)
            elif market is None or market.pool not in self.terms.pools or market.spot_atoms < 1:
                fill = _refused(order, Refusal.NO_MARKET)
            else:
                fill = self._fill(order, market, free.get(market.quote_symbol, 0))
            if market is not None:
                change = fill.cash_atoms - fill.fee_atoms - fill.margin_atoms
                free[market.quote_symbol] = free.get(market.quote_symbol, 0) + change
            fills.append(fill)
        return tuple(fills)

    def _fill(self, order: Order, market: Market, free_atoms: int) -> Fill:
        """Fill an opening or closing order, or say what forbids it. Closing leaves no margin."""
        if refusal := self._refusal_of_legs(order, market):
            return _refused(order, refusal)
        fills = self._deal(order.legs, market)
        if order.intent is Intent.OPEN and any(
            fill.leg.quantity_atoms < 0 and fill.price_atoms == 0 for fill in fills
        ):
            return _refused(order, Refusal.NO_BID)
        cash = sum(fill.cash_atoms for fill in fills)
        if order.cash_limit_atoms is not None and cash < order.cash_limit_atoms:
            return _refused(order, Refusal.LIMIT)
        fee = self._trade_fee(fills, market)
        margin = self.margin_atoms(order.legs, market) if order.intent is Intent.OPEN else 0
        if fee + margin - cash > max(0, free_atoms):
            return _refused(order, Refusal.CASH)
        # After this line it must succeed.
        unit = 10**market.base_decimals
        return Fill(
            order_id=order.id,
            status=FillStatus.FILLED,
            legs=fills,
            cash_atoms=cash,
            fee_atoms=fee,
            spread_atoms=sum(
                mul_div_down(-fill.leg.quantity_atoms, fill.mark_atoms, unit) - fill.cash_atoms
                for fill in fills
            ),
            margin_atoms=margin,
            reason=FILLED,
        )

    def _refusal_of_legs(self, order: Order, market: Market) -> Refusal | None:
        terms = self._pool(market)
        quantity_max = terms.quantity_max_base * 10**market.base_decimals
        lot = lot_atoms(market.base_decimals, terms.listing)
        for leg in order.legs:
            if leg.contract.expiry_s <= market.time_s:
                return Refusal.EXPIRED
            if abs(leg.quantity_atoms) > quantity_max:
                return Refusal.SIZE
            if order.intent is Intent.OPEN and leg.quantity_atoms % lot:
                return Refusal.LOT
            if order.intent is Intent.OPEN and not is_listed(leg.contract, market, terms.listing):
                return Refusal.NOT_LISTED
        return None

    def _settle(self, order: Order, market: Market | None) -> Fill:
        """Pay the legs as held by the settlement price, less the delivery fee; never refused."""
        if market is None or order.settlement_atoms is None:
            raise OrderMalformedError(
                order_id=order.id, problem="settling needs its market and a settlement price"
            )
        settlement, unit = order.settlement_atoms, 10**market.base_decimals
        fills = []
        for leg in order.legs:
            payoff = payoff_per_base(leg.contract, settlement)
            fills.append(
                LegFill(
                    leg=leg,
                    price_atoms=payoff,
                    mark_atoms=payoff,
                    cash_atoms=mul_div_down(leg.quantity_atoms, payoff, unit),
                )
            )
        return Fill(
            order_id=order.id,
            status=FillStatus.FILLED,
            legs=tuple(fills),
            cash_atoms=sum(fill.cash_atoms for fill in fills),
            fee_atoms=delivery_fee_atoms(
                fills,
                settlement_atoms=settlement,
                base_decimals=market.base_decimals,
                terms=self.terms.fees,
            ),
            spread_atoms=0,
            margin_atoms=0,
            reason=FILLED,
        )

    def _deal(self, legs: Sequence[Leg], market: Market) -> tuple[LegFill, ...]:
        """The legs at ask where bought and bid where sold; cash rounds against us."""
        terms, unit = self._pool(market), 10**market.base_decimals
        fills = []
        for leg in legs:
            quoted = quote(leg.contract, market, terms)
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

    def _trade_fee(self, fills: Sequence[LegFill], market: Market) -> int:
        return trade_fee_atoms(
            fills,
            spot_atoms=market.spot_atoms,
            base_decimals=market.base_decimals,
            terms=self.terms.fees,
        )

    def _vol(self, market: Market, *, tenor_s: int, realised_vol: float | None) -> float:
        return implied_vol(
            self._pool(market).surface,
            forward=1.0,
            strike=1.0,
            years=tenor_s / YEAR_S,
            realised_vol=realised_vol,
        )

    def _pool(self, market: Market) -> PoolTerms:
        terms = self.terms.pools.get(market.pool)
        if terms is None:
            quoted = ", ".join(sorted(self.terms.pools)) or "no pool"
            raise NotQuotedError(pool=market.pool, quoted=quoted)
        return terms


def _refused(order: Order, refusal: Refusal) -> Fill:
    return Fill(
        order_id=order.id,
        status=FillStatus.REFUSED,
        legs=(),
        cash_atoms=0,
        fee_atoms=0,
        spread_atoms=0,
        margin_atoms=0,
        reason=refusal.value,
    )


def _refuse_malformed(order: Order) -> None:
    """What no market explains is a fault of the caller, not a refusal."""
    if not order.legs:
        raise OrderMalformedError(order_id=order.id, problem="it has no legs")
    for leg in order.legs:
        if leg.quantity_atoms == 0 or leg.contract.pool != order.pool:
            raise OrderMalformedError(
                order_id=order.id,
                problem=f"leg {leg.contract.code} has quantity {leg.quantity_atoms}, "
                f"order pool is {order.pool}",
            )
    if order.intent is not Intent.SETTLE and order.cash_limit_atoms is None:
        raise OrderMalformedError(order_id=order.id, problem="it has no cash limit")
