"""What a whole run recorded tick by tick is what its price history gives at once, to the bit."""

from __future__ import annotations

import numpy as np

from bot.config.scenario_file import load_scenario
from bot.core.bar_metrics import BAR_METRICS
from bot.core.bar_terms import BarTerms
from bot.core.conditions import Comparison
from bot.core.model_stage import model_world
from bot.core.reasons import Reason
from bot.core.record import decode_snapshot, decode_spec, read_body
from bot.core.signal_history import signal_history
from bot.core.snapshot import PoolTable
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal, replay_world
from tests.builders.closes import HOUR_S, rules_on_bars
from tests.builders.runs import layer, rules_of, runner_for

TERMS = BarTerms(
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


def test_a_recorded_run_is_its_price_history_to_the_bit() -> None:
    """Crash, twelve days by the hour, under rules that speak of every metric of bars."""
    scenario, rules = load_scenario("crash"), rules_on_bars(bars=TERMS)
    world, journal = model_world(scenario), MemoryStore()
    runner = runner_for(scenario, rules, world=world, journal=journal)
    replay_world(world, runner)
    rows = list(journal.rows())
    opened = read_body(rows[0].body)
    specs = tuple(decode_spec(spec) for spec in opened["specs"])
    at = next(index for index, spec in enumerate(specs) if spec.name == POOL)
    pools: PoolTable | None = None
    times, prices, recorded = [], [], []
    for body in (read_body(row.body) for row in rows if row.kind != "plan"):
        snapshot = decode_snapshot(body["snapshot"], specs, pools)
        pools = snapshot.pools
        if "views" in body:
            base, quote = pools[at].reserves(specs[at])
            times.append(snapshot.block.time_s)
            prices.append(quote / base)
            recorded.append(body["views"][POOL]["metrics"])
    found = signal_history(time_s=times, price=prices, rules=rules)
    assert found.keys() == {*BAR_METRICS, "realised_vol"}
    for name, values in found.items():
        told = np.array([metrics[name] for metrics in recorded], dtype=np.float64)
        assert values.view(np.int64).tolist() == told.view(np.int64).tolist(), name
        assert np.isfinite(values[-1]), f"{name} is known by the end"
        assert len(set(told[np.isfinite(told)].tolist())) > 1, f"{name} moves"
    assert replay_journal(rows, rules, venue=runner.venue, journal=MemoryStore()) == len(recorded)


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
