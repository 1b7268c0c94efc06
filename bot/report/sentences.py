"""Decisions in plain sentences, from their reason codes and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.core.contracts import CONTRACT_DECIMALS
from bot.core.gate import BLOCK_TIME_S, UNTIL_S
from bot.core.metrics import METRICS
from bot.core.orders import FillStatus
from bot.core.plan import Decision
from bot.core.reasons import Reason, Status
from bot.core.snapshot import PoolSpec
from bot.report.figures import MINUS, amount, contracts, duration, moment
from bot.report.reading import Trade

SENTENCES: Mapping[Reason, str] = {
    Reason.BELOW_ARM: "waits: its arm condition is not true",
    Reason.UNKNOWN_METRIC: "waits: a metric of its arm condition is not warm yet",
    Reason.ARM: "armed: its condition came true, a hedge was ordered",
    Reason.RETRY: "still armed without a hedge, so one was ordered again",
    Reason.WORKING: "asks again for what the venue left over of its order, on the same terms",
    Reason.LAPSED: "gives up what the venue left over of its order: its time is over",
    Reason.DISARM: "stands down: its disarm condition came true",
    Reason.IN_BAND: "keeps its hedge: the disarm condition is not true",
    Reason.MIN_HOLD: "keeps its hedge: the least holding time is not over",
    Reason.MONETISE: "sold its hedge, which brings what it was to bring",
    Reason.STOP_LOSS: "sold its hedge, which has lost the multiple that it may lose",
    Reason.ROLL: "sold its hedge close to expiry, to buy a later one on the next tick",
    Reason.ROLL_EARLY: "sold its hedge early, as the time after it is dearer, to buy a later one",
    Reason.RESTRIKE: "sold its hedge, whose delta has drifted, to strike one on the next tick",
    Reason.STALE: "sold its hedge, whose size is out of date, to buy anew on the next tick",
    Reason.FREEZE: "freezes: it neither buys nor sells",
    Reason.FROZEN: "is still frozen",
    Reason.THAW: "thaws: its freeze is over",
    Reason.SETTLE: "its hedge expired and was settled at the average price",
    Reason.NO_SETTLEMENT_PRICE: "its hedge expired, but the settlement window was not observed",
    Reason.MARGIN_CALL: "sold its hedge at any price: free cash does not pay for more margin",
    Reason.COOLDOWN: "waits after a sale",
    Reason.COOLED: "the wait after a sale is over",
    Reason.UNTRUSTED_PRICE: "would act, but waits: the price is not trusted yet",
    Reason.UNCONFIRMED: "would act, but waits: its condition has not held for enough blocks yet",
    Reason.BUDGET: "armed, but the premium budget leaves no room for one lot",
    Reason.CASH: "armed, but free cash leaves no room for one lot",
    Reason.CAP: "armed, but the cap on open hedges leaves no room for one lot",
    Reason.NOTHING_TO_HEDGE: "armed, but what there is to hedge is below one lot",
    Reason.NOT_LISTED: "armed, but the venue lists no fitting contract",
    Reason.NO_BID: "armed, but nobody bids for a leg that it would sell",
    Reason.GATE: "rests: the gate does not let the second engine act",
    Reason.DUST: "waits: the pool is drained to dust",
    Reason.NO_POSITION: "has no LP position to hedge",
}
"""What each reason says, after the layer's name."""

SHORT: Mapping[Reason, str] = {
    Reason.BELOW_ARM: "waits to arm",
    Reason.UNKNOWN_METRIC: "warming up",
    Reason.ARM: "armed, ordered",
    Reason.RETRY: "ordered again",
    Reason.WORKING: "asked again",
    Reason.LAPSED: "order lapsed",
    Reason.DISARM: "stood down",
    Reason.IN_BAND: "in band",
    Reason.MIN_HOLD: "minimum hold",
    Reason.MONETISE: "monetised",
    Reason.STOP_LOSS: "stopped",
    Reason.ROLL: "rolled",
    Reason.ROLL_EARLY: "rolled early",
    Reason.RESTRIKE: "re-struck",
    Reason.STALE: "stale, re-sized",
    Reason.FREEZE: "froze",
    Reason.FROZEN: "frozen",
    Reason.THAW: "thawed",
    Reason.SETTLE: "settled",
    Reason.NO_SETTLEMENT_PRICE: "no settlement price",
    Reason.MARGIN_CALL: "margin call",
    Reason.COOLDOWN: "cooling",
    Reason.COOLED: "cooled",
    Reason.UNTRUSTED_PRICE: "price not trusted",
    Reason.UNCONFIRMED: "to be confirmed",
    Reason.BUDGET: "budget used up",
    Reason.CASH: "cash used up",
    Reason.CAP: "cap reached",
    Reason.NOTHING_TO_HEDGE: "below one lot",
    Reason.NOT_LISTED: "not listed",
    Reason.NO_BID: "no bid",
    Reason.GATE: "gate shut",
    Reason.DUST: "pool is dust",
    Reason.NO_POSITION: "no position",
}
"""The same in two or three words, for narrow tables."""

ALWAYS_TOLD = (
    Reason.SETTLE, Reason.ROLL, Reason.ROLL_EARLY, Reason.RESTRIKE, Reason.STALE, Reason.MONETISE,
    Reason.STOP_LOSS, Reason.MARGIN_CALL, Reason.LAPSED,
)  # fmt: skip

QUOTE_NUMBERS = (
    "value", "cash", "fee", "margin", "budget_left", "cap_left", "settlement", "reserve_quote",
    "spot", "median", "twap", "even_low", "even_high",
)  # fmt: skip
BASE_NUMBERS = ("wanted", "quantity")
MULTIPLES = {
    "multiple_bps": "multiple", "lost_bps": "lost", "forward_vol_bps": "forward over implied vol"
}  # fmt: skip
SHARES = {"kept_bps": "credit kept", "target_drift_bps": "size drifted"}
CONTRACT_NUMBERS = ("contracts_wanted", "contracts")
GATE_NUMBERS = (UNTIL_S, BLOCK_TIME_S)
SPAN_NUMBERS = ("held_s", "left_s", "lapsed_s")


def sentence(decision: Decision, spec: PoolSpec) -> str:
    """One layer's decision with its numbers.

    `WETH-USDC guard: waits: its arm condition is not true (move_sigma_abs 0.41).`
    """
    numbers = ", ".join(numbers_of(decision, spec))
    text = f"{decision.pool} {decision.layer}: {SENTENCES[decision.reason]}"
    return f"{text} ({numbers})." if numbers else f"{text}."


def short(decision: Decision, spec: PoolSpec) -> str:
    """The same for a narrow column: the reason, and for a wait how long it will be."""
    text = SHORT[decision.reason]
    return (
        f"{text}, {numbers_of(decision, spec)[0]}" if decision.reason is Reason.COOLDOWN else text
    )


def numbers_of(decision: Decision, spec: PoolSpec) -> list[str]:
    """The figures behind a decision, each with its name and unit."""
    told = [
        _number(name, value, spec)
        for name, value in decision.numbers.items()
        if name not in GATE_NUMBERS
        and not (name == "expiry_s" and decision.reason is not Reason.SETTLE)
    ]
    return told + gate_words(decision)


def gate_words(decision: Decision) -> list[str]:
    """What a multisig's gate said on that block; nothing where none was asked for."""
    if BLOCK_TIME_S not in decision.numbers:
        return []
    until = decision.numbers[UNTIL_S]
    if until is None:
        return ["the multisig's gate was not read"]
    if int(until) > int(decision.numbers[BLOCK_TIME_S] or 0):
        return [f"the multisig has opened the engine until {moment(int(until))}"]
    since = f"since {moment(int(until))}" if int(until) else "from the start"
    return [f"shut {since}, the multisig has not opened it"]


def is_event(decision: Decision) -> bool:
    """Whether the layer moved or something was done, rather than waited."""
    quiet = decision.status is decision.wanted or (
        decision.status is Status.ARMED and decision.wanted is Status.HOLDING
    )
    return not quiet or decision.reason in ALWAYS_TOLD


def trade_sentence(trade: Trade, spec: PoolSpec) -> str:
    """One order and its answer, with the money that moved."""
    order, fill = trade.order, trade.fill
    quote, decimals = spec.quote.symbol, spec.quote.decimals
    dealt = tuple(leg_fill.leg for leg_fill in fill.legs)
    codes = contracts(dealt or order.legs, base_decimals=spec.base.decimals)
    verb = {"open": "bought", "close": "sold", "settle": "settled"}[order.intent.value]
    if not trade.is_filled:
        return f"{order.pool} {order.layer}: not {verb}: {codes}, refused: {fill.reason}."
    cash = amount(abs(fill.cash_atoms), decimals)
    way = "paid" if fill.cash_atoms < 0 else "received"
    rest = ", a part of the order" if fill.status is FillStatus.PARTIAL else ""
    return (
        f"{order.pool} {order.layer}: {verb} {codes}{rest}, {way} {cash} {quote}, "
        f"fee {amount(fill.fee_atoms, decimals)} {quote} ({order.reason})."
    )


def _number(name: str, value: str | float | None, spec: PoolSpec) -> str:
    if value is None:
        return f"{name} unknown"
    if isinstance(value, int | float):
        return f"{name} {f'{value:,.4g}'.replace('-', MINUS)}"
    for names, write in _WRITERS:
        if name in names:
            return f"{name.removesuffix('_s')} {write(int(value), spec)}"
    if name in MULTIPLES:
        return f"{MULTIPLES[name]} {int(value) / 10_000:.2f}x".replace("-", MINUS)
    if name in SHARES:
        return f"{SHARES[name]} {int(value) / 100:.1f} %".replace("-", MINUS)
    return value if name == "why" else f"{name} {value}"


_Writer = Callable[[int, PoolSpec], str]

_WRITERS: tuple[tuple[tuple[str, ...], _Writer], ...] = (
    (
        QUOTE_NUMBERS,
        lambda atoms, spec: f"{amount(atoms, spec.quote.decimals)} {spec.quote.symbol}",
    ),
    (
        BASE_NUMBERS,
        lambda atoms, spec: f"{amount(atoms, spec.base.decimals)} {spec.base.symbol}",
    ),
    (CONTRACT_NUMBERS, lambda micro, _: amount(micro, CONTRACT_DECIMALS)),
    (SPAN_NUMBERS, lambda seconds, _: duration(seconds)),
    (("expiry_s",), lambda time_s, _: moment(time_s)),
)

assert set(SENTENCES) == set(SHORT) == set(Reason), "every reason has its words"
assert not set(METRICS) & {
    *QUOTE_NUMBERS, *BASE_NUMBERS, *CONTRACT_NUMBERS, *SPAN_NUMBERS, *GATE_NUMBERS
}, "names say one unit"  # fmt: skip
