"""Parity: the model, Anvil and Ganache with real Uniswap lead to the same decisions and money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.ports import Row
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.scenario import Scenario
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal, replay_world
from bot.wiring.scripted import scenario_world
from tests.builders.runs import Watching, runner_for, storm, storm_rules
from tests.builders.scripts import scenario_of

pytestmark = pytest.mark.fork

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "rules" / "starter.toml"

OWN_TO_A_CHAIN = {"id", "hedge_id", "order_id", "hash", "parent_hash", "tx_hash", "log_index",
                  "address", "factory", "chain_id", "number", "block_number"}  # fmt: skip
"""What two chains cannot have in common: names of blocks, contracts and causes."""


def told(value: Any) -> Any:
    """A body without what is a chain's own."""
    if isinstance(value, dict):
        return {key: told(part) for key, part in value.items() if key not in OWN_TO_A_CHAIN}
    return [told(part) for part in value] if isinstance(value, list) else value


def normalised(row: Row) -> dict[str, Any]:
    """A row in terms that all chains share: pools in (base, quote), no seals."""
    body: dict[str, Any] = told(read_body(row.body))
    body.pop("ledger", None)
    body["snapshot"] = {
        key: part for key, part in body.get("snapshot", {}).items() if key != "pools"
    }
    return {"kind": row.kind, "tick": row.tick, **body}


def played(
    scenario: Scenario, rules: Rules, engine: str
) -> tuple[MemoryStore, list[dict[str, Any]]]:
    with scenario_world(scenario, engine=engine) as world:
        journal, watching = MemoryStore(), Watching()
        runner = runner_for(scenario, rules, world=world, journal=journal, watcher=watching)
        replay_world(world, runner)
        assert watching.skips == []
        rows = list(journal.rows())
        ticks = replay_journal(rows, rules, venue=runner.venue, journal=MemoryStore())
        assert ticks == runner.counters.ticks
        journal.check()
    return journal, [normalised(row) for row in rows if row.kind != "open"]


def require_parity(scenario: Scenario, rules: Rules, engine: str) -> None:
    chain, on_chain = played(scenario, rules, engine)
    model, on_model = played(scenario, rules, "model")
    assert len(on_chain) == len(on_model)
    for one, other in zip(on_chain, on_model, strict=True):
        assert one == other, (one["tick"], one["kind"])
    assert chain.balances() == model.balances()
    assert [(e.kind, e.postings) for e in chain.entries()] == [
        (e.kind, e.postings) for e in model.entries()
    ]


@pytest.mark.parametrize("name", ["crash", "reorg"])
def test_a_shipped_scenario_is_decided_and_booked_alike_on_anvil_and_on_the_model(
    name: str,
) -> None:
    require_parity(load_scenario(name), load_rules(STARTER), "anvil")


def test_a_storm_with_reorgs_is_decided_and_booked_alike_on_anvil_and_on_the_model() -> None:
    require_parity(storm(), storm_rules(), "anvil")


def short_crash() -> Scenario:
    """The shipped crash in four days of steps of three hours, with its deposit and withdrawal."""
    text = (ROOT / "scenarios" / "crash.toml").read_text(encoding="utf-8")
    changes = (
        ("step_minutes = 60", "step_minutes = 180"),
        ("days = 12", "days = 4"),
        ("[2, 2060], [4, 2010],", "[0.5, 2060], [1, 2010],"),
        ("[4.5, 1850], [5, 1500], [5.25, 1620], [6, 1105],", "[1.5, 1700], [2, 1105],"),
        ("[6.5, 1290], [8, 1220], [10, 1500], [12, 1640],", "[3, 1500], [4, 1640],"),
        ("[4, 0.9990], [5, 0.975], [6, 0.960], [8, 0.985], [12, 0.997]", "[2, 0.960], [4, 0.997]"),
        ("day = 3\n", "day = 0.75\n"),
        ("day = 9\n", "day = 3\n"),
    )
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return scenario_of(text)


def test_a_short_crash_is_decided_and_booked_alike_on_ganache_and_on_the_model() -> None:
    """The main line on Truffle's chain: world, runner, decisions, fills, ledger and replay."""
    scenario, rules = short_crash(), storm_rules()
    _, records = played(scenario, rules, "model")
    orders = [order["intent"] for body in records if body["kind"] == "record"
              for order in body["orders"]]  # fmt: skip
    assert {"open", "close"} <= set(orders)
    require_parity(scenario, rules, "ganache")
