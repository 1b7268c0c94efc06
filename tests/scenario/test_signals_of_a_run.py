"""What a whole run recorded tick by tick is what its price history gives at once, to the bit."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt
from typing import NamedTuple

import numpy as np
import pytest

from bot.config.scenario_file import load_scenario
from bot.core.bar_metrics import BAR_METRICS
from bot.core.bar_terms import BarTerms
from bot.core.conditions import Comparison
from bot.core.engine import recover
from bot.core.guard import Doubt, Guard, Seen
from bot.core.guard_history import doubts
from bot.core.model_stage import model_world
from bot.core.ports import Row
from bot.core.reasons import Reason
from bot.core.record import read_body
from bot.core.signal_history import signal_history
from bot.core.snapshot import Snapshot
from bot.core.terms import sealed
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal, replay_world
from tests.builders.closes import HOUR_S, SHORT, rules_on_bars
from tests.builders.recorded import told_by
from tests.builders.runs import layer, rules_of, runner_for

LONG = BarTerms(
    bar_s=2 * HOUR_S,
    vol_window_bars=12,
    cone_bars=36,
    cone_bars_min=12,
    vol_of_vol_bars=12,
    pivot_bars=1,
    divergence_bars=30,
)
"""Two of the scenario's hourly steps a bar, windows that its twelve days can fill."""
POOL = "WETH-USDC"


class Told(NamedTuple):
    """A tick that no reorg took back: its snapshot, its price, and the metrics it recorded."""

    snapshot: Snapshot
    price: float
    metrics: dict[str, float | None]


def told(rows: list[Row]) -> list[Told]:
    """What the journal tells of the pool, tick by tick."""
    read = told_by(rows)
    at = next(place for place, spec in enumerate(read.recorded.specs) if spec.name == POOL)
    ticks: list[Told] = []
    for seen, views in zip(read.recorded.snapshots, read.views, strict=True):
        base, quote = seen.pools[at].reserves(seen.specs[at])
        ticks.append(Told(seen, quote / base, views[POOL]["metrics"]))
    return ticks


@pytest.mark.parametrize(("name", "terms"), [("crash", LONG), ("reorg", SHORT)])
def test_a_recorded_run_is_its_price_history_to_the_bit(name: str, terms: BarTerms) -> None:
    """Under rules that speak of every metric of bars. Crash: twelve days by the hour. Reorg: four
    days by the half hour; blocks are replaced under the bot, and for three hours none comes."""
    scenario, rules = load_scenario(name), rules_on_bars(bars=terms)
    world, journal = model_world(scenario), MemoryStore()
    runner = runner_for(scenario, rules, world=world, journal=journal)
    replay_world(world, runner)
    rows = list(journal.rows())
    ticks = told(rows)
    found = signal_history(
        time_s=[tick.snapshot.block.time_s for tick in ticks],
        price=[tick.price for tick in ticks],
        rules=rules,
    )
    assert found.keys() == {*BAR_METRICS, "realised_vol"}
    for metric, values in found.items():
        recorded = np.array([tick.metrics[metric] for tick in ticks], dtype=np.float64)
        assert values.view(np.int64).tolist() == recorded.view(np.int64).tolist(), metric
        assert np.isfinite(values[-1]), f"{metric} is known by the end"
        assert len(set(recorded[np.isfinite(recorded)].tolist())) > 1, f"{metric} moves"
    assert replay_journal(rows, rules, venue=runner.venue, journal=MemoryStore()) > 0
    assert recover(journal, rules, venue=runner.venue) == runner.book


def test_a_guarded_run_is_its_price_history_and_its_doubts_to_the_bit() -> None:
    """The crash by the hour, with limits so tight that the fall itself is doubted now and then."""
    guard = Guard(median_gap_bps_max=100, twap_gap_bps_max=150)
    scenario = load_scenario("crash")
    rules = sealed(replace(rules_on_bars(bars=LONG), guard=guard))
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, rules, world=world, journal=journal))
    rows = list(journal.rows())
    ticks = told(rows)
    views = [read_body(row.body)["views"][POOL] for row in rows if row.kind == "record"]
    blocks, twaps = [], []
    for tick, view in zip(ticks, views, strict=True):
        twap = view["market"]["twap"]
        twaps.append(None if twap is None else int(twap))
        pool = tick.snapshot.pools[0]
        blocks.append(
            Seen(
                time_s=tick.snapshot.block.time_s,
                spot_atoms=int(view["market"]["spot"]),
                depth=isqrt(pool.reserve0 * pool.reserve1),
            )
        )
    verdicts = doubts(blocks, twaps, guard)
    assert {None, Doubt.WARMING, Doubt.OFF_MEDIAN, Doubt.OFF_TWAP} <= set(verdicts)
    found = signal_history(
        time_s=[block.time_s for block in blocks],
        price=[tick.price for tick in ticks],
        rules=rules,
        doubts=verdicts,
    )
    for metric, values in found.items():
        recorded = np.array([tick.metrics[metric] for tick in ticks], dtype=np.float64)
        assert values.view(np.int64).tolist() == recorded.view(np.int64).tolist(), metric
    assert sum(tick.metrics["rsi"] is not None for tick in ticks) > 200


def test_a_hole_and_a_reorg_are_in_the_run_that_says_so() -> None:
    """Six steps of half an hour bring no block: hours are missing, and the first bar after them
    finds every signal unknown."""
    scenario, rules = load_scenario("reorg"), rules_on_bars(bars=SHORT)
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, rules, world=world, journal=journal))
    rows = list(journal.rows())
    assert [row.kind for row in rows].count("undo") == 3
    ticks = told(rows)
    gaps = np.diff([tick.snapshot.block.time_s for tick in ticks])
    after = int(np.argmax(gaps)) + 1
    assert gaps.max() > 2 * HOUR_S
    assert {ticks[after].metrics[name] for name in BAR_METRICS} == {None}
    assert ticks[after - 1].metrics["rsi"] is not None


def test_a_layer_waits_for_its_index_to_be_warm_and_then_obeys_it() -> None:
    """Fourteen moves of an hour are known with the bar that the sixteenth hourly tick closes."""
    guard = layer(
        "guard",
        arm=Comparison(metric="rsi", below=30.0),
        disarm=Comparison(metric="rsi", above=60.0),
    )
    scenario, rules = load_scenario("crash"), rules_of(guard)
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, rules, world=world, journal=journal))
    seen = [
        (decision["reason"], body["views"][POOL]["metrics"]["rsi"])
        for body in (read_body(row.body) for row in journal.rows() if row.kind == "record")
        for decision in body["decisions"]
        if decision["pool"] == POOL
    ]
    assert seen[:15] == [(Reason.UNKNOWN_METRIC.value, None)] * 15
    assert None not in [rsi for _, rsi in seen[15:]]
    armed = [rsi for reason, rsi in seen if reason == Reason.ARM.value]
    sold = [rsi for reason, rsi in seen if reason == Reason.DISARM.value]
    assert armed
    assert sold
    assert max(armed) < 30.0
    assert min(sold) > 60.0
