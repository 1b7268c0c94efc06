"""The second engine's gate played in a short script: on the model, and by a real Safe on Anvil."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.model_stage import ModelStage, model_specs
from bot.core.ports import Row
from bot.core.rules import Engine, Rules
from bot.core.scenario import Scenario
from bot.core.world import ScriptedWorld
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal, replay_world
from bot.wiring.scripted import scenario_world
from tests.builders.played import bodies
from tests.builders.runs import POOL, layer, rules_of, runner_for
from tests.builders.scripts import TWO_DAYS, scenario_of
from tests.builders.vols import engine_layer

pytestmark = pytest.mark.fork

START_S = 1_772_438_400  # 2026-03-02T08:00:00Z
STEP_S = 72 * 60  # a twentieth of a day
HOUR_S = 3_600
ALWAYS: dict[str, Any] = {
    "arm": Comparison(metric="move_bps", above=-9_000.0),
    "disarm": Comparison(metric="move_bps", below=-9_500.0),
}
"""Holds on every block, so that only the gate opens and shuts."""

EVENTS = """
[[event]]
kind = "gate"
day = 0.15 # step 3: two and a half steps, then it runs out by itself
hours = 3

[[event]]
kind = "gate"
day = 0.4 # step 8: under the reorg, so that it is signed for again a second later
hours = 24

[[event]]
kind = "reorg"
day = 0.5 # before step 10, steps 7 to 9
depth = 3

[[event]]
kind = "stale_node"
day = 0.7 # steps 14 to 16 show block 13
steps = 3

[[event]]
kind = "gate"
day = 0.75 # step 15: shut where nobody who reads can see it
hours = 0

[[event]]
kind = "gate"
day = 1 # step 20: runs out while the chain stands still
hours = 3

[[event]]
kind = "stall"
day = 1.05 # steps 21 to 23
steps = 3

[[event]]
kind = "gate"
day = 1.5 # step 30
hours = 168
"""
RULES: Rules = rules_of(
    layer("put", **ALWAYS),
    engine_layer("vol", **ALWAYS),
    engine=Engine(capital_bps=2_000, multisig=True),
)


def script() -> Scenario:
    text = TWO_DAYS.replace("step_minutes = 60", f"step_minutes = {STEP_S // 60}")
    return scenario_of(text + EVENTS)


def rows_of(engine: str, rules: Rules = RULES) -> list[Row]:
    """The journal of the script, which a replay gives again byte for byte."""
    scenario = script()
    with scenario_world(scenario, engine=engine) as world:
        journal = MemoryStore()
        runner = runner_for(scenario, rules, world=world, journal=journal)
        replay_world(world, runner)
        journal.check()
        rows = list(journal.rows())
    replay_journal(rows, rules, venue=runner.venue, journal=MemoryStore())
    return rows


@pytest.fixture(scope="module")
def model() -> list[Row]:
    return rows_of("model")


def step_of(body: dict[str, Any]) -> int:
    """Branches are a second or two late."""
    return int(body["snapshot"]["block"]["time_s"] - START_S) // STEP_S


def after(step: int, *, late_s: int = 0, hours: int = 0) -> int:
    return START_S + step * STEP_S + late_s + hours * HOUR_S


def engine_told(rows: list[Row]) -> dict[int, dict[str, Any]]:
    """The engine's decision by step; where a reorg played a step again, the later one."""
    return {
        step_of(body): decision
        for body in bodies(rows)
        for decision in body["decisions"]
        if decision["layer"] == "vol"
    }


def untils(rows: list[Row]) -> dict[int, int]:
    """Until when the gate was open, as decisions tell it, by step."""
    told = engine_told(rows)
    return {step: int(decision["numbers"]["gate_until_s"]) for step, decision in told.items()}


def test_the_moment_that_every_block_tells_is_what_the_multisig_said_last(
    model: list[Row],
) -> None:
    """Worked by hand from the script; from the reorg on, blocks are a second late."""
    wanted = dict.fromkeys(range(3), 0)
    wanted |= dict.fromkeys(range(3, 8), after(3, hours=3))
    wanted |= dict.fromkeys(range(8, 10), after(8, hours=24))
    wanted |= dict.fromkeys(range(10, 14), after(8, late_s=1, hours=24))
    wanted |= dict.fromkeys(range(17, 20), after(15, late_s=1))
    wanted |= dict.fromkeys([20, *range(24, 30)], after(20, late_s=1, hours=3))
    wanted |= dict.fromkeys(range(30, 41), after(30, late_s=1, hours=168))
    assert untils(model) == wanted


def test_the_engine_holds_while_the_gate_is_open_and_sells_on_the_first_block_it_is_not(
    model: list[Row],
) -> None:
    dealt = [
        (step_of(body), order["intent"], order["reason"])
        for body in bodies(model)
        for order, fill in zip(body["orders"], body["fills"], strict=True)
        if order["layer"] == "vol" and fill["status"] == "filled"
    ]
    assert dealt == [
        (3, "open", "ARM"),
        (6, "close", "GATE"),  # two and a half steps later it has run out
        (8, "open", "ARM"),
        (10, "open", "ARM"),  # the reorg took the hedge of step 8 away with its block
        (17, "close", "GATE"),  # what happened at step 15 is seen when the node is back
        (20, "open", "ARM"),
        (24, "close", "GATE"),  # the first block after the halt
        (30, "open", "ARM"),
    ]


def test_a_block_of_the_model_that_is_rolled_back_takes_the_multisigs_word_with_it() -> None:
    scenario = script()
    stage = ModelStage(scenario, specs=model_specs(scenario))
    world = ScriptedWorld(scenario, stage)
    for step in (1, 2, 3):
        world.step(step)
    assert stage.source.read().feeds == {"engine_gate_s": after(3, hours=3)}
    stage.roll_back(1)
    stage.source.rewind(None)
    assert stage.source.read().feeds == {"engine_gate_s": 0}


def test_the_core_takes_no_notice_of_the_gate(model: list[Row]) -> None:
    """Beside an engine without a multisig, open from the first block on: the same core."""
    free = rows_of("model", rules_of(*RULES.layers, engine=Engine(capital_bps=2_000)))
    core = [
        [
            (decision["status"], decision["wanted"], decision["reason"], decision["numbers"])
            for body in bodies(rows)
            for decision in body["decisions"]
            if decision["layer"] == "put"
        ]
        for rows in (model, free)
    ]
    assert core[0] == core[1]
    assert [body["book"]["cash"] for body in bodies(model)] == [
        body["book"]["cash"] for body in bodies(free)
    ]


def test_a_real_safe_on_anvil_and_the_model_tell_and_do_the_same(model: list[Row]) -> None:
    """Every gate event is a transaction that two of three owners signed for."""
    theirs = rows_of("anvil")
    assert [row.kind for row in theirs] == [row.kind for row in model]
    for here, there in zip(bodies(model), bodies(theirs), strict=True):
        assert here["decisions"] == there["decisions"], here["tick"]
        assert here["snapshot"].get("feeds") == there["snapshot"].get("feeds")
        assert here["book"]["layers"] == there["book"]["layers"]
        assert here["views"][POOL]["metrics"] == there["views"][POOL]["metrics"]
