"""Whole scenarios played once, their journals checked and replayed, and the law of parity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from bot.config.scenario_file import load_scenario
from bot.core.ledger import Entry
from bot.core.ports import Row
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.scenario import Scenario
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal, replay_world
from bot.wiring.scripted import scenario_world
from tests.builders.runs import Watching, runner_for

OWN_TO_A_CHAIN = {"hash", "parent_hash", "tx_hash", "log_index", "address", "factory", "chain_id",
                  "number", "block_number"}  # fmt: skip
"""What two chains cannot have in common: names of blocks and contracts."""
NAMES = {"id", "hedge_id", "order_id"}
"""Digests of a chain's own blocks: the same thing must bear them at the same places."""


class Kept(Protocol):
    """A book, wherever it is kept."""

    def rows(self) -> Iterator[Row]: ...

    def entries(self) -> Iterator[Entry]: ...

    def balances(self) -> Mapping[tuple[str, str], int]: ...


def played_book(scenario: Scenario, rules: Rules, *, engine: str) -> MemoryStore:
    """The book of a scenario, without a skipped tick: checked, and given again by a replay."""
    with scenario_world(scenario, engine=engine) as world:
        journal, watching = MemoryStore(), Watching()
        runner = runner_for(scenario, rules, world=world, journal=journal, watcher=watching)
        replay_world(world, runner)
        assert watching.skips == []
    journal.check()
    again = MemoryStore()
    ticks = replay_journal(journal.rows(), rules, venue=runner.venue, journal=again)
    assert ticks == runner.counters.ticks
    assert list(again.rows()) == list(journal.rows())
    return journal


def shipped_book(name: str, rules: Rules, *, engine: str) -> MemoryStore:
    """The same of a shipped scenario under the rules that it names."""
    scenario = load_scenario(name)
    assert scenario.rules == rules.name
    return played_book(scenario, rules, engine=engine)


def played(name: str, rules: Rules, *, engine: str) -> list[Row]:
    """The journal of a shipped scenario under its own rules, which a replay gives again."""
    return list(shipped_book(name, rules, engine=engine).rows())


def bodies(rows: list[Row]) -> list[dict[str, Any]]:
    """What the records among these rows say, in their order."""
    return [read_body(row.body) for row in rows if row.kind == "record"]


def normalised(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows behind the opening in terms that all chains share: without seals and what is a
    chain's own, its names counted in the order in which they first appear, pools left out, which
    the chain has by token order."""
    names: dict[str, str] = {}
    found: list[dict[str, Any]] = []
    for row in rows:
        if row.kind == "open":
            continue
        body = read_body(row.body)
        body.pop("ledger", None)
        body.get("snapshot", {}).pop("pools", None)
        found.append({"kind": row.kind, "tick": row.tick, **_told(body, names)})
    return found


def _told(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_told(part, names) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        names.get(key, key): names.setdefault(part, f"#{len(names)}")
        if key in NAMES
        else _told(part, names)
        for key, part in value.items()
        if key not in OWN_TO_A_CHAIN
    }


def require_same_book(one: Kept, other: Kept) -> None:
    """Two books of one script on two chains are equal but for what names a chain's own: every row
    behind the opening, every posting, every balance."""
    ours, theirs = normalised(one.rows()), normalised(other.rows())
    assert len(ours) == len(theirs)
    for here, there in zip(ours, theirs, strict=True):
        assert here == there, (here["tick"], here["kind"])
    assert one.balances() == other.balances()
    assert [(e.kind, e.postings) for e in one.entries()] == [
        (e.kind, e.postings) for e in other.entries()
    ]


def require_parity(scenario: Scenario, rules: Rules, engine: str) -> None:
    """A scenario played on this engine and on the model gives the same book."""
    require_same_book(
        played_book(scenario, rules, engine=engine), played_book(scenario, rules, engine="model")
    )
