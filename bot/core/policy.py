"""The ladder: for every layer of every hedged pool, what to do on this tick, and why.

Parents branch, leaves compute: `_choose` holds the state machine, bot/core/order_forms.py the
orders, bot/core/sizing.py the sizes. docs/rules.md draws the machine.
Why so: docs/adr/0007-rolls-and-expiries.md.
"""

from __future__ import annotations

from bot.core.budget import budget_left, spent_atoms
from bot.core.canonical import digest
from bot.core.case import Case, Choice, Numbers, stay
from bot.core.conditions import holds
from bot.core.confirmation import confirmed
from bot.core.margin_calls import margin_calls
from bot.core.order_forms import ask_again, buy, sell, settle_expired
from bot.core.orders import Intent, Order
from bot.core.plan import Decision, Plan
from bot.core.ports import Quoting
from bot.core.reasons import Reason, Status
from bot.core.rules import Rules
from bot.core.sight import Sight
from bot.core.state import BookState, Hedge, Resting
from bot.core.units import BPS, mul_div_down


def decide(state: BookState, sight: Sight, rules: Rules, quoting: Quoting) -> Plan:
    """What to do on this tick: pure and total; layers in the ladder's order, pool by pool."""
    seen, tick = sight.snapshot, state.tick + 1
    # The tick too: a block that a reorg took away and brought back is decided on anew.
    cause = digest(seen.chain_id, seen.block.hash, rules.hash, tick)
    hedges = {(hedge.pool, hedge.layer): hedge for hedge in state.hedges}
    calls = margin_calls(state.hedges, sight.views, quoting, state.cash)
    cash = dict(calls.cash)
    decisions: list[Decision] = []
    orders: list[Order] = []
    for pool, view in sight.views.items():
        book, symbol = sight.books[pool], view.market.quote_symbol
        spent = sum(spent_atoms(held, view.market.time_s) for held in book.layers.values())
        for layer in rules.layers:
            held, hedge = book.layers[layer.name], hedges.get((pool, layer.name))
            case = Case(
                cause=cause,
                rules=rules,
                layer=layer,
                view=view,
                book=book,
                held=held,
                hedge=hedge,
                is_called=hedge is not None and hedge.id in calls.called,
                budget_atoms=budget_left(view, rules, layer, held, pool_spent=spent),
                cash_atoms=cash.get(symbol, 0),
                quoting=quoting,
            )
            choice = confirmed(case, _choose(case))
            decisions.append(choice.decision(pool=pool, layer=layer.name, status=held.status))
            if choice.order is not None:
                orders.append(choice.order)
            spent += max(0, choice.outlay_atoms)
            cash[symbol] = cash.get(symbol, 0) - choice.outlay_atoms - choice.margin_atoms
    closing = {order.hedge_id for order in orders if order.intent is not Intent.OPEN}
    return Plan(
        tick=tick,
        views=sight.views,
        decisions=tuple(decisions),
        orders=tuple(orders),
        margins={hedge: atoms for hedge, atoms in calls.needed.items() if hedge not in closing},
    )


def _choose(case: Case) -> Choice:
    """The state machine: first what cannot wait, then by status."""
    if case.hedge is not None:
        return _choose_holding(case, case.hedge)
    if case.view.exposure is None:
        return stay(Status.IDLE, Reason.NO_POSITION)
    if case.held.status is Status.COOLING:
        return _choose_cooling(case)
    if case.rules.is_dust(case.view.reserve_quote_atoms, case.view.market.quote_decimals):
        return stay(case.held.status, Reason.DUST, _reserve(case))
    if case.held.status is Status.ARMED:
        return _choose_armed(case)
    verdict = holds(case.layer.arm, case.view.metrics)
    numbers = case.metrics(case.layer.arm)
    if verdict is None:
        return stay(Status.IDLE, Reason.UNKNOWN_METRIC, numbers)
    return buy(case, Reason.ARM) if verdict else stay(Status.IDLE, Reason.BELOW_ARM, numbers)


def _choose_armed(case: Case) -> Choice:
    """It wants a hedge and has none: an order that rests is asked for again on its own terms."""
    if holds(case.layer.disarm, case.view.metrics):
        return stay(Status.IDLE, Reason.DISARM, case.metrics(case.layer.disarm))
    if case.held.resting is not None:
        return _choose_resting(case, case.held.resting)
    return buy(case, Reason.RETRY)


def _choose_resting(case: Case, resting: Resting) -> Choice:
    if case.time_s <= resting.good_until_s:
        return ask_again(case, resting)
    lapsed_s = case.time_s - resting.good_until_s
    return stay(case.held.status, Reason.LAPSED, {"lapsed_s": str(lapsed_s)})


def _choose_holding(case: Case, hedge: Hedge) -> Choice:
    left_s = hedge.expiry_s - case.time_s
    if left_s <= 0:
        return settle_expired(case, hedge)
    if case.is_called:
        return sell(case, hedge, Reason.MARGIN_CALL, wanted=Status.COOLING)
    if case.view.exposure is None:
        return sell(case, hedge, Reason.NO_POSITION, wanted=Status.IDLE)
    disarmed = holds(case.layer.disarm, case.view.metrics)
    numbers = case.metrics(case.layer.disarm)
    held_s = case.time_s - hedge.opened_s
    if disarmed and held_s < case.layer.hold_s_min:
        return stay(Status.HOLDING, Reason.MIN_HOLD, {**numbers, "held_s": str(held_s)})
    if disarmed:
        return sell(case, hedge, Reason.DISARM, wanted=Status.COOLING)
    value = case.quoting.liquidation_atoms(hedge.legs, case.view.market)
    multiple_bps = mul_div_down(value, BPS, hedge.cost_atoms) if hedge.cost_atoms > 0 else 0
    numbers = {**numbers, "value": str(value), "multiple_bps": str(multiple_bps)}
    if case.layer.monetise_bps is not None and multiple_bps >= case.layer.monetise_bps:
        return sell(case, hedge, Reason.MONETISE, wanted=Status.COOLING)
    if left_s <= case.layer.roll_before_expiry_s:
        return sell(case, hedge, Reason.ROLL, wanted=Status.ARMED)
    if case.held.resting is not None:
        return _choose_resting(case, case.held.resting)
    return stay(Status.HOLDING, Reason.IN_BAND, numbers)


def _choose_cooling(case: Case) -> Choice:
    left_s = case.held.cooling_until_s - case.time_s
    if left_s > 0:
        return stay(Status.COOLING, Reason.COOLDOWN, {"left_s": str(left_s)})
    return stay(Status.IDLE, Reason.COOLED)


def _reserve(case: Case) -> Numbers:
    return {"reserve_quote": str(case.view.reserve_quote_atoms)}
