"""What one layer's decision may depend on, and what it can come to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.conditions import Condition, comparisons
from bot.core.orders import Order
from bot.core.plan import Decision, PoolView
from bot.core.ports import Quoting
from bot.core.reasons import Reason, Status
from bot.core.rules import Layer, Rules
from bot.core.state import Hedge, LayerState, PoolBook

Numbers = dict[str, str | float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One layer of one pool on one tick, with everything that its decision may depend on.

    cause: digest of chain, block, rules and tick. budget_atoms, cash_atoms: what is left to spend.
    is_called: whether free cash does not pay for the margin that its hedge needs now.
    """

    cause: str
    rules: Rules
    layer: Layer
    view: PoolView
    book: PoolBook
    held: LayerState
    hedge: Hedge | None
    is_called: bool
    budget_atoms: int
    cash_atoms: int
    quoting: Quoting

    @property
    def time_s(self) -> int:
        """Block time."""
        return self.view.market.time_s

    def metrics(self, condition: Condition) -> Numbers:
        """The figures that a condition looks at."""
        return {part.metric: self.view.metrics[part.metric] for part in comparisons(condition)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision, the order that carries it out, and what that takes from the purse."""

    wanted: Status
    reason: Reason
    numbers: Numbers
    order: Order | None = None
    outlay_atoms: int = 0
    margin_atoms: int = 0

    def decision(self, *, pool: str, layer: str, status: Status) -> Decision:
        """The part of it that is written down. status: where the layer stood."""
        return Decision(
            pool=pool,
            layer=layer,
            status=status,
            wanted=self.wanted,
            reason=self.reason,
            numbers=self.numbers,
        )


def stay(wanted: Status, reason: Reason, numbers: Numbers | None = None) -> Choice:
    """A decision that orders nothing."""
    return Choice(wanted=wanted, reason=reason, numbers=numbers or {})
