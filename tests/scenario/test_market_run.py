"""Runs whose rules speak of everything: known in the end, replayed and remembered to the bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.core.conditions import AnyOf, Comparison
from bot.core.engine import recover
from bot.core.errors import ConfigError
from bot.core.macro import MacroEvent
from bot.core.market_metrics import OUTSIDE_METRICS
from bot.core.market_terms import MarketTerms
from bot.core.metric_history import BOOK_METRICS, metric_history
from bot.core.model_stage import model_world
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.scenario import Scenario
from bot.core.sight import look
from bot.core.snapshot import PoolState, PoolTable, PoolTuple, Snapshot
from bot.core.state import BookState
from bot.edges.memory_store import MemoryStore
from bot.report.reading import read_story
from bot.runs.replay import replay_journal, replay_world
from tests.builders.played import require_parity
from tests.builders.recorded import require_recorded, told_by
from tests.builders.runs import (
    DAY_S,
    HOUR_S,
    POOL,
    layer,
    rules_of,
    runner_for,
    storm,
    storm_rules,
)
from tests.builders.scripts import scenario_of

WORLD = """
name = "world"
title = "Three pools and a world"
description = "Prices, gas, rates and events around three pools."
seed = 11
start = 2026-03-02T08:00:00Z
step_minutes = 120
days = 4

[tokens]
WETH = 18
USDC = 6
LINK = 18
WBTC = 8

[[pool]]
name = "WETH-USDC"
reserve_base = 1000
path = [[0, 2000], [2, 1700], [4, 1900]]
vol = 0.5
turnover_bps_per_day = 2000
owner_share_bps = 1000

[[pool]]
name = "LINK-WETH"
reserve_base = 90000
path = [[0, 0.01], [2, 0.009], [4, 0.0105]]
vol = 0.6
turnover_bps_per_day = 3000
owner_share_bps = 500

[[pool]]
name = "WBTC-WETH"
reserve_base = 60
path = [[0, 20], [4, 21]]
vol = 0.3
turnover_bps_per_day = 500
owner_share_bps = 0

[[feed]]
name = "gas_wei"
points = [[0, 20000000000], [1.5, 300000000000], [2, 15000000000]]

[[feed]]
name = "reference_e18:WETH-USDC"
points = [[0, "2000000000000000000000"], [2, "1702000000000000000000"]]

[[feed]]
name = "lend_ppm:WETH"
points = [[0, 21000]]

[[feed]]
name = "lend_ppm:USDC"
points = [[0, 64500], [3, 120000]]

[[feed]]
name = "borrow_ppm:WETH"
points = [[0, 30000]]

[[feed]]
name = "borrow_ppm:USDC"
points = [[0, 90000]]

[[event]]
kind = "deposit"
day = 0.5
pool = "WETH-USDC"
share_bps = 300

[[event]]
kind = "protocol_fee"
day = 1
on = true

[[event]]
kind = "withdraw"
day = 2.5
pool = "WETH-USDC"
share_bps = 2500

[[event]]
kind = "stall"
day = 3
steps = 3
"""
REORG = '\n[[event]]\nkind = "reorg"\nday = 2\ndepth = 3\n'
START_S = 1_772_438_400
EVENTS = tuple(
    MacroEvent(time_s=START_S + hours * HOUR_S, kind=kind)
    for hours, kind in ((-100, "FOMC"), (-99, "CPI"), (30, "CPI"), (60, "FOMC"), (400, "CPI"),
                        (401, "FOMC"))
)  # fmt: skip


def world(extra: str = "") -> Scenario:
    return scenario_of(WORLD + extra)


def all_rules() -> Rules:
    """A spread that opens and sells on the fall, and a layer that speaks of every metric."""
    never = tuple(Comparison(metric=name, above=1e9) for name in OUTSIDE_METRICS)
    return rules_of(
        layer(
            "guard",
            instrument="put_spread",
            offsets_bps=(-300, -2_000),
            arm=Comparison(metric="reference_gap_bps", above=100.0),
            disarm=Comparison(metric="reference_gap_bps", below=1.0),
            tenor_s=3 * DAY_S,
        ),
        layer("all", arm=AnyOf(parts=never)),
        market=MarketTerms(
            half_life_s=12 * HOUR_S, beta_index="WETH-USDC", beta_bars=6, debt_share_bps=4_000,
            calendar=EVENTS,
        ),
    )  # fmt: skip


def played(scenario: Scenario, rules: Rules) -> tuple[MemoryStore, Any]:
    journal, stage = MemoryStore(), model_world(scenario)
    runner = runner_for(scenario, rules, world=stage, journal=journal)
    replay_world(stage, runner)
    return journal, runner


def views(journal: MemoryStore) -> Iterator[dict[str, Any]]:
    for row in journal.rows():
        if row.kind == "record":
            yield read_body(row.body)["views"]


def test_every_metric_is_known_in_the_end_and_none_before_it_can_be() -> None:
    journal, _ = played(world(), all_rules())
    seen = [view["WETH-USDC"]["metrics"] for view in views(journal)]
    known = {name for metrics in seen for name in OUTSIDE_METRICS if metrics[name] is not None}
    assert known == set(OUTSIDE_METRICS)
    first = {name for name in OUTSIDE_METRICS if seen[0][name] is not None}
    assert first == {"tvl_quote", "reference_gap_bps", "gas_gwei", "rate_differential",
                     "il_range_bps", "macro_hours_to", "macro_hours_since",
                     "in_macro_window"}  # fmt: skip
    assert seen[-1]["beta"] == 1.0  # the index pool's, to itself


def test_a_replay_of_the_record_needs_no_feed_and_no_calendar() -> None:
    rules = all_rules()
    journal, runner = played(world(REORG), rules)
    rows = list(journal.rows())
    assert any(row.kind == "undo" for row in rows)
    again = replay_journal(rows, rules, venue=runner.venue, journal=MemoryStore())
    assert again == runner.counters.ticks
    assert recover(journal, rules, venue=runner.venue) == runner.book


@pytest.mark.parametrize("extra", ["", REORG], ids=["straight", "with a reorg"])
def test_what_a_run_measured_is_its_whole_history_to_the_bit(extra: str) -> None:
    """Three hedged pools, a deposit and a withdrawal, the protocol's fee turned on, and no block
    for hours; and the final branch where blocks were replaced."""
    journal, runner = played(world(extra), all_rules())
    told = told_by(list(journal.rows()))
    assert bool(told.recorded.reorgs) == bool(extra)
    found = metric_history(told.recorded, all_rules(), runner.venue)
    assert found.keys() == {"WETH-USDC", "LINK-WETH", "WBTC-WETH"}
    for pool, history in found.items():
        assert history.keys() > OUTSIDE_METRICS.keys() - BOOK_METRICS.keys()
        require_recorded(history, told, pool)


def test_the_flows_of_hedges_are_those_of_the_fills_that_stand() -> None:
    """Two stormy days with reorgs that undo fills: what is kept is what the story still tells."""
    asks = layer("asks", arm=Comparison(metric="irr_hedged", above=1e9))
    rules = storm_rules()
    rules = rules_of(*rules.layers, asks)
    journal, runner = played(storm(), rules)
    story = read_story(journal.rows())
    assert story is not None
    dealt = [trade for tick in story.ticks for trade in tick.trades if trade.is_filled]
    kept = runner.book.state.pools[POOL].hedge_flows
    assert [(flow.time_s, flow.atoms) for flow in kept] == [
        (trade.time_s, trade.fill.cash_atoms - trade.fill.fee_atoms) for trade in dealt
    ]
    undone = {number for undo in story.undone for number in undo.ticks}
    booked = {body["tick"] for row in journal.rows() if row.kind == "record"
              for body in [read_body(row.body)] if body["fills"]}  # fmt: skip
    assert booked & undone
    assert not played(storm(), storm_rules())[1].book.state.pools[POOL].hedge_flows


@pytest.mark.fork
def test_feeds_of_a_script_lead_to_the_same_decisions_on_anvil() -> None:
    """The node's own base fee is another; the script's word is taken on both."""
    require_parity(world(REORG), all_rules(), "anvil")


class Counted(PoolTuple):
    """Pools that count how often they are decoded."""

    __slots__ = ()
    decoded = 0

    def __getitem__(self, index: Any) -> Any:
        Counted.decoded += 1
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[PoolState]:
        Counted.decoded += len(self)
        return super().__iter__()


def looked(rules: Rules, ticks: int) -> list[int]:
    """How many pools each tick decodes, of 200 of which one is hedged."""
    stage = model_world(world())
    venue = runner_for(world(), rules).venue
    state, counts = BookState(specs=()), []
    for index in range(ticks):
        if index:
            stage.step(index)
        snapshot = many(stage.source.read())
        state = replace(state, specs=snapshot.specs)
        Counted.decoded = 0
        sight = look(state, snapshot, rules, venue)
        counts.append(Counted.decoded)
        state = replace(state, snapshot=snapshot, pools=sight.books, world=sight.world)
    return counts


def many(snapshot: Snapshot) -> Snapshot:
    spec, pool = snapshot.specs[0], snapshot.pools[0]
    others = tuple(replace(spec, name=f"A{n}-B", hedged=False) for n in range(199))
    pools: PoolTable = Counted([pool] * 200)
    events = tuple(event for event in snapshot.events if event.pool == spec.name)
    return replace(snapshot, specs=(spec, *others), pools=pools, events=events)


def test_watched_pools_are_decoded_once_a_bar_and_only_for_rules_that_ask() -> None:
    """Steps of two hours, bars of four: every second tick closes one."""
    silent = rules_of(layer("guard"))
    assert looked(silent, 9) == [1] * 9
    asking = all_rules()
    asking = replace(asking, bars=replace(asking.bars, bar_s=4 * HOUR_S))
    counts = looked(asking, 9)
    assert max(counts[0::2][1:]) < 410
    assert [count > 200 for count in counts] == [False] + [n % 2 == 0 for n in range(1, 9)]


def test_beta_to_a_pool_that_nobody_watches_is_refused_before_the_first_tick() -> None:
    rules = all_rules()
    rules = replace(rules, market=replace(rules.market, beta_index="WETH-DAI"))
    with pytest.raises(ConfigError, match="WETH-DAI is no watched pool"):
        runner_for(world(), rules)


@pytest.mark.parametrize(("days", "is_listed"), [(366, True), (367, False)])
def test_a_tenor_beyond_the_last_expiry_is_refused_before_the_first_tick(
    days: int, is_listed: bool
) -> None:
    rules = rules_of(layer("guard", tenor_s=days * DAY_S))
    if is_listed:
        runner_for(world(), rules)
        return
    with pytest.raises(ConfigError, match="367 days, and the venue lists WETH-USDC for 366"):
        runner_for(world(), rules)
