"""Scripted runs: a scenario's world, its venue and its paper cash, played as demo or replay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.config.venue_terms import PRESETS
from bot.core.engine import Opening
from bot.core.errors import BookTakenError
from bot.core.feeds import FedSource
from bot.core.ports import Journal
from bot.core.quotes import PoolTerms
from bot.core.rules import Rules
from bot.core.scenario import PoolScript, Scenario
from bot.core.snapshot import Snapshot
from bot.core.venue import PaperVenue, VenueTerms
from bot.core.watcher import EndCause, Watcher
from bot.core.world import ScriptedWorld
from bot.edges.memory_store import MemoryStore
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.store import SqliteStore
from bot.runs.runner import Runner
from bot.wiring.books import require_index, require_listed, terms_json
from bot.wiring.surfaces import surface_of

CAPITAL_SHARE = 10
"""A scenario's paper cash: one part in so many of what each position is worth at the start."""


def run_demo(
    scenario: str,
    *,
    node: str,
    rules: Path,
    book: Path,
    watcher: Watcher,
    pace_s: float,
) -> EndCause:
    """Play a scenario on a node of its own, with the scheduler ticking, into a new book."""
    from bot.edges.scheduler import Scheduler  # APScheduler only where it runs
    from bot.runs.demo import run_demo as play

    script = load_scenario(scenario)
    with chain_world(script, node=node) as world, _new_book(book) as store:
        runner = scenario_runner(script, world, load_rules(rules), journal=store, watcher=watcher)
        cause = play(world, runner, Scheduler(), pace_s=pace_s)
        runner.end(cause)
        return cause


def run_replay(
    scenario: str, *, engine: str, rules: Path, book: Path | None, watcher: Watcher
) -> EndCause:
    """Play a scenario without waiting: on the exact integer model, or on an Anvil of its own."""
    from bot.runs.replay import replay_world

    script = load_scenario(scenario)
    with scenario_world(script, engine=engine) as world, _journal(book) as journal:
        runner = scenario_runner(script, world, load_rules(rules), journal=journal, watcher=watcher)
        cause = replay_world(world, runner)
        runner.end(cause)
        return cause


@contextmanager
def scenario_world(script: Scenario, *, engine: str) -> Iterator[ScriptedWorld]:
    """A scenario on `model`, or on `anvil` or `ganache`."""
    if engine != "model":
        with chain_world(script, node=engine) as world:
            yield world
        return
    from bot.core.model_stage import model_world

    yield model_world(script)


@contextmanager
def chain_world(script: Scenario, *, node: str) -> Iterator[ScriptedWorld]:
    """A scenario on a node that is started for it and ends with it."""
    from bot.edges.scenario_world import (
        ChainStage,
        anvil_for,
        ganache_for,
    )

    starts = {"anvil": anvil_for, "ganache": ganache_for}
    with starts[node](script) as local, Rpc(local.url) as rpc, ReadOnlyRpc(local.url) as reader:
        yield ScriptedWorld(script, ChainStage(script, rpc, reader=reader))


def scenario_runner(
    script: Scenario, world: ScriptedWorld, rules: Rules, *, journal: Journal, watcher: Watcher
) -> Runner:
    """A runner for a scripted world, its venue and its paper cash following from the script."""
    terms = VenueTerms(pools={pool.name: _pool_terms(pool) for pool in script.pools})

    def opening(snapshot: Snapshot) -> Opening:
        return Opening(
            chain_id=snapshot.chain_id,
            genesis_hash=world.source.genesis_hash or "",
            capital=_share_of_deposits(snapshot),
            rules_hash=rules.hash,
            engine_bps=rules.engine_bps,
            terms=terms_json(rules, terms),
        )

    require_index(rules, world.specs)
    require_listed(rules, terms)
    return Runner(
        source=FedSource(world.source, lambda: script.feeds) if script.feeds else world.source,
        rules=rules,
        venue=PaperVenue(terms),
        journal=journal,
        watcher=watcher,
        opening=opening,
    )


def _pool_terms(pool: PoolScript) -> PoolTerms:
    preset = PRESETS[pool.quoted_as]
    return replace(preset, surface=surface_of(pool.surface)) if pool.surface else preset


def _share_of_deposits(snapshot: Snapshot) -> dict[str, int]:
    """Paper cash by quote symbol, from what each position paid in: its quote side twice."""
    cash: dict[str, int] = {}
    quotes = {spec.name: spec.quote.symbol for spec in snapshot.specs if spec.hedged}
    for event in snapshot.events:
        symbol = quotes[event.pool]
        cash[symbol] = cash.get(symbol, 0) + 2 * event.quote_atoms // CAPITAL_SHARE
    return cash


@contextmanager
def _journal(book: Path | None) -> Iterator[Journal]:
    if book is None:
        yield MemoryStore()
        return
    with _new_book(book) as store:
        yield store


@contextmanager
def _new_book(path: Path) -> Iterator[SqliteStore]:
    """A book that no other run has written: a script starts at its beginning."""
    with SqliteStore(path, create=True) as store:
        if store.tip.journal_seq:
            raise BookTakenError(file=path)
        yield store
