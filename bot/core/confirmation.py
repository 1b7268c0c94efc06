"""What a layer chose to do, held back until the price and the condition behind it are confirmed.

Buying and selling wait alike: a hedge sold into a bent quote is lost as surely as one bought at it.
A freeze and its end wait too: what is held back deals at no price either, and one block must not
send a layer into its cooldown. What never waits: settlement, for it is paid by an average; a
cooldown, which no price ends; and a margin call, which is only made at a price that is trusted.
Why so: docs/adr/0020-confirmed-prices.md.
"""

from __future__ import annotations

from bot.core.case import Case, Choice, Numbers, stay
from bot.core.conditions import Condition, NotOf, comparisons, holds
from bot.core.layer_metrics import LAYER_METRICS
from bot.core.reasons import Reason, Status

NEVER_WAITS = frozenset({Reason.SETTLE, Reason.COOLED, Reason.MARGIN_CALL})


def confirmed(case: Case, choice: Choice) -> Choice:
    """The choice, or to stay where the layer is while what it rests on is not confirmed."""
    status, reason, trades = case.held.status, choice.reason, choice.order is not None
    if reason in NEVER_WAITS or not (trades or choice.wanted is not status):
        return choice
    if reason is Reason.NO_POSITION and not trades:
        return choice
    condition, trust = _condition_behind(case, reason), case.view.trust
    unless = case.layer.freeze if reason is Reason.THAW and case.layer.thaw is not None else None
    if trust.doubt is not None:
        doubt: Numbers = {"doubt": trust.doubt.value, **trust.numbers}
        return stay(status, Reason.UNTRUSTED_PRICE, {**case.looked_at(condition), **doubt})
    if condition is None:
        return choice
    held, needed = blocks_held(condition, case, unless=unless), case.rules.guard.blocks_needed
    if held >= needed:
        return choice
    short: Numbers = {"blocks": str(held), "of": str(needed)}
    return stay(status, Reason.UNCONFIRMED, {**case.looked_at(condition), **short})


def is_confirmed(condition: Condition, case: Case) -> bool:
    """Whether a condition has held for long enough, at a price that is trusted."""
    needed = case.rules.guard.blocks_needed
    return case.view.trust.doubt is None and blocks_held(condition, case) >= needed


def blocks_held(condition: Condition, case: Case, *, unless: Condition | None = None) -> int:
    """On how many of the last blocks in a row, this one included, a condition was true, and
    `unless`, where there is one, was not.

    A layer's own metrics are measured from the strike that it has, so the blocks up to the one on
    which it was struck count for nothing then.
    """
    held = 0
    for metrics in reversed(case.recent):
        if holds(condition, metrics) is not True:
            break
        if unless is not None and holds(unless, metrics):
            break
        held += 1
    if case.hedge is None or LAYER_METRICS.keys().isdisjoint(
        c.metric for c in comparisons(condition)
    ):
        return held
    seen, struck_s = case.book.signals.guard.blocks, case.hedge.opened_s
    return min(held, max(1, sum(block.time_s > struck_s for block in seen)))


def _condition_behind(case: Case, reason: Reason) -> Condition | None:
    """The condition that a choice came from; None for one that no condition made."""
    layer = case.layer
    if reason is Reason.FREEZE:
        return layer.freeze
    if reason is Reason.THAW:
        return layer.thaw or (NotOf(part=layer.freeze) if layer.freeze is not None else None)
    if reason is Reason.DISARM:
        return layer.disarm
    return layer.arm if case.held.status is Status.IDLE else None
