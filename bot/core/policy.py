"""The ladder: for every layer of every hedged pool, what to do on this tick, and why.

Parents branch, leaves compute: `_choose` holds the state machine, bot/core/sizing.py the sizes.
docs/rules.md draws the machine.
Why so: docs/adr/0007-rolls-and-expiries.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.budget import budget_left, spent_atoms
from bot.core.canonical import digest
from bot.core.conditions import Condition, comparisons, holds
from bot.core.errors import NotListedError, ObservationsMissingError
from bot.core.orders import Intent, Leg, Order
from bot.core.plan import Decision, Plan, PoolView
from bot.core.ports import Quoting
from bot.core.reasons import Reason, Status
from bot.core.rules import Layer, Rules
from bot.core.sight import Sight
from bot.core.sizing import Purse, Ticket, affordable, wanted_legs
from bot.core.state import BookState, Hedge, LayerState, PoolBook
from bot.core.twap import twap_atoms
from bot.core.units import BPS, mul_div_down

Numbers = dict[str, str | float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One layer of one pool on one tick, with everything that its decision may depend on.

    cause: digest of chain, block, rules and tick. budget_atoms, cash_atoms: what is left to spend.
    """

    cause: str
    rules: Rules
    layer: Layer
    view: PoolView
    book: PoolBook
    held: LayerState
    hedge: Hedge | None
    budget_atoms: int
    cash_atoms: int
    quoting: Quoting

    @property
    def time_s(self) -> int:
        return self.view.market.time_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A decision, the order that carries it out, and what that takes from the purse."""

    wanted: Status
    reason: Reason
    numbers: Numbers
    order: Order | None = None
    outlay_atoms: int = 0
    margin_atoms: int = 0


def decide(state: BookState, sight: Sight, rules: Rules, quoting: Quoting) -> Plan:
    """What to do on this tick: pure and total; layers in the ladder's order, pool by pool."""
    seen, tick = sight.snapshot, state.tick + 1
    # The tick too: a block that a reorg took away and brought back is decided on anew.
    cause = digest(seen.chain_id, seen.block.hash, rules.hash, tick)
    hedges = {(hedge.pool, hedge.layer): hedge for hedge in state.hedges}
    cash = dict(state.cash)
    decisions: list[Decision] = []
    orders: list[Order] = []
    for pool, view in sight.views.items():
        book, symbol = sight.books[pool], view.market.quote_symbol
        spent = sum(spent_atoms(held, view.market.time_s) for held in book.layers.values())
        for layer in rules.layers:
            held = book.layers[layer.name]
            choice = _choose(
                _Case(
                    cause=cause,
                    rules=rules,
                    layer=layer,
                    view=view,
                    book=book,
                    held=held,
                    hedge=hedges.get((pool, layer.name)),
                    budget_atoms=budget_left(view, rules, layer, held, pool_spent=spent),
                    cash_atoms=cash.get(symbol, 0),
                    quoting=quoting,
                )
            )
            decisions.append(
                Decision(
                    pool=pool,
                    layer=layer.name,
                    status=held.status,
                    wanted=choice.wanted,
                    reason=choice.reason,
                    numbers=choice.numbers,
                )
            )
            if choice.order is not None:
                orders.append(choice.order)
            spent += max(0, choice.outlay_atoms)
            cash[symbol] = cash.get(symbol, 0) - choice.outlay_atoms - choice.margin_atoms
    return Plan(
        tick=tick,
        views=sight.views,
        decisions=tuple(decisions),
        orders=tuple(orders),
    )


def _choose(case: _Case) -> _Choice:
    """The state machine: first what cannot wait, then by status."""
    if case.hedge is not None:
        return _choose_holding(case, case.hedge)
    if case.view.exposure is None:
        return _stay(Status.IDLE, Reason.NO_POSITION)
    if case.held.status is Status.COOLING:
        return _choose_cooling(case)
    if case.rules.is_dust(case.view.reserve_quote_atoms, case.view.market.quote_decimals):
        return _stay(case.held.status, Reason.DUST, _reserve(case))
    if case.held.status is Status.ARMED:
        if holds(case.layer.disarm, case.view.metrics):
            return _stay(Status.IDLE, Reason.DISARM, _metrics(case, case.layer.disarm))
        return _buy(case, Reason.RETRY)
    verdict = holds(case.layer.arm, case.view.metrics)
    numbers = _metrics(case, case.layer.arm)
    if verdict is None:
        return _stay(Status.IDLE, Reason.UNKNOWN_METRIC, numbers)
    return _buy(case, Reason.ARM) if verdict else _stay(Status.IDLE, Reason.BELOW_ARM, numbers)


def _choose_holding(case: _Case, hedge: Hedge) -> _Choice:
    left_s = hedge.expiry_s - case.time_s
    if left_s <= 0:
        return _settle(case, hedge)
    if case.view.exposure is None:
        return _sell(case, hedge, Reason.NO_POSITION, wanted=Status.IDLE)
    disarmed = holds(case.layer.disarm, case.view.metrics)
    numbers = _metrics(case, case.layer.disarm)
    held_s = case.time_s - hedge.opened_s
    if disarmed and held_s < case.layer.hold_s_min:
        return _stay(Status.HOLDING, Reason.MIN_HOLD, {**numbers, "held_s": str(held_s)})
    if disarmed:
        return _sell(case, hedge, Reason.DISARM, wanted=Status.COOLING)
    value = case.quoting.liquidation_atoms(hedge.legs, case.view.market)
    multiple_bps = mul_div_down(value, BPS, hedge.cost_atoms) if hedge.cost_atoms > 0 else 0
    numbers = {**numbers, "value": str(value), "multiple_bps": str(multiple_bps)}
    if case.layer.monetise_bps is not None and multiple_bps >= case.layer.monetise_bps:
        return _sell(case, hedge, Reason.MONETISE, wanted=Status.COOLING)
    if left_s <= case.layer.roll_before_expiry_s:
        return _sell(case, hedge, Reason.ROLL, wanted=Status.ARMED)
    return _stay(Status.HOLDING, Reason.IN_BAND, numbers)


def _choose_cooling(case: _Case) -> _Choice:
    left_s = case.held.cooling_until_s - case.time_s
    if left_s > 0:
        return _stay(Status.COOLING, Reason.COOLDOWN, {"left_s": str(left_s)})
    return _stay(Status.IDLE, Reason.COOLED)


def _buy(case: _Case, reason: Reason) -> _Choice:
    """Order the layer's hedge, as large as the exposure calls for and the purse allows."""
    assert case.view.exposure is not None, "callers have checked the position"
    market, numbers = case.view.market, _metrics(case, case.layer.arm)
    try:
        legs = wanted_legs(
            case.layer, case.view.exposure, case.book.position.lots, market, case.quoting
        )
    except NotListedError as refusal:
        return _stay(Status.HOLDING, Reason.NOT_LISTED, {**numbers, "why": str(refusal)})
    if not legs:
        return _stay(Status.HOLDING, Reason.NOTHING_TO_HEDGE, numbers)
    if unsold := [leg for leg in legs if leg.quantity_atoms < 0 and not _bid(case, leg)]:
        codes = ", ".join(leg.contract.code for leg in unsold)
        return _stay(Status.HOLDING, Reason.NO_BID, {**numbers, "why": codes})
    purse = Purse(budget_atoms=case.budget_atoms, cash_atoms=case.cash_atoms)
    numbers = {**numbers, "wanted": str(legs[0].quantity_atoms)}
    ticket = affordable(legs, purse, market, case.quoting)
    if ticket is None:
        short = Reason.BUDGET if case.budget_atoms <= case.cash_atoms else Reason.CASH
        left = {"budget_left": str(case.budget_atoms), "cash": str(case.cash_atoms)}
        return _stay(Status.HOLDING, short, {**numbers, **left})
    order = _order(case, Intent.OPEN, ticket.legs, reason, cash_limit_atoms=ticket.cash_atoms)
    return _Choice(
        wanted=Status.HOLDING,
        reason=reason,
        numbers={**numbers, **_priced(ticket)},
        order=order,
        outlay_atoms=ticket.outlay_atoms,
        margin_atoms=ticket.margin_atoms,
    )


def _sell(case: _Case, hedge: Hedge, reason: Reason, *, wanted: Status) -> _Choice:
    """Order the sale of a hedge at what the venue bids now."""
    legs = tuple(
        Leg(contract=leg.contract, quantity_atoms=-leg.quantity_atoms) for leg in hedge.legs
    )
    cash, fee = case.quoting.quote_cash(legs, case.view.market)
    order = _order(case, Intent.CLOSE, legs, reason, cash_limit_atoms=cash, hedge=hedge)
    numbers = {**_metrics(case, case.layer.disarm), "cash": str(cash), "fee": str(fee)}
    return _Choice(wanted=wanted, reason=reason, numbers=numbers, order=order)


def _settle(case: _Case, hedge: Hedge) -> _Choice:
    """Let the venue pay an expired hedge by the average price of the window before expiry.

    The layer stays armed unless its disarm condition is true: expiry is no all-clear.
    """
    window_s = case.rules.twap_window_s
    try:
        settlement = twap_atoms(
            case.book.signals.observations,
            window_start_s=hedge.expiry_s - window_s,
            window_end_s=hedge.expiry_s,
            base_decimals=case.view.market.base_decimals,
        )
    except ObservationsMissingError as refusal:
        return _stay(Status.HOLDING, Reason.NO_SETTLEMENT_PRICE, {"why": str(refusal)})
    disarmed = case.view.exposure is None or holds(case.layer.disarm, case.view.metrics)
    order = _order(
        case, Intent.SETTLE, hedge.legs, Reason.SETTLE, hedge=hedge, settlement_atoms=settlement
    )
    return _Choice(
        wanted=Status.COOLING if disarmed else Status.ARMED,
        reason=Reason.SETTLE,
        numbers={"settlement": str(settlement), "expiry_s": str(hedge.expiry_s)},
        order=order,
    )


def _order(
    case: _Case,
    intent: Intent,
    legs: tuple[Leg, ...],
    reason: Reason,
    *,
    hedge: Hedge | None = None,
    cash_limit_atoms: int | None = None,
    settlement_atoms: int | None = None,
) -> Order:
    pool, layer = case.view.market.pool, case.layer.name
    order_id = digest(case.cause, pool, layer, intent.value, [leg.to_json() for leg in legs])
    return Order(
        id=order_id,
        hedge_id=order_id if hedge is None else hedge.id,
        pool=pool,
        layer=layer,
        intent=intent,
        legs=legs,
        cash_limit_atoms=cash_limit_atoms,
        settlement_atoms=settlement_atoms,
        reason=reason.value,
    )


def _stay(wanted: Status, reason: Reason, numbers: Numbers | None = None) -> _Choice:
    return _Choice(wanted=wanted, reason=reason, numbers=numbers or {})


def _metrics(case: _Case, condition: Condition) -> Numbers:
    return {part.metric: case.view.metrics[part.metric] for part in comparisons(condition)}


def _bid(case: _Case, leg: Leg) -> int:
    return case.quoting.bid_ask(leg.contract, case.view.market)[0]


def _reserve(case: _Case) -> Numbers:
    return {"reserve_quote": str(case.view.reserve_quote_atoms)}


def _priced(ticket: Ticket) -> Numbers:
    return {
        "quantity": str(abs(ticket.legs[0].quantity_atoms)),
        "cash": str(ticket.cash_atoms),
        "fee": str(ticket.fee_atoms),
        "margin": str(ticket.margin_atoms),
    }
