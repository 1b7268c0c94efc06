"""Whole shipped scenarios played once, their journals checked and replayed."""

from __future__ import annotations

from typing import Any

from bot.config.scenario_file import load_scenario
from bot.core.ports import Row
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal, replay_world
from bot.wiring.scripted import scenario_world
from tests.builders.runs import runner_for


def played(name: str, rules: Rules, *, engine: str) -> list[Row]:
    """The journal of a shipped scenario under its own rules, which a replay gives again."""
    scenario = load_scenario(name)
    assert scenario.rules == rules.name
    with scenario_world(scenario, engine=engine) as world:
        journal = MemoryStore()
        runner = runner_for(scenario, rules, world=world, journal=journal)
        replay_world(world, runner)
        journal.check()
        rows = list(journal.rows())
    copied = MemoryStore()
    replay_journal(rows, rules, venue=runner.venue, journal=copied)
    assert [row.hash for row in copied.rows()] == [row.hash for row in rows]
    return rows


def bodies(rows: list[Row]) -> list[dict[str, Any]]:
    """What the records among these rows say, in their order."""
    return [read_body(row.body) for row in rows if row.kind == "record"]
