"""The machine walked through whole: every combination of its inputs against the page that tells it.

Oracle: `TABLE`, written from docs/rules.md, and the diagram there, read off the page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import prod
from types import CodeType, FrameType
from typing import Any

import pytest

from bot.core import confirmation, order_forms, policy, rolls, takes
from bot.core.case import Choice
from bot.core.confirmation import confirmed
from bot.core.hedges import _status_after
from bot.core.orders import Intent
from bot.core.policy import _choose
from bot.core.reasons import Reason, Status
from tests.builders.drawing import diagram
from tests.builders.walks import INPUTS, PLACES, Inputs, Place, case_of, ways

SHORTAGES = {"budget": "BUDGET", "cash": "CASH", "cap": "CAP"}
OBSTACLES = {
    "unlisted": "NOT_LISTED",
    "nothing": "NOTHING_TO_HEDGE",
    "unbid": "NO_BID",
    **SHORTAGES,
}

IDLE, ARMED, HOLDING, COOLING, FROZEN = "idle", "armed", "holding", "cooling", "frozen"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reason, what is ordered, and where the layer may stand once that is answered."""

    reason: str
    order: str | None
    ends: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the decision table. order: what is ordered, if anything. to: where that leads."""

    reason: str
    when: Callable[[Inputs], bool]
    to: str | None = None  # None: it stays where it stands
    order: str | None = None


def holds(inputs: Inputs) -> bool:
    return inputs.place.holds


def stands(inputs: Inputs, status: Status) -> bool:
    return inputs.place.status is status


def is_expired(inputs: Inputs) -> bool:
    return inputs.place.hedge == "expired"


def is_gone(inputs: Inputs) -> bool:
    return inputs["position"] == "gone"


def is_unwanted(inputs: Inputs) -> bool:
    return inputs["disarm"] == "true"


def is_all_clear(inputs: Inputs) -> bool:
    """No position, or `disarm` is confirmed."""
    return is_gone(inputs) or (is_unwanted(inputs) and is_sure(inputs))


def is_sure(inputs: Inputs) -> bool:
    """What is true now has been so for long enough, at a price that is trusted."""
    return inputs["price"] == "trusted" and inputs["streak"] == "enough"


def is_due(inputs: Inputs) -> bool:
    return holds(inputs) and is_unwanted(inputs) and inputs["held"] == "long"


def has_thawed(inputs: Inputs) -> bool:
    """By a condition of its own, unless the freeze is true; without one the freeze must be false
    for certain."""
    if inputs["thaw"] == "none":
        return inputs["freeze"] == "false"
    return inputs["thaw"] == "true" and inputs["freeze"] != "true"


def may_roll(inputs: Inputs) -> bool:
    """No crossover is waited for, and what is held can be bought anew, if it is called for."""
    is_seen = inputs["macd"] in ("needless", "crossed")
    return holds(inputs) and is_seen and inputs["purchase"] in ("fits", "nothing")


def is_stale(inputs: Inputs) -> bool:
    """The size called for now is a half, or none at all; what has no strikes has no size."""
    called_for = inputs["purchase"]
    return called_for != "unlisted" and (called_for == "nothing" or inputs["size"] == "outgrown")


def is_short(limit: str, inputs: Inputs) -> bool:
    return inputs["purchase"] == limit


def rests(inputs: Inputs, rest: str = "") -> bool:
    return inputs["rest"] in ((rest,) if rest else ("alive", "lapsed"))


def resting_rows(stands_so: Callable[[Inputs], bool]) -> Iterator[Row]:
    yield Row("LAPSED", lambda i: stands_so(i) and rests(i, "lapsed"))
    for limit, reason in SHORTAGES.items():
        yield Row(reason, lambda i, m=limit: stands_so(i) and rests(i, "alive") and is_short(m, i))  # type: ignore[misc]
    yield Row("WORKING", lambda i: stands_so(i) and rests(i, "alive"), HOLDING, "open")


TABLE: tuple[Row, ...] = (
    Row("NO_SETTLEMENT_PRICE", lambda i: is_expired(i) and i["window"] == "unseen"),
    Row("SETTLE", lambda i: is_expired(i) and is_all_clear(i), COOLING, "settle"),
    Row("SETTLE", is_expired, ARMED, "settle"),
    Row("MARGIN_CALL", lambda i: i.place.hedge == "called", COOLING, "close"),
    Row("GATE", lambda i: not holds(i) and i["gate"] == "closed", IDLE),
    Row("GATE", lambda i: i["gate"] == "closed", IDLE, "close"),
    Row("NO_POSITION", lambda i: not holds(i) and is_gone(i), IDLE),
    Row("FROZEN", lambda i: stands(i, Status.FROZEN) and not has_thawed(i)),
    Row("THAW", lambda i: stands(i, Status.FROZEN) and holds(i), HOLDING),
    Row("THAW", lambda i: stands(i, Status.FROZEN), COOLING),
    Row("FREEZE", lambda i: i["freeze"] == "true", FROZEN),
    Row("NO_POSITION", lambda i: holds(i) and is_gone(i), IDLE, "close"),
    Row("DISARM", lambda i: is_due(i) and is_sure(i), COOLING, "close"),
    Row("MONETISE", lambda i: holds(i) and i["result"] in ("multiple", "kept"), COOLING, "close"),
    Row("STOP_LOSS", lambda i: holds(i) and i["result"] in ("lost", "owed"), COOLING, "close"),
    Row("DISARM", is_due, COOLING, "close"),
    Row("MIN_HOLD", lambda i: holds(i) and is_unwanted(i)),
    Row("ROLL", lambda i: holds(i) and i["expiry"] == "near", ARMED, "close"),
    Row("ROLL_EARLY", lambda i: may_roll(i) and i["forward"] == "dear", ARMED, "close"),
    Row("RESTRIKE", lambda i: may_roll(i) and i["delta"] == "drifted", ARMED, "close"),
    Row("STALE", lambda i: may_roll(i) and is_stale(i), ARMED, "close"),
    Row("DUST", lambda i: holds(i) and rests(i) and i["pool"] == "dust"),
    *resting_rows(holds),
    Row("IN_BAND", holds),
    Row("COOLDOWN", lambda i: stands(i, Status.COOLING) and i["wait"] == "on"),
    Row("COOLED", lambda i: stands(i, Status.COOLING), IDLE),
    Row("DUST", lambda i: i["pool"] == "dust"),
    Row("DISARM", lambda i: stands(i, Status.ARMED) and is_unwanted(i), IDLE),
    *resting_rows(lambda i: stands(i, Status.ARMED)),
    Row("UNKNOWN_METRIC", lambda i: stands(i, Status.IDLE) and i["arm"] == "unknown"),
    Row("BELOW_ARM", lambda i: stands(i, Status.IDLE) and i["arm"] == "false"),
    *(
        Row(reason, lambda i, o=obstacle: i["purchase"] == o, ARMED)  # type: ignore[misc]
        for obstacle, reason in OBSTACLES.items()
    ),
    Row("RETRY", lambda i: stands(i, Status.ARMED), HOLDING, "open"),
    Row("ARM", lambda i: True, HOLDING, "open"),
)  # fmt: skip


def waits(row: Row, inputs: Inputs) -> bool:
    """What orders, moves or would buy; but for what never waits, and an exit from nothing."""
    if row.reason in ("SETTLE", "MARGIN_CALL", "COOLED"):
        return False
    if row.reason == "NO_POSITION" and not row.order:
        return False
    would_buy = row.reason in OBSTACLES.values() and not holds(inputs)
    moves = row.to not in (None, inputs.place.status.value)
    return bool(row.order) or moves or would_buy


def has_condition(row: Row, inputs: Inputs) -> bool:
    return row.reason in ("FREEZE", "THAW", "DISARM") or stands(inputs, Status.IDLE)


def told(inputs: Inputs) -> Outcome:
    """What the page says: the first row that fits. A freeze outlasts what it cannot hold up, and
    an order that is refused, or dealt in part, leaves what is held where it is."""
    place = inputs.place
    row = next(row for row in TABLE if row.when(inputs))
    if waits(row, inputs):
        if inputs["price"] == "doubted":
            return Outcome("UNTRUSTED_PRICE", None, frozenset({place.status.value}))
        if has_condition(row, inputs) and inputs["streak"] == "short":
            return Outcome("UNCONFIRMED", None, frozenset({place.status.value}))
    done = row.to or place.status.value
    if place.status is Status.FROZEN and place.hedge in ("expired", "called"):
        done = FROZEN
    may_fail = row.order == "open" or (row.order == "close" and row.reason != "MARGIN_CALL")
    failed = {HOLDING if place.holds else ARMED} if may_fail else set()
    return Outcome(row.reason, row.order, frozenset({done, *failed}))


def done(inputs: Inputs) -> Outcome:
    """What the ladder itself does."""
    case = case_of(inputs)
    return outcome_of(inputs.place, confirmed(case, _choose(case)))


def outcome_of(place: Place, choice: Choice) -> Outcome:
    decision = choice.decision(pool="", layer="", status=place.status)
    order = choice.order
    keeps = {place.holds}
    if order is not None:
        assert order.reason == choice.reason.value
        is_certain = order.is_forced or order.intent is Intent.SETTLE
        keeps = {order.intent is Intent.OPEN} if is_certain else {True, False}
        if order.intent is Intent.OPEN and place.holds:
            keeps = {True}
    ends = {_status_after(decision, is_holding=keep).value for keep in keeps}
    return Outcome(choice.reason.value, order and order.intent.value, frozenset(ends))


@cache
def walked(place: Place) -> tuple[tuple[Inputs, Outcome, Outcome], ...]:
    """Every way from a place: its inputs, what the ladder does and what the page says."""
    both = ways(place, lambda inputs: (done(inputs), told(inputs)))
    return tuple((inputs, *outcomes) for inputs, outcomes in both)


def walk() -> Iterator[tuple[Inputs, Outcome]]:
    for place in PLACES:
        for inputs, outcome, _ in walked(place):
            yield inputs, outcome


@pytest.mark.parametrize("place", PLACES, ids=lambda p: f"{p.status.value}, hedge {p.hedge}")
def test_the_ladder_does_what_the_page_says_for_every_combination_of_its_inputs(
    place: Place,
) -> None:
    for inputs, outcome, expected in walked(place):
        assert outcome == expected, inputs.asked


@pytest.mark.parametrize("place", PLACES, ids=lambda p: f"{p.status.value}, hedge {p.hedge}")
def test_the_ways_of_the_walk_are_all_combinations_and_none_of_them_twice(place: Place) -> None:
    """Two ways differ in an input that both have asked for, and their shares sum to the whole."""
    every = prod(len(values) for values in place.inputs.values())
    found = walked(place)
    assert sum(inputs.combinations for inputs, _, _ in found) == every
    some = found[:: max(1, len(found) // 150)]
    for (one, _, _), (other, _, _) in combinations(some, 2):
        shared = one.asked.keys() & other.asked.keys()
        assert any(one.asked[name] != other.asked[name] for name in shared)


def test_every_reason_is_reached() -> None:
    assert {outcome.reason for _, outcome in walk()} == {reason.value for reason in Reason}


def test_the_diagram_of_the_page_has_every_transition_and_no_other() -> None:
    found = {
        (inputs.place.status.value, end, outcome.reason)
        for inputs, outcome in walk()
        for end in outcome.ends
    }
    assert found - diagram() == set()
    assert diagram() - found == set()


def test_from_idle_every_place_is_reached_and_none_besides() -> None:
    """A place is a status, and whether there is a hedge."""
    reached, fresh = set(), {(IDLE, False)}
    while fresh:
        reached |= fresh
        fresh = {
            (end, has_hedge(inputs.place, outcome, end))
            for inputs, outcome in walk()
            if (inputs.place.status.value, inputs.place.holds) in reached
            for end in outcome.ends
        } - reached
    assert reached == {(place.status.value, place.holds) for place in PLACES}


def has_hedge(place: Place, outcome: Outcome, end: str) -> bool:
    if end == FROZEN:
        return place.holds and outcome.order is None
    return end == HOLDING


def test_a_layer_with_a_hedge_opens_none_and_one_without_closes_none() -> None:
    """Except that what rests of an order is added to the hedge that it began."""
    for inputs, outcome in walk():
        if inputs.place.holds:
            assert outcome.order != "open" or outcome.reason == "WORKING"
        else:
            assert outcome.order in (None, "open")


def test_a_frozen_layer_orders_nothing_but_settlements_and_margin_calls() -> None:
    for inputs, outcome in walk():
        if inputs.place.status is Status.FROZEN or outcome.reason == "FREEZE":
            assert outcome.order is None or outcome.reason in ("SETTLE", "MARGIN_CALL", "GATE")


def test_an_unknown_condition_fires_no_more_than_one_that_is_false() -> None:
    """A freeze without a thaw of its own ends when it is false, so unknown it counts as true."""
    for inputs, outcome in walk():
        asked = inputs.asked
        for name in ("disarm", "thaw", "freeze"):
            if asked.get(name) == "unknown":
                ends_freeze = name == "freeze" and asked.get("thaw") == "none"
                known = {**asked, name: "true" if ends_freeze else "false"}
                assert done(Inputs(inputs.place, known)) == outcome, asked
        if asked.get("arm") == "unknown" and inputs.place.status is Status.IDLE:
            assert outcome.order is None
            assert outcome.reason in ("UNKNOWN_METRIC", "UNTRUSTED_PRICE")


ORDER: tuple[tuple[str, dict[str, str]], ...] = (
    ("GATE", {"gate": "closed"}),
    ("FREEZE", {"freeze": "true"}),
    ("NO_POSITION", {"position": "gone"}),
    ("DISARM", {"disarm": "true"}),
    ("MONETISE", {"result": "multiple"}),
    ("STOP_LOSS", {"result": "lost"}),
    ("MIN_HOLD", {"disarm": "true", "held": "short"}),
    ("ROLL", {"expiry": "near"}),
    ("ROLL_EARLY", {"forward": "dear"}),
    ("RESTRIKE", {"delta": "drifted"}),
    ("STALE", {"size": "outgrown"}),
    ("DUST", {"rest": "alive", "pool": "dust"}),
    ("LAPSED", {"rest": "lapsed"}),
    ("WORKING", {"rest": "alive"}),
    ("IN_BAND", {}),
)
"""Of a layer that holds a hedge: each reason in the page's order, and what calls for it."""


@pytest.mark.parametrize("kind", ["open", "called", "expired"])
def test_of_two_reasons_the_first_in_the_order_of_the_page_wins(kind: str) -> None:
    place, pairs = Place(Status.HOLDING, kind), 0
    above = {"open": None, "called": "MARGIN_CALL", "expired": "SETTLE"}[kind]
    for (first, its), (second, others) in combinations(ORDER, 2):
        if any(its[name] != others[name] for name in its.keys() & others.keys()):
            continue
        if {first, second} == {"DISARM", "MIN_HOLD"}:
            continue  # never both: the minimum hold is over or it is not
        both = {**its, **others}
        is_young = both.get("held") == "short"
        expected = above or (first if first != "DISARM" or not is_young else second)
        assert done(Inputs(place, both)).reason == expected, (first, second)
        pairs += 1
    assert pairs > 70


def test_the_walk_leaves_no_line_of_the_machine_unvisited() -> None:
    modules = (policy, confirmation, takes, rolls, order_forms)
    # The loop around the machine; price bounds, which decide nothing.
    skipped = ("decide", "_limit", "blocks_held")
    codes = [
        function.__code__
        for module in modules
        for name, function in vars(module).items()
        if getattr(function, "__module__", "") == module.__name__
        and hasattr(function, "__code__")
        and name not in skipped
    ]
    wanted = {(code, line) for code in codes for _, _, line in code.co_lines() if line}
    unlike = {
        (one.place, outcome, frozenset(one.asked), *map(one.asked.get, ("result", "purchase"))): one
        for one, outcome in walk()
    }
    seen = lines_seen(set(codes), list(unlike.values()))
    missed = {(code.co_name, line) for code, line in wanted - seen if line != code.co_firstlineno}
    assert missed == set()


def lines_seen(codes: set[CodeType], many: Sequence[Inputs]) -> set[tuple[CodeType, int]]:
    """The lines of these functions that the ladder runs on these ways."""
    seen: set[tuple[CodeType, int]] = set()

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        return on_line if frame.f_code in codes else None

    def on_line(frame: FrameType, _event: str, _arg: Any) -> Any:
        seen.add((frame.f_code, frame.f_lineno))
        return on_line

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        for inputs in many:
            done(Inputs(inputs.place, inputs.asked))
    finally:
        sys.settrace(before)
    return seen


def test_the_inputs_of_the_walk_are_all_asked_for() -> None:
    """An input that nothing looks at would prove nothing."""
    assert {name for inputs, _ in walk() for name in inputs.asked} == set(INPUTS)
