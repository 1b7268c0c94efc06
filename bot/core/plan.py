"""What one tick decides, before anything is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.advice import Advice
from bot.core.canonical import Json
from bot.core.conditions import Metrics
from bot.core.exposure import Exposure
from bot.core.guard import Trust
from bot.core.market import Market
from bot.core.orders import Order
from bot.core.reasons import Reason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one layer of one pool does, and why.

    status: where it stood. wanted: where it wants to stand; `HOLDING` without a hedge after the
    fills becomes `ARMED`. numbers: the figures behind the reason, by metric name or unit.
    """

    pool: str
    layer: str
    status: Status
    wanted: Status
    reason: Reason
    numbers: Mapping[str, str | float | None]

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {
            "pool": self.pool,
            "layer": self.layer,
            "status": self.status.value,
            "wanted": self.wanted.value,
            "reason": self.reason.value,
            "numbers": dict(self.numbers),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Decision:
        """Read what `to_json` wrote."""
        return cls(
            pool=row["pool"],
            layer=row["layer"],
            status=Status(row["status"]),
            wanted=Status(row["wanted"]),
            reason=Reason(row["reason"]),
            numbers=row["numbers"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """One hedged pool as the tick saw it.

    exposure: None while the owner has no LP tokens. reserve_quote_atoms: the pool's quote side.
    trust: whether the price may be acted on. recent: metrics of the last blocks, oldest first, as
    many as the guard asks for, these included.
    """

    market: Market
    reserve_quote_atoms: int
    exposure: Exposure | None
    metrics: Metrics
    trust: Trust
    recent: tuple[Metrics, ...]

    @property
    def claim(self) -> tuple[int, int]:
        """(base, quote) atoms that the chain would pay out for the position now."""
        if self.exposure is None:
            return 0, 0
        return self.exposure.claim_base_atoms, self.exposure.claim_quote_atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All decisions of a tick, in the ladder's order, and the orders that carry them out.

    margins: hedge id -> margin that it needs from now on, quote atoms, where that changes.
    advice: on core positions that were due to be weighed. worth: hedge id -> what it would bring
    before any order, see core/hedge_worth.py; not written down, so empty in a plan that was read.
    """

    tick: int
    views: Mapping[str, PoolView]
    decisions: tuple[Decision, ...]
    orders: tuple[Order, ...]
    margins: Mapping[str, int] = field(default_factory=dict)
    advice: tuple[Advice, ...] = ()
    worth: Mapping[str, int | None] = field(default_factory=dict)
