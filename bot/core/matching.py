"""Orders against the paper venue's book: filled, filled in part, or refused with a reason.

The same orders on the same market with the same cash are the same fills, however often they are
sent. Nothing rests here: what a fill leaves over is the caller's to order again.
Why so: docs/adr/0016-orders-that-rest.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from bot.core.dealing import (
    VenueTerms,
    at_mark,
    deal,
    dealing_fee,
    lot_of,
    margin_of,
    quantity_max,
    settled,
    settling_fee,
)
from bot.core.depth import depth_atoms
from bot.core.errors import OrderMalformedError
from bot.core.legs import scaled_legs, size_atoms
from bot.core.listing import is_listed
from bot.core.margin import beyond_margin
from bot.core.market import Market
from bot.core.orders import Contract, Fill, FillStatus, Intent, Leg, LegFill, Order
from bot.core.ports import Cash
from bot.core.quotes import PoolTerms
from bot.core.units import mul_div_down
from bot.core.vol_listing import is_vol_listed, vol_depth_micro


class Refusal(Enum):
    """Why the venue did not fill, or not all; FILLED is the reason of every whole fill."""

    NO_MARKET = "NO_MARKET"  # the venue does not quote this pool, or it has no price now
    EXPIRED = "EXPIRED"  # a contract has expired: it can only be settled
    NOT_LISTED = "NOT_LISTED"  # a contract to open is not on the calendar or the strike grid
    LOT = "LOT"  # a size to open is not a whole number of lots
    SIZE = "SIZE"  # a leg is larger than the venue deals in one order
    LAPSED = "LAPSED"  # the order was good until an earlier block time
    NO_BID = "NO_BID"  # a sale that opens a short would bring nothing
    LIMIT = "LIMIT"  # the cash flow is worse than the order's limit
    DEPTH = "DEPTH"  # the book shows less than the order asks for: the rest, or all, is not dealt
    CASH = "CASH"  # premium, fee and margin exceed free cash


FILLED = "FILLED"


def match(
    orders: Sequence[Order],
    markets: Mapping[str, Market],
    cash: Cash,
    terms: VenueTerms,
) -> tuple[Fill, ...]:
    """One fill an order, in order.

    Free cash and what the book shows are carried from order to order: outlays, fees and margin
    leave their sleeve's cash, proceeds enter it. Margin that a closed hedge releases pays for its
    own closing, of which only what it costs beyond that leaves the cash, and for nothing else.
    """
    by_sleeve = {sleeve: dict(free) for sleeve, free in cash.items()}
    shown = _Shown(terms)
    fills = []
    for order in orders:
        _refuse_malformed(order)
        market, free = markets.get(order.pool), by_sleeve.setdefault(order.sleeve, {})
        if order.intent is Intent.SETTLE:
            fill = _settled(order, market, terms)
        elif market is None or market.pool not in terms.pools or market.spot_atoms < 1:
            fill = _refused(order, Refusal.NO_MARKET)
        else:
            fill = _matched(order, market, free.get(market.quote_symbol, 0), shown)
        if market is not None:
            free[market.quote_symbol] = free.get(market.quote_symbol, 0) + _change(order, fill)
        fills.append(fill)
    return tuple(fills)


@dataclass(slots=True)
class _Shown:
    """What is left of the book's depth while one tick's orders are dealt, by contract and side."""

    terms: VenueTerms
    taken: dict[tuple[str, bool], int] = field(default_factory=dict)

    def cut(self, legs: tuple[Leg, ...], market: Market) -> tuple[Leg, ...]:
        """The largest share of the legs that the book shows, each in whole lots; () for none."""
        share = min(Fraction(self._left(leg, market), abs(leg.quantity_atoms)) for leg in legs)
        if share >= 1:
            return legs
        return scaled_legs(
            legs,
            share,
            lot_of=lambda contract: lot_of(market, self.terms, on_index=contract.kind.is_on_index),
        )

    def take(self, legs: Sequence[Leg]) -> None:
        """Note what was dealt."""
        for leg in legs:
            key = leg.contract.code, leg.quantity_atoms > 0
            self.taken[key] = self.taken.get(key, 0) + abs(leg.quantity_atoms)

    def _left(self, leg: Leg, market: Market) -> int:
        depth = _depth(leg.contract, market, self.terms.pool(market))
        return max(0, depth - self.taken.get((leg.contract.code, leg.quantity_atoms > 0), 0))


def _matched(order: Order, market: Market, free_atoms: int, shown: _Shown) -> Fill:
    """Deal an opening or closing order as far as the book goes, or say what forbids it."""
    terms = shown.terms
    if refusal := _refusal(order, market, terms):
        return _refused(order, refusal)
    legs = order.legs if order.is_forced else shown.cut(order.legs, market)
    if not legs:
        return _refused(order, Refusal.DEPTH)
    fills = deal(legs, market, terms)
    cash, fee = sum(fill.cash_atoms for fill in fills), dealing_fee(fills, market, terms)
    margin = margin_of(legs, market, terms) if order.intent is Intent.OPEN else 0
    released = _released(order, fills)
    if fee + margin - cash > max(0, free_atoms) + released and not order.is_forced:
        return _refused(order, Refusal.CASH)
    # After this line it must succeed.
    shown.take(legs)
    is_whole = legs == order.legs
    return Fill(
        order_id=order.id,
        status=FillStatus.FILLED if is_whole else FillStatus.PARTIAL,
        legs=fills,
        cash_atoms=cash,
        fee_atoms=fee,
        spread_atoms=sum(
            at_mark(fill.leg, fill.mark_atoms, market) - fill.cash_atoms for fill in fills
        ),
        margin_atoms=margin,
        reason=FILLED if is_whole else Refusal.DEPTH.value,
    )


def _change(order: Order, fill: Fill) -> int:
    """What a fill adds to free cash, signed."""
    net = fill.cash_atoms - fill.fee_atoms
    if order.intent is Intent.OPEN:
        return net - fill.margin_atoms
    return net if net >= 0 else -beyond_margin(net, _released(order, fill.legs))


def _released(order: Order, fills: Sequence[LegFill]) -> int:
    """The closed part's share of the margin that the hedge holds, rounded down."""
    part = size_atoms([fill.leg for fill in fills])
    return mul_div_down(order.margin_atoms, part, size_atoms(order.legs))


def _refusal(order: Order, market: Market, terms: VenueTerms) -> Refusal | None:
    """What forbids the order at any size. Quotes are the same for any size, so its price limit is
    judged on the order as a whole."""
    if refusal := _refusal_of_legs(order, market, terms):
        return refusal
    if order.good_until_s is not None and market.time_s > order.good_until_s:
        return Refusal.LAPSED
    fills = deal(order.legs, market, terms)
    if order.intent is Intent.OPEN and any(map(_is_given_away, fills)):
        return Refusal.NO_BID
    cash = sum(fill.cash_atoms for fill in fills)
    if order.cash_limit_atoms is not None and cash < order.cash_limit_atoms:
        return Refusal.LIMIT
    return None


def _refusal_of_legs(order: Order, market: Market, terms: VenueTerms) -> Refusal | None:
    pool_terms = terms.pool(market)
    for leg in order.legs:
        lot = lot_of(market, terms, on_index=leg.contract.kind.is_on_index)
        most = quantity_max(market, terms, on_index=leg.contract.kind.is_on_index)
        if leg.contract.expiry_s <= market.time_s:
            return Refusal.EXPIRED
        if abs(leg.quantity_atoms) > most and not order.is_forced:
            return Refusal.SIZE
        if order.intent is Intent.OPEN and leg.quantity_atoms % lot:
            return Refusal.LOT
        if order.intent is Intent.OPEN and not _is_listed(leg.contract, market, pool_terms):
            return Refusal.NOT_LISTED
    return None


def _is_listed(contract: Contract, market: Market, terms: PoolTerms) -> bool:
    if contract.kind.is_on_index:
        return is_vol_listed(contract, market, listing=terms.listing, terms=terms.vol)
    return is_listed(contract, market, terms.listing)


def _depth(contract: Contract, market: Market, terms: PoolTerms) -> int:
    """What stands at the quote on one side, in the contract's unit."""
    stress = terms.surface.stress(market.realised_vol)
    if contract.kind.is_on_index:
        return vol_depth_micro(
            stress=stress, stress_thinning=terms.depth.stress_thinning, terms=terms.vol
        )
    return depth_atoms(contract, market, stress=stress, listing=terms.listing, terms=terms.depth)


def _is_given_away(fill: LegFill) -> bool:
    """Whether an option is sold for nothing; a forward at a price of 0 is fair."""
    is_option = fill.leg.contract.kind.is_option
    return is_option and fill.leg.quantity_atoms < 0 and fill.price_atoms == 0


def _settled(order: Order, market: Market | None, terms: VenueTerms) -> Fill:
    """Pay the legs as held by the settlement price, less the delivery fee; never refused."""
    if market is None or order.settlement_atoms is None:
        raise OrderMalformedError(
            order_id=order.id, problem="settling needs its market and a settlement price"
        )
    settlement = order.settlement_atoms
    fills = settled(order.legs, market, settlement_atoms=settlement)
    return Fill(
        order_id=order.id,
        status=FillStatus.FILLED,
        legs=fills,
        cash_atoms=sum(fill.cash_atoms for fill in fills),
        fee_atoms=settling_fee(fills, market, terms, settlement_atoms=settlement),
        spread_atoms=0,
        margin_atoms=0,
        reason=FILLED,
    )


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
    if order.intent is Intent.SETTLE or order.is_forced:
        return
    if order.cash_limit_atoms is None or order.good_until_s is None:
        raise OrderMalformedError(order_id=order.id, problem="it has no cash limit or no time")
