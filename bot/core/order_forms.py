"""Orders that a layer gives: to buy, to ask again for what was left over, to sell, to settle."""

from __future__ import annotations

from fractions import Fraction

from bot.core.canonical import digest
from bot.core.case import Case, Choice, Numbers, stay
from bot.core.confirmation import is_confirmed
from bot.core.errors import NotListedError, ObservationsMissingError
from bot.core.even_points import even_numbers
from bot.core.expiry_price import expiry_price_atoms
from bot.core.legs import largest_atoms, reversed_legs, size_atoms
from bot.core.margin import beyond_margin
from bot.core.orders import Intent, Leg, Order
from bot.core.price_bound import bound_numbers, slippage_bps
from bot.core.reasons import Reason, Status
from bot.core.sizing import Ticket, affordable, priced, wanted_legs
from bot.core.state import Hedge, Resting
from bot.core.unit_greeks import structure_greeks
from bot.core.units import BPS, mul_div_down


def buy(case: Case, reason: Reason) -> Choice:
    """Order the layer's hedge, as large as the exposure calls for and the purse allows."""
    assert case.view.exposure is not None, "callers have checked the position"
    market, numbers = case.view.market, case.looked_at(case.layer.arm)
    try:
        legs = wanted_legs(
            case.layer,
            case.view.exposure,
            case.book.position.lots,
            market,
            case.quoting,
            given_atoms=case.purse.given_atoms,
        )
    except NotListedError as refusal:
        return stay(Status.HOLDING, Reason.NOT_LISTED, {**numbers, "why": str(refusal)})
    if not legs:
        return stay(Status.HOLDING, Reason.NOTHING_TO_HEDGE, numbers)
    if unsold := [leg for leg in legs if _is_unsold(case, leg)]:
        codes = ", ".join(leg.contract.code for leg in unsold)
        return stay(Status.HOLDING, Reason.NO_BID, {**numbers, "why": codes})
    target = largest_atoms(legs)
    wanted = _sized(legs, "wanted", "contracts_wanted", target)
    numbers = {**numbers, **wanted, **bound_numbers(case)}
    ticket = affordable(legs, case.purse, market, case.quoting)
    if ticket is None:
        return _short_of_money(case, legs, numbers)
    return _opening(
        case,
        ticket,
        reason,
        numbers=numbers,
        cash_limit_atoms=_limit(case, ticket),
        good_until_s=case.time_s + case.layer.order_good_s,
        target_atoms=target,
    )


def ask_again(case: Case, resting: Resting) -> Choice:
    """Order what the venue left over, at its old limit, as far as the purse allows."""
    numbers: Numbers = {"left_s": str(resting.good_until_s - case.time_s)}
    ticket = affordable(resting.legs, case.purse, case.view.market, case.quoting)
    if ticket is None:
        return _short_of_money(case, resting.legs, numbers)
    limit = mul_div_down(
        resting.cash_limit_atoms, size_atoms(ticket.legs), size_atoms(resting.legs)
    )
    return _opening(
        case,
        ticket,
        Reason.WORKING,
        numbers=numbers,
        cash_limit_atoms=limit,
        good_until_s=resting.good_until_s,
        target_atoms=resting.target_atoms,
        hedge_id=resting.hedge_id,
    )


def sell(
    case: Case,
    hedge: Hedge,
    reason: Reason,
    *,
    wanted: Status,
    numbers: Numbers | None = None,
) -> Choice:
    """Order the sale of a hedge at what the venue bids now; in a margin call at any price.

    numbers: what the reason rests on, besides the disarm condition and the money.
    """
    legs = reversed_legs(hedge.legs)
    cash, fee = case.quoting.quote_cash(legs, case.view.market)
    order = _order(
        case,
        Intent.CLOSE,
        legs,
        reason,
        hedge_id=hedge.id,
        cash_limit_atoms=cash,
        good_until_s=case.time_s,
        margin_atoms=hedge.margin_atoms,
        is_forced=reason is Reason.MARGIN_CALL,
    )
    return Choice(
        wanted=wanted,
        reason=reason,
        numbers={
            **case.looked_at(case.layer.disarm),
            **(numbers or {}),
            "cash": str(cash),
            "fee": str(fee),
        },
        order=order,
        beyond_atoms=0 if order.is_forced else beyond_margin(cash - fee, hedge.margin_atoms),
    )


def settle_expired(case: Case, hedge: Hedge) -> Choice:
    """Let the venue pay an expired hedge by the average of the window before expiry: of the price,
    or of the index where its contracts are on that.

    The layer stays armed unless its disarm is confirmed: expiry is no all-clear.
    """
    try:
        settlement = expiry_price_atoms(
            hedge,
            case.book.signals,
            window_s=case.rules.twap_window_s,
            base_decimals=case.view.market.base_decimals,
        )
    except ObservationsMissingError as refusal:
        return stay(Status.HOLDING, Reason.NO_SETTLEMENT_PRICE, {"why": str(refusal)})
    disarmed = case.view.exposure is None or is_confirmed(case.layer.disarm, case)
    order = _order(
        case,
        Intent.SETTLE,
        hedge.legs,
        Reason.SETTLE,
        hedge_id=hedge.id,
        settlement_atoms=settlement,
        margin_atoms=hedge.margin_atoms,
    )
    return Choice(
        wanted=Status.COOLING if disarmed else Status.ARMED,
        reason=Reason.SETTLE,
        numbers={"settlement": str(settlement), "expiry_s": str(hedge.expiry_s)},
        order=order,
    )


def _opening(
    case: Case,
    ticket: Ticket,
    reason: Reason,
    *,
    numbers: Numbers,
    cash_limit_atoms: int,
    good_until_s: int,
    target_atoms: int,
    hedge_id: str | None = None,
) -> Choice:
    order = _order(
        case,
        Intent.OPEN,
        ticket.legs,
        reason,
        hedge_id=hedge_id,
        cash_limit_atoms=cash_limit_atoms,
        good_until_s=good_until_s,
        delta_ppb=delta_ppb(case, ticket.legs),
        target_atoms=target_atoms,
    )
    return Choice(
        wanted=Status.HOLDING,
        reason=reason,
        numbers={**numbers, **_priced(ticket), **_even(case, ticket)},
        order=order,
        outlay_atoms=ticket.outlay_atoms,
        margin_atoms=ticket.margin_atoms,
    )


def _order(
    case: Case,
    intent: Intent,
    legs: tuple[Leg, ...],
    reason: Reason,
    *,
    hedge_id: str | None = None,
    cash_limit_atoms: int | None = None,
    good_until_s: int | None = None,
    settlement_atoms: int | None = None,
    margin_atoms: int = 0,
    is_forced: bool = False,
    delta_ppb: int = 0,
    target_atoms: int = 0,
) -> Order:
    pool, layer = case.view.market.pool, case.layer.name
    order_id = digest(case.cause, pool, layer, intent.value, [leg.to_json() for leg in legs])
    return Order(
        id=order_id,
        hedge_id=hedge_id or order_id,
        pool=pool,
        layer=layer,
        intent=intent,
        legs=legs,
        cash_limit_atoms=cash_limit_atoms,
        settlement_atoms=settlement_atoms,
        reason=reason.value,
        good_until_s=good_until_s,
        margin_atoms=margin_atoms,
        is_forced=is_forced,
        delta_ppb=delta_ppb,
        target_atoms=target_atoms,
        sleeve=case.layer.sleeve,
    )


def delta_ppb(case: Case, legs: tuple[Leg, ...]) -> int:
    """Delta of the legs now per unit of the largest, billionths: what a re-strike is judged by."""
    found = structure_greeks(
        legs,
        lambda contract: case.quoting.greeks(contract, case.view.market),
        unit_atoms=largest_atoms(legs),
    )
    return found.delta_ppb


def _limit(case: Case, ticket: Ticket) -> int:
    """The least cash that the layer accepts: what is quoted, unless it bounds the slippage."""
    bound_bps = slippage_bps(case)
    if bound_bps is None:
        return ticket.cash_atoms
    at_mark = case.quoting.mark_cash(ticket.legs, case.view.market)
    return at_mark - mul_div_down(abs(at_mark), bound_bps, BPS)


def _short_of_money(case: Case, legs: tuple[Leg, ...], numbers: Numbers) -> Choice:
    """Which limit leaves no room for one lot: the one that allows the smallest share."""
    purse = case.purse
    ticket = priced(legs, case.view.market, case.quoting)
    names = (Reason.BUDGET, Reason.CASH, Reason.CAP)
    shares = {
        name: Fraction(max(0, have), need)
        for name, (need, have) in zip(names, ticket.needs(purse), strict=False)
        if need > 0
    }
    left: Numbers = {"budget_left": str(purse.budget_atoms), "cash": str(max(0, purse.cash_atoms))}
    if purse.cap_atoms is not None:
        left["cap_left"] = str(purse.cap_atoms)
    return stay(Status.HOLDING, min(shares, key=shares.__getitem__), {**numbers, **left})


def _is_unsold(case: Case, leg: Leg) -> bool:
    """Whether it is an option to be sold that nobody bids for."""
    if leg.quantity_atoms > 0 or not leg.contract.kind.is_option:
        return False
    return not case.quoting.bid_ask(leg.contract, case.view.market)[0]


def _sized(legs: tuple[Leg, ...], on_price: str, on_index: str, size: int) -> Numbers:
    """A size under the name that tells its unit: base atoms, or millionths of a contract."""
    return {on_index if legs[0].contract.kind.is_on_index else on_price: str(size)}


def _even(case: Case, ticket: Ticket) -> Numbers:
    """Where a condor breaks even at expiry, by what it brings at these quotes."""
    return even_numbers(
        ticket.legs,
        cash_atoms=-ticket.outlay_atoms,
        base_decimals=case.view.market.base_decimals,
    )


def _priced(ticket: Ticket) -> Numbers:
    size = abs(ticket.legs[0].quantity_atoms)
    return {
        **_sized(ticket.legs, "quantity", "contracts", size),
        "cash": str(ticket.cash_atoms),
        "fee": str(ticket.fee_atoms),
        "margin": str(ticket.margin_atoms),
    }
