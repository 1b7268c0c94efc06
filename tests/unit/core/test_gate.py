"""The second engine's gate: who may act when, and what decisions tell of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.actions import OpenGate, ShutGate, gate_after
from bot.core.conditions import Comparison
from bot.core.feeds import feed_problem
from bot.core.gate import gate_numbers, is_open
from bot.core.guard import Guard
from bot.core.rules import Engine, Rules
from bot.core.sleeves import Sleeve
from bot.core.snapshot import Block, PoolTuple, Snapshot
from bot.core.terms import rules_from_json, rules_to_json, sealed
from bot.report.reading import read_story
from bot.report.sentences import sentence
from tests.builders.ladders import START_S, Ladder
from tests.builders.runs import HOUR_S, layer, rules_of
from tests.builders.vols import engine_layer

DAY_AHEAD_S = 24 * HOUR_S
NOW_S = 1_772_438_400  # 2026-03-02T08:00:00Z
MULTISIG = Engine(capital_bps=2_000, multisig=True)


def seen(until_s: int | None) -> Snapshot:
    feeds = {} if until_s is None else {"engine_gate_s": until_s}
    block = Block(number=1, hash="0x1", parent_hash="0x0", time_s=NOW_S)
    return Snapshot(chain_id=1, block=block, specs=(), pools=PoolTuple(()), events=(), feeds=feeds)


def rules(engine: Engine | None) -> Rules:
    return rules_of(layer("put"), engine_layer("vol"), engine=engine)


@pytest.mark.parametrize(
    ("engine", "until_s", "expected"),
    [
        (None, NOW_S + 1, False),
        (Engine(capital_bps=1), None, True),
        (Engine(capital_bps=1), NOW_S - 1, True),
        (Engine(capital_bps=1, enabled=False), NOW_S + 1, False),
        (Engine(capital_bps=1, enabled=False, multisig=True), NOW_S + 1, False),
        (MULTISIG, None, False),
        (MULTISIG, 0, False),
        (MULTISIG, NOW_S - 1, False),
        (MULTISIG, NOW_S, False),
        (MULTISIG, NOW_S + 1, True),
    ],
)
def test_the_engine_may_act_while_both_gates_are_open(
    engine: Engine | None, until_s: int | None, expected: bool
) -> None:
    assert is_open(Sleeve.ENGINE, rules(engine), seen(until_s)) is expected
    assert is_open(Sleeve.CORE, rules(engine), seen(until_s))


def test_only_decisions_of_an_engine_that_asks_a_multisig_tell_of_it() -> None:
    told = {"gate_until_s": str(NOW_S), "gate_block_time_s": str(NOW_S)}
    assert gate_numbers(Sleeve.ENGINE, rules(MULTISIG), seen(NOW_S)) == told
    assert gate_numbers(Sleeve.ENGINE, rules(MULTISIG), seen(None))["gate_until_s"] is None
    assert gate_numbers(Sleeve.CORE, rules(MULTISIG), seen(NOW_S)) == {}
    assert gate_numbers(Sleeve.ENGINE, rules(Engine(capital_bps=1)), seen(NOW_S)) == {}
    assert gate_numbers(Sleeve.ENGINE, rules(None), seen(NOW_S)) == {}


def test_an_engine_that_asks_no_multisig_keeps_the_hash_that_it_had() -> None:
    """A book is opened on a hash of its rules: a key that says nothing new must not change it."""
    plain, asked = (sealed(rules(engine)) for engine in (Engine(capital_bps=2_000), MULTISIG))
    assert rules_to_json(plain)["engine"] == {
        "capital_bps": 2_000,
        "cap_bps": 10_000,
        "enabled": True,
    }
    assert plain.hash != asked.hash
    assert rules_from_json(rules_to_json(asked)) == asked
    assert rules_from_json(rules_to_json(plain)) == plain


def test_the_moment_after_opening_and_shutting() -> None:
    """As contracts/EngineGate.sol: shutting leaves the block's time, and what has run out stays."""
    assert gate_after(0, OpenGate(until_s=900), block_time_s=500) == 900
    assert gate_after(900, OpenGate(until_s=600), block_time_s=500) == 600
    assert gate_after(900, ShutGate(), block_time_s=500) == 500
    assert gate_after(300, ShutGate(), block_time_s=500) == 300
    assert gate_after(0, ShutGate(), block_time_s=500) == 0


@pytest.mark.parametrize("value", [-1, 253_402_300_800])
def test_a_moment_that_no_calendar_has_is_no_feed(value: int) -> None:
    problem = feed_problem("engine_gate_s", value)
    assert problem == f"engine_gate_s is {value}, not a unix time within 0 to 253402300799"
    assert feed_problem("engine_gate_s", 253_402_300_799) is None


def ladder(*, guard: Guard | None = None, **changes: Any) -> Ladder:
    terms = {} if guard is None else {"guard": guard}
    return Ladder(engine_layer("vol", **changes), engine=MULTISIG, **terms)


def told(one: Ladder) -> str:
    """The last decision as people read it."""
    story = read_story(one.journal.rows())
    assert story is not None
    assert story.last is not None
    (decision,) = story.last.decisions
    return sentence(decision, story.head.specs[0])


def open_until(one: Ladder, until_s: int) -> None:
    one.chain.feeds = {"engine_gate_s": until_s}


def test_an_engine_whose_gate_nobody_reads_does_nothing() -> None:
    one = ladder()
    assert one.walk((1, 1_900), (1, 1_700)) == ["GATE", "GATE"]
    assert one.intents == []
    assert told(one).endswith("the second engine act (the multisig's gate was not read).")


def test_it_buys_while_the_gate_is_open_and_sells_what_it_holds_when_it_runs_out() -> None:
    one = ladder()
    open_until(one, START_S + 2 * HOUR_S)
    assert one.step(1, 1_900) == ["ARM"]
    assert told(one).endswith("the multisig has opened the engine until 2026-03-02 10:00 UTC).")
    assert one.step(1, 1_900) == ["GATE"]
    assert (one.intents, one.statuses) == (["close"], ["idle"])
    shut = "shut since 2026-03-02 10:00 UTC, the multisig has not opened it"
    assert shut in told(one)
    assert one.step(1, 1_900) == ["GATE"]
    assert one.intents == []
    rests = "WETH-USDC vol: rests: the gate does not let the second engine act"
    assert told(one) == f"{rests} ({shut})."


def test_a_gate_that_was_never_opened_is_told_so() -> None:
    one = ladder()
    open_until(one, 0)
    one.step(1, 1_900)
    assert "shut from the start, the multisig has not opened it" in told(one)


def test_a_gate_that_opens_again_needs_no_new_evidence() -> None:
    one = ladder()
    one.step(1, 1_900)
    open_until(one, one.chain.time_s + DAY_AHEAD_S)
    assert one.step(1, 1_900) == ["ARM"]


def test_what_is_held_is_not_sold_into_a_price_that_is_doubted() -> None:
    """A leap of a tenth on the very block on which the gate shuts: the guard holds the sale back
    until the price has lasted, and nothing is bought meanwhile."""
    one = ladder(guard=Guard(), disarm=Comparison(metric="move_bps", above=9_000.0))
    open_until(one, START_S + 10 * DAY_AHEAD_S)
    for _ in range(12):
        one.step(0.05, 1_900)
    assert one.statuses == ["holding"]
    open_until(one, one.chain.time_s)
    assert one.step(0.05, 1_650) == ["UNTRUSTED_PRICE"]
    assert (one.intents, one.statuses) == ([], ["holding"])
    assert "shut since" in told(one)
    reasons = one.walk(*[(0.05, 1_650)] * 4)
    assert "GATE" in reasons
    assert one.statuses == ["idle"]


def test_an_order_that_rests_is_given_up_when_the_gate_shuts() -> None:
    """Bounded at the mark, the venue asks more: it waits, and with a shut gate it waits no more."""
    one = ladder(slippage_bps_max=0, order_good_s=DAY_AHEAD_S)
    open_until(one, START_S + DAY_AHEAD_S)
    one.step(1, 1_900)
    assert one.statuses == ["armed"]
    assert one.step(1, 1_900) == ["WORKING"]
    open_until(one, one.chain.time_s)
    assert one.step(1, 1_900) == ["GATE"]
    assert (one.intents, one.statuses) == ([], ["idle"])
