"""Orders and fills: what the policy asks for and what the venue answers.

Quantities and prices are in the units of bot/core/contracts.py, money is quote atoms. Positive
quantity: we are long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.core.canonical import Json
from bot.core.contracts import Contract, ContractKind, contract_unit
from bot.core.sleeves import Sleeve

__all__ = [
    "Contract",
    "ContractKind",
    "Fill",
    "FillStatus",
    "Intent",
    "Leg",
    "LegFill",
    "Order",
    "contract_unit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A signed quantity of one contract, > 0 bought or long, < 0 sold or short: base atoms, on the
    index millionths of a contract."""

    contract: Contract
    quantity_atoms: int

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {"contract": self.contract.to_json(), "quantity": str(self.quantity_atoms)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Leg:
        """Read what `to_json` wrote."""
        return cls(
            contract=Contract.from_json(row["contract"]), quantity_atoms=int(row["quantity"])
        )


class Intent(Enum):
    """Why an order exists."""

    OPEN = "open"
    CLOSE = "close"
    SETTLE = "settle"  # expiry: the venue pays by the settlement price, nobody can refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All legs fill in the same share, or none does; what is left over is not kept by the venue.

    id: digest of (chain id, block hash, rules hash, tick; pool, layer, intent, legs).
    hedge_id: the hedge it opens, adds to, closes or settles; the id of the order that opened it.
    cash_limit_atoms: the least cash flow accepted for all legs whole, before fees, signed from our
    side: -500 says "pay 500 quote atoms at the most", +500 "receive at least 500".
    good_until_s: block time after which it has lapsed. Both are None only for SETTLE.
    settlement_atoms: for SETTLE the 30-minute TWAP at expiry, quote atoms per whole base token.
    margin_atoms: margin that the hedge holds now, which closing it may spend, quote atoms, >= 0.
    is_forced: a margin call: it is filled whatever it costs and whatever is on the book.
    sleeve: whose money pays.
    delta_ppb, target_atoms: for OPEN what the hedge is measured by later, see `Hedge`.
    """

    id: str
    hedge_id: str
    pool: str
    layer: str
    intent: Intent
    legs: tuple[Leg, ...]
    cash_limit_atoms: int | None
    settlement_atoms: int | None
    reason: str
    good_until_s: int | None = None
    margin_atoms: int = 0
    is_forced: bool = False
    delta_ppb: int = 0
    target_atoms: int = 0
    sleeve: Sleeve = Sleeve.CORE

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {
            "id": self.id,
            "hedge_id": self.hedge_id,
            "pool": self.pool,
            "layer": self.layer,
            "intent": self.intent.value,
            "legs": [leg.to_json() for leg in self.legs],
            "cash_limit": _text(self.cash_limit_atoms),
            "settlement": _text(self.settlement_atoms),
            "reason": self.reason,
            "good_until_s": self.good_until_s,
            "margin": str(self.margin_atoms),
            "is_forced": self.is_forced,
            "delta_ppb": self.delta_ppb,
            "target": str(self.target_atoms),
            "sleeve": self.sleeve.value,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Order:
        """Read what `to_json` wrote."""
        return cls(
            id=row["id"],
            hedge_id=row["hedge_id"],
            pool=row["pool"],
            layer=row["layer"],
            intent=Intent(row["intent"]),
            legs=tuple(Leg.from_json(leg) for leg in row["legs"]),
            cash_limit_atoms=_number(row["cash_limit"]),
            settlement_atoms=_number(row["settlement"]),
            reason=row["reason"],
            good_until_s=row["good_until_s"],
            margin_atoms=int(row["margin"]),
            is_forced=row["is_forced"],
            delta_ppb=row["delta_ppb"],
            target_atoms=int(row["target"]),
            sleeve=Sleeve(row["sleeve"]),
        )


class FillStatus(Enum):
    """The venue's answer."""

    FILLED = "filled"
    PARTIAL = "partial"  # the same share of every leg, as much as the book had
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFill:
    """One leg at its price: the ask when bought, the bid when sold, the payoff when settled.

    mark_atoms: the model price at that moment; |price - mark| is the spread paid.
    cash_atoms: signed cash flow of the leg, rounded against us.
    """

    leg: Leg
    price_atoms: int
    mark_atoms: int
    cash_atoms: int

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {
            "leg": self.leg.to_json(),
            "price": str(self.price_atoms),
            "mark": str(self.mark_atoms),
            "cash": str(self.cash_atoms),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> LegFill:
        """Read what `to_json` wrote."""
        return cls(
            leg=Leg.from_json(row["leg"]),
            price_atoms=int(row["price"]),
            mark_atoms=int(row["mark"]),
            cash_atoms=int(row["cash"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """The venue's answer to one order.

    legs: what was dealt. cash_atoms: sum over legs, signed, fees excluded. fee_atoms: >= 0.
    spread_atoms: what the bid/ask spread cost against the mark, >= 0, contained in cash_atoms.
    margin_atoms: margin that what was opened needs, >= 0; 0 when closing or settling.
    reason: FILLED, or why it was refused or cut (LIMIT, NOT_LISTED, SIZE, CASH, DEPTH, ...).
    """

    order_id: str
    status: FillStatus
    legs: tuple[LegFill, ...]
    cash_atoms: int
    fee_atoms: int
    spread_atoms: int
    margin_atoms: int
    reason: str

    @property
    def is_dealt(self) -> bool:
        """Whether anything changed hands."""
        return self.status is not FillStatus.REFUSED

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {
            "order_id": self.order_id,
            "status": self.status.value,
            "legs": [leg.to_json() for leg in self.legs],
            "cash": str(self.cash_atoms),
            "fee": str(self.fee_atoms),
            "spread": str(self.spread_atoms),
            "margin": str(self.margin_atoms),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Fill:
        """Read what `to_json` wrote."""
        return cls(
            order_id=row["order_id"],
            status=FillStatus(row["status"]),
            legs=tuple(LegFill.from_json(leg) for leg in row["legs"]),
            cash_atoms=int(row["cash"]),
            fee_atoms=int(row["fee"]),
            spread_atoms=int(row["spread"]),
            margin_atoms=int(row["margin"]),
            reason=row["reason"],
        )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
