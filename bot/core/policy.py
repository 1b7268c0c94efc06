"""The ladder: for every layer of every hedged pool, what to do on this tick, and why.

Parents branch, leaves compute: `_choose` holds the state machine, bot/core/order_forms.py the
orders, bot/core/sizing.py the sizes. docs/rules.md draws the machine.
Why so: docs/adr/0007-rolls-and-expiries.md.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.advising import advise
from bot.core.case import Case, Choice, Numbers, stay
from bot.core.confirmation import confirmed, is_confirmed
from bot.core.gate import gate_numbers
from bot.core.order_forms import ask_again, buy, sell, settle_expired
from bot.core.plan import Decision, Plan
from bot.core.ports import Quoting
from bot.core.reasons import Reason, Status
from bot.core.rolls import roll_reason
from bot.core.rules import Rules
from bot.core.sight import Sight
from bot.core.state import BookState, Hedge, Resting
from bot.core.takes import take_reason
from bot.core.turns import turns_of


def decide(state: BookState, sight: Sight, rules: Rules, quoting: Quoting) -> Plan:
    """What to do on this tick: pure and total; layers in the ladder's order, pool by pool.

    Who holds a hedge is asked first, and sales are ordered first: what a sale costs is not there
    for others to buy with.
    """
    turns = turns_of(state, sight, rules, quoting)
    chosen: dict[tuple[str, str], Choice] = {}
    for pool, layer in turns.holders():
        case = turns.case(pool, layer)
        choice = confirmed(case, _choose(case))
        if choice.sells or case.held.resting is None:  # what would buy more has its turn below
            turns.take(case, choice)
            chosen[pool, layer.name] = choice
    decisions: list[Decision] = []
    for pool in sight.views:
        for layer in rules.layers:
            if (pool, layer.name) not in chosen:
                case = turns.case(pool, layer)
                choice = confirmed(case, _choose(case))
                turns.take(case, choice)
                chosen[pool, layer.name] = choice
            choice, held = chosen[pool, layer.name], sight.books[pool].layers[layer.name]
            decision = choice.decision(pool=pool, layer=layer.name, status=held.status)
            if gate := gate_numbers(layer.sleeve, rules, sight.snapshot):
                decision = replace(decision, numbers={**decision.numbers, **gate})
            decisions.append(decision)
    return Plan(
        tick=state.tick + 1,
        views=sight.views,
        decisions=tuple(decisions),
        orders=tuple(choice.order for choice in chosen.values() if choice.order is not None),
        margins=turns.calls.needed,
        advice=advise(state, sight, rules),
        worth=turns.worth,
    )


def _choose(case: Case) -> Choice:
    """The state machine: first what cannot wait, then gate and freeze, then by status."""
    if case.hedge is not None and case.hedge.expiry_s <= case.time_s:
        return _still_frozen(case, settle_expired(case, case.hedge))
    if case.hedge is not None and case.is_called:
        called = sell(case, case.hedge, Reason.MARGIN_CALL, wanted=Status.COOLING)
        return _still_frozen(case, called)
    if not case.is_open:
        if case.hedge is None:
            return stay(Status.IDLE, Reason.GATE)
        return sell(case, case.hedge, Reason.GATE, wanted=Status.IDLE)
    if case.hedge is None and case.view.exposure is None:
        return stay(Status.IDLE, Reason.NO_POSITION)
    if case.held.status is Status.FROZEN:
        return _choose_frozen(case)
    if case.says(case.layer.freeze):
        return stay(Status.FROZEN, Reason.FREEZE, case.looked_at(case.layer.freeze))
    if case.hedge is not None:
        return _choose_holding(case, case.hedge)
    if case.held.status is Status.COOLING:
        return _choose_cooling(case)
    if _is_dust(case):
        return stay(case.held.status, Reason.DUST, _reserve(case))
    if case.held.status is Status.ARMED:
        return _choose_armed(case)
    verdict, numbers = case.says(case.layer.arm), case.looked_at(case.layer.arm)
    if verdict is None:
        return stay(Status.IDLE, Reason.UNKNOWN_METRIC, numbers)
    return buy(case, Reason.ARM) if verdict else stay(Status.IDLE, Reason.BELOW_ARM, numbers)


def _still_frozen(case: Case, choice: Choice) -> Choice:
    """What a freeze cannot hold up does not end it either."""
    return replace(choice, wanted=Status.FROZEN) if case.held.status is Status.FROZEN else choice


def _choose_frozen(case: Case) -> Choice:
    """Until the thaw is certain: then a hedge is held again; without one the layer cools off.

    While the freeze is true it stays, whatever the thaw says, or each would undo the other.
    """
    thaw, freeze = case.layer.thaw, case.layer.freeze
    freezes = case.says(freeze)
    is_over = freezes is False if thaw is None else case.says(thaw) and not freezes
    numbers = {**case.looked_at(thaw), **case.looked_at(freeze)}
    if not is_over:
        return stay(Status.FROZEN, Reason.FROZEN, numbers)
    return stay(Status.HOLDING if case.hedge else Status.COOLING, Reason.THAW, numbers)


def _choose_armed(case: Case) -> Choice:
    """It wants a hedge and has none: an order that rests is asked for again on its own terms."""
    if case.says(case.layer.disarm):
        return stay(Status.IDLE, Reason.DISARM, case.looked_at(case.layer.disarm))
    if case.held.resting is not None:
        return _choose_resting(case, case.held.resting)
    return buy(case, Reason.RETRY)


def _choose_resting(case: Case, resting: Resting) -> Choice:
    if _is_dust(case):
        return stay(case.held.status, Reason.DUST, _reserve(case))
    if case.time_s <= resting.good_until_s:
        return ask_again(case, resting)
    lapsed_s = case.time_s - resting.good_until_s
    return stay(case.held.status, Reason.LAPSED, {"lapsed_s": str(lapsed_s)})


def _choose_holding(case: Case, hedge: Hedge) -> Choice:
    if case.view.exposure is None:
        return sell(case, hedge, Reason.NO_POSITION, wanted=Status.IDLE)
    if case.says(case.layer.disarm):
        return _choose_unwanted(case, hedge)
    taken, figures = take_reason(case, hedge)
    if taken is not None:
        return sell(case, hedge, taken, wanted=Status.COOLING, numbers=figures)
    rolled, drift = roll_reason(case, hedge)
    if rolled is not None:
        return sell(case, hedge, rolled, wanted=Status.ARMED, numbers=drift)
    if case.held.resting is not None:
        return _choose_resting(case, case.held.resting)
    numbers = {**case.looked_at(case.layer.disarm), **figures, **drift}
    return stay(Status.HOLDING, Reason.IN_BAND, numbers)


def _choose_unwanted(case: Case, hedge: Hedge) -> Choice:
    """`disarm` is true. Until that is confirmed and the minimum hold is over, profit and loss are
    still taken, but what is given up is neither rolled nor added to."""
    disarm, held_s = case.layer.disarm, case.time_s - hedge.opened_s
    is_due = held_s >= case.layer.hold_s_min
    if not (is_due and is_confirmed(disarm, case)):
        taken, figures = take_reason(case, hedge)
        if taken is not None:
            return sell(case, hedge, taken, wanted=Status.COOLING, numbers=figures)
    if is_due:
        return sell(case, hedge, Reason.DISARM, wanted=Status.COOLING)
    numbers = {**case.looked_at(disarm), "held_s": str(held_s)}
    return stay(Status.HOLDING, Reason.MIN_HOLD, numbers)


def _choose_cooling(case: Case) -> Choice:
    left_s = case.held.cooling_until_s - case.time_s
    if left_s > 0:
        return stay(Status.COOLING, Reason.COOLDOWN, {"left_s": str(left_s)})
    return stay(Status.IDLE, Reason.COOLED)


def _is_dust(case: Case) -> bool:
    market = case.view.market
    return case.rules.is_dust(case.view.reserve_quote_atoms, market.quote_decimals)


def _reserve(case: Case) -> Numbers:
    return {"reserve_quote": str(case.view.reserve_quote_atoms)}
