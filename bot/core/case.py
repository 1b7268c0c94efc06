"""What one layer's decision may depend on, and what it can come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.conditions import Condition, Metrics, comparisons, holds
from bot.core.orders import Intent, Order
from bot.core.plan import Decision, PoolView
from bot.core.ports import Quoting
from bot.core.reasons import Reason, Status
from bot.core.rules import Layer, Rules
from bot.core.sizing import Purse
from bot.core.state import Hedge, LayerState, PoolBook

Numbers = dict[str, str | float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One layer of one pool on one tick, with everything that its decision may depend on.

    cause: digest of chain, block, rules and tick. recent: the pool's metrics and the layer's own of
    the last blocks, oldest first, as many as the guard asks for, this one included.
    is_called: whether free cash does not pay for the margin that its hedge needs now. is_open:
    whether the layer's sleeve may act.
    purse_now: what is left to spend, worked out only for a layer that would buy. worth: what its
    hedge would bring if sold now, quote atoms after fees; None without one, or where nobody can
    tell.
    """

    cause: str
    rules: Rules
    layer: Layer
    view: PoolView
    book: PoolBook
    held: LayerState
    hedge: Hedge | None
    recent: tuple[Metrics, ...]
    is_called: bool
    is_open: bool
    purse_now: Callable[[], Purse]
    worth: int | None
    quoting: Quoting

    @property
    def purse(self) -> Purse:
        """What is left to spend when it is the layer's turn."""
        return self.purse_now()

    @property
    def metrics(self) -> Metrics:
        """What conditions look at now."""
        return self.recent[-1]

    @property
    def time_s(self) -> int:
        """Block time."""
        return self.view.market.time_s

    def says(self, condition: Condition | None) -> bool | None:
        """Whether a condition holds now; None for unknown, False where there is none."""
        return False if condition is None else holds(condition, self.metrics)

    def looked_at(self, condition: Condition | None) -> Numbers:
        """The figures that a condition looks at."""
        if condition is None:
            return {}
        return {part.metric: self.metrics[part.metric] for part in comparisons(condition)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision, the order that carries it out, and what that takes from the purse.

    outlay_atoms: premium and fee, < 0 for a credit. margin_atoms: set aside besides.
    beyond_atoms: what a sale costs beyond the margin of its hedge; margin calls and settlements
    have been paid before (see `MarginCalls`).
    """

    wanted: Status
    reason: Reason
    numbers: Numbers
    order: Order | None = None
    outlay_atoms: int = 0
    margin_atoms: int = 0
    beyond_atoms: int = 0

    @property
    def sells(self) -> bool:
        """Whether a hedge is closed or settled: that comes before anything is bought."""
        return self.order is not None and self.order.intent is not Intent.OPEN

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
