"""What fills make of hedges and of the layers that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.legs import reversed_legs, size_atoms, summed_legs
from bot.core.matching import Refusal
from bot.core.orders import Fill, Intent, Leg, Order
from bot.core.plan import Decision, Plan
from bot.core.reasons import Reason, Status
from bot.core.rules import Rules
from bot.core.state import Hedge, LayerState, PoolBook, Resting, Spend
from bot.core.units import YEAR_S, mul_div_down, mul_div_up

WAITS = (Reason.UNTRUSTED_PRICE, Reason.UNCONFIRMED, Reason.MIN_HOLD, Reason.DUST)
"""Reasons of a layer that does nothing yet: what it had asked for goes on resting."""

RESTS = (Refusal.LIMIT.value, Refusal.DEPTH.value)
"""Answers that leave something to wait for: a better price, or more on the book."""


def hedge_after(before: Hedge | None, order: Order, fill: Fill, *, time_s: int) -> Hedge | None:
    """The hedge once a fill is added to it, or taken from it; None when nothing is left.

    What is sold takes its share of cost, margin and the size called for with it, so that a rest
    whose sale is given up counts as drifted; what is kept rounds up.
    """
    dealt = _dealt_legs(fill)
    if order.intent is Intent.SETTLE:
        return None
    if order.intent is Intent.OPEN:
        legs = summed_legs(before.legs if before else (), dealt)
        return Hedge(
            id=order.hedge_id,
            pool=order.pool,
            layer=order.layer,
            legs=legs,
            opened_s=before.opened_s if before else time_s,
            expiry_s=min(leg.contract.expiry_s for leg in legs),
            cost_atoms=(before.cost_atoms if before else 0) + fill.fee_atoms - fill.cash_atoms,
            margin_atoms=(before.margin_atoms if before else 0) + fill.margin_atoms,
            delta_ppb=before.delta_ppb if before else order.delta_ppb,
            target_atoms=before.target_atoms if before else order.target_atoms,
            sleeve=order.sleeve,
        )
    assert before is not None, "only what is held is closed"
    kept = summed_legs(before.legs, dealt)
    if not kept:
        return None
    part, whole = size_atoms(kept), size_atoms(before.legs)
    return replace(
        before,
        legs=kept,
        cost_atoms=mul_div_up(before.cost_atoms, part, whole),
        margin_atoms=mul_div_up(before.margin_atoms, part, whole),
        target_atoms=mul_div_up(before.target_atoms, part, whole),
    )


def earned_atoms(before: Hedge | None, after: Hedge | None, order: Order, fill: Fill) -> int:
    """What closing or settling brought above the cost of what is gone, signed; 0 for an opening."""
    if order.intent is Intent.OPEN or before is None:
        return 0
    cost = before.cost_atoms - (after.cost_atoms if after else 0)
    return fill.cash_atoms - fill.fee_atoms - cost


def layers_after(
    book: PoolBook,
    plan: Plan,
    answers: Sequence[tuple[Order, Fill]],
    rules: Rules,
    *,
    hedges: Sequence[Hedge],
    earned: Mapping[str, int],
    time_s: int,
) -> Mapping[str, LayerState]:
    """Layer states once it is known what was filled. earned: order id -> `earned_atoms`."""
    pool = book.position.pool
    holding = {hedge.layer for hedge in hedges if hedge.pool == pool}
    mine = [(order, fill) for order, fill in answers if order.pool == pool]
    by_layer = {order.layer: (order, fill) for order, fill in mine}
    opened = {name: answer for name, answer in by_layer.items() if answer[0].intent is Intent.OPEN}
    cooldowns_s = {layer.name: layer.cooldown_s for layer in rules.layers}
    layers = dict(book.layers)
    for decision in plan.decisions:
        if decision.pool == pool:
            held = layers[decision.layer]
            status = _status_after(decision, is_holding=decision.layer in holding)
            answer = opened.get(decision.layer)
            paid = 0 if answer is None else answer[1].fee_atoms - answer[1].cash_atoms
            any_answer = by_layer.get(decision.layer)
            if any_answer is None and _stands(held, status):
                continue
            gain = 0 if any_answer is None else earned.get(any_answer[0].id, 0)
            layers[decision.layer] = LayerState(
                status=status,
                since_s=held.since_s if status is held.status else time_s,
                cooling_until_s=time_s + cooldowns_s[decision.layer]
                if status is Status.COOLING and held.status is not Status.COOLING
                else held.cooling_until_s,
                spends=_noted(held.spends, max(0, paid), time_s=time_s),
                earned=_noted(held.earned, gain, time_s=time_s),
                struck_atoms=plan.views[pool].market.spot_atoms
                if answer is not None and _is_strike(decision, answer[1])
                else held.struck_atoms,
                resting=_still_asked(held, decision, answer, time_s=time_s),
            )
    return layers


def _stands(held: LayerState, status: Status) -> bool:
    """Whether a layer that was not answered stays as it is: there is nothing to forget either."""
    return status is held.status and not (held.spends or held.earned or held.resting)


def _is_strike(decision: Decision, opened: Fill) -> bool:
    """Whether a new hedge was struck, rather than one added to."""
    return opened.is_dealt and decision.status is not Status.HOLDING


def _status_after(decision: Decision, *, is_holding: bool) -> Status:
    """A layer that holds a hedge is holding, whatever it wanted, unless it is frozen; one that
    wants one is armed."""
    if decision.wanted is Status.FROZEN:
        return Status.FROZEN
    if is_holding:
        return Status.HOLDING
    return Status.ARMED if decision.wanted is Status.HOLDING else decision.wanted


def _still_asked(
    held: LayerState, decision: Decision, answer: tuple[Order, Fill] | None, *, time_s: int
) -> Resting | None:
    """What rests of this tick's order, or of an earlier one while the layer waits."""
    if answer is not None:
        return _resting(*answer, time_s=time_s)
    return held.resting if decision.reason in WAITS else None


def _resting(order: Order, fill: Fill, *, time_s: int) -> Resting | None:
    """What is left to ask for on later ticks: only what the book or the price did not give."""
    if fill.reason not in RESTS or order.good_until_s is None or order.good_until_s <= time_s:
        return None
    assert order.cash_limit_atoms is not None, "an opening order has a limit"
    left = summed_legs(order.legs, reversed_legs(_dealt_legs(fill)))
    return Resting(
        hedge_id=order.hedge_id,
        legs=left,
        cash_limit_atoms=mul_div_down(
            order.cash_limit_atoms, size_atoms(left), size_atoms(order.legs)
        ),
        good_until_s=order.good_until_s,
        target_atoms=order.target_atoms,
    )


def _dealt_legs(fill: Fill) -> tuple[Leg, ...]:
    return tuple(leg_fill.leg for leg_fill in fill.legs)


def _noted(before: tuple[Spend, ...], atoms: int, *, time_s: int) -> tuple[Spend, ...]:
    """With one more, unless it is nothing, and without what is older than a year."""
    if not before and not atoms:
        return before
    recent = tuple(spend for spend in before if spend.time_s > time_s - YEAR_S)
    return (*recent, Spend(time_s=time_s, atoms=atoms)) if atoms else recent
