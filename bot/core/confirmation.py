"""What a layer chose to do, held back until the price and the condition behind it are confirmed.

Buying and selling wait alike: a hedge sold into a bent quote is lost as surely as one bought at it.
What never waits: settlement, for it is paid by an average; a cooldown, which no price ends; a
margin call, which is the venue's to make; and a freeze, which deals at no price.
Why so: docs/adr/0020-confirmed-prices.md.
"""

from __future__ import annotations

from bot.core.case import Case, Choice, Numbers, stay
from bot.core.conditions import Condition, holds
from bot.core.reasons import Reason, Status

NEVER_WAITS = frozenset({Reason.SETTLE, Reason.COOLED, Reason.MARGIN_CALL, Reason.FREEZE})


def confirmed(case: Case, choice: Choice) -> Choice:
    """The choice, or to stay where the layer is while what it rests on is not confirmed."""
    status, reason, trades = case.held.status, choice.reason, choice.order is not None
    if reason in NEVER_WAITS or not (trades or choice.wanted is not status):
        return choice
    if reason is Reason.NO_POSITION and not trades:
        return choice
    trust = case.view.trust
    condition = case.layer.arm if status is Status.IDLE else case.layer.disarm
    if trust.doubt is not None:
        doubt: Numbers = {"doubt": trust.doubt.value, **trust.numbers}
        return stay(status, Reason.UNTRUSTED_PRICE, {**case.looked_at(condition), **doubt})
    if status is not Status.IDLE and reason is not Reason.DISARM:
        return choice
    held, needed = blocks_held(condition, case), case.rules.guard.blocks_needed
    if held >= needed:
        return choice
    short: Numbers = {"blocks": str(held), "of": str(needed)}
    return stay(status, Reason.UNCONFIRMED, {**case.looked_at(condition), **short})


def is_confirmed(condition: Condition, case: Case) -> bool:
    """Whether a condition has held for long enough, at a price that is trusted."""
    needed = case.rules.guard.blocks_needed
    return case.view.trust.doubt is None and blocks_held(condition, case) >= needed


def blocks_held(condition: Condition, case: Case) -> int:
    """On how many of the last blocks in a row, this one included, a condition was true."""
    held = 0
    for metrics in reversed(case.recent):
        if holds(condition, metrics) is not True:
            break
        held += 1
    return held
