"""Advice on the core position: what may be done with it, what that brings and costs, and why not.

Paper actions only, weighed by bot/core/weighing.py and held back by bot/core/advice_judge.py until
they pay, again and again; docs/rules.md explains each reason.
Why so: docs/adr/0028-core-advice.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from bot.core.advice_terms import Kind
from bot.core.canonical import Json
from bot.core.units import YEAR_S


class Action(Enum):
    """What is advised; `KEEP` is advice too."""

    KEEP = "keep"
    GROW = "grow"  # more capital
    SHRINK = "shrink"  # less capital
    NARROW = "narrow"  # the same capital between nearer prices
    WIDEN = "widen"  # between farther ones
    RECENTRE = "recentre"  # as far apart, around the price again
    MOVE_TIER = "move_tier"  # a pool of the same pair with another fee
    MIGRATE = "migrate"  # another pair
    COMPOUND = "compound"  # idle fees put back


class Why(Enum):
    """The reason of each piece of advice, of keeping too."""

    PAYS = "PAYS"  # the gain pays for the cost in time: advised
    FOLLOWED = "FOLLOWED"  # the same, and booked on paper
    AWAITS = "AWAITS"  # it would pay, but not enough weighings in a row have said so
    SETTLING = "SETTLING"  # it would pay, but other advice is too recent
    OUTBID = "OUTBID"  # it would pay, but another action of this position pays more
    SMALL = "SMALL"  # the best there is brings too little
    SLOW = "SLOW"  # its cost would take too long to be earned back
    BEST = "BEST"  # nothing offered is better than what is
    IN_BAND = "IN_BAND"  # the core's share is where return and cost of capital want it
    UNKNOWN = "UNKNOWN"  # a figure that it needs is not known yet
    NO_TARGET = "NO_TARGET"  # no watched pool moves along closely enough
    DOUBTED = "DOUBTED"  # the price of the pool to go to is not trusted
    BY_ITSELF = "BY_ITSELF"  # the pool compounds its fees itself


WORTH = frozenset({Why.PAYS, Why.FOLLOWED, Why.AWAITS, Why.SETTLING, Why.OUTBID})
"""Reasons of actions whose gain pays for their cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an action takes, quote atoms, each >= 0 and rounded up."""

    gas_atoms: int = 0
    fee_atoms: int = 0
    slippage_atoms: int = 0

    @property
    def atoms(self) -> int:
        """All of it."""
        return self.gas_atoms + self.fee_atoms + self.slippage_atoms

    def plus(self, other: Cost) -> Cost:
        """Both."""
        return Cost(
            gas_atoms=self.gas_atoms + other.gas_atoms,
            fee_atoms=self.fee_atoms + other.fee_atoms,
            slippage_atoms=self.slippage_atoms + other.slippage_atoms,
        )


FREE = Cost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One kind of action, weighed for one position on one tick.

    target: where to: a half-width in bps or `full`, a fee in bps, a pool, or for a change of size
    quote atoms; empty for `KEEP` without a better one. gain_atoms: expected a year, quote, signed.
    numbers: the figures behind it.
    """

    pool: str
    kind: Kind
    action: Action
    why: Why
    target: str = ""
    gain_atoms: int = 0
    cost: Cost = FREE
    numbers: Mapping[str, str | float | None] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What makes it the same advice again; an amount does not."""
        if self.kind in (Kind.RESIZE, Kind.COMPOUND):
            return self.action.value
        return f"{self.action.value} {self.target}"

    @property
    def payback_days(self) -> float | None:
        """After how many days the gain has paid for the cost; None where it never does."""
        if self.gain_atoms <= 0:
            return None
        return round(self.cost.atoms * (YEAR_S / 86_400) / self.gain_atoms, 3)

    @property
    def is_given(self) -> bool:
        """Whether it is advised to do something."""
        return self.why in (Why.PAYS, Why.FOLLOWED)

    def to_json(self) -> Json:
        """Return the canonical form for the journal."""
        return {
            "pool": self.pool,
            "kind": self.kind.value,
            "action": self.action.value,
            "why": self.why.value,
            "target": self.target,
            "gain": str(self.gain_atoms),
            "gas": str(self.cost.gas_atoms),
            "fee": str(self.cost.fee_atoms),
            "slippage": str(self.cost.slippage_atoms),
            "payback_days": self.payback_days,
            "numbers": dict(self.numbers),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Advice:
        """Read what `to_json` wrote."""
        return cls(
            pool=row["pool"],
            kind=Kind(row["kind"]),
            action=Action(row["action"]),
            why=Why(row["why"]),
            target=row["target"],
            gain_atoms=int(row["gain"]),
            cost=Cost(
                gas_atoms=int(row["gas"]),
                fee_atoms=int(row["fee"]),
                slippage_atoms=int(row["slippage"]),
            ),
            numbers=row["numbers"],
        )
