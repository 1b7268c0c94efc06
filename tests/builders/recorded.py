"""Journals read as histories, and rules and feeds that leave no metric unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from bot.config import load_rules
from bot.core.conditions import AnyOf, Comparison
from bot.core.feeds import E18, GAS_WEI, timeline_of
from bot.core.metrics import METRICS
from bot.core.ports import Row
from bot.core.record import decode_snapshot, decode_spec, read_body
from bot.core.recorded import Recorded
from bot.core.rules import Rules
from bot.core.scenario import Scenario
from bot.core.signal_history import History
from bot.core.snapshot import Snapshot
from bot.core.terms import sealed
from tests.builders.runs import DAY_S, HOUR_S, layer

RULES = Path(__file__).parents[2] / "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The ticks that no reorg took back, as the journal tells them. views: by pool, a tick each."""

    recorded: Recorded
    views: list[dict[str, Any]]


def told_by(rows: Sequence[Row]) -> Told:
    """The history that rows tell: snapshots are differences, and reorgs take ticks back."""
    opened = read_body(rows[0].body)
    specs = tuple(decode_spec(spec) for spec in opened["specs"])
    start = decode_snapshot(opened["snapshot"], specs, None)
    seen: list[Snapshot] = []
    views: list[dict[str, Any]] = []
    reorgs: set[int] = set()
    for row in rows[1:]:
        body = read_body(row.body)
        if row.kind == "undo":
            del seen[-body["ticks"] :], views[-body["ticks"] :]
            reorgs = {place for place in reorgs if place < len(seen)} | {len(seen)}
        if row.kind == "record":
            seen.append(decode_snapshot(body["snapshot"], specs, seen[-1] if seen else start))
            views.append(body["views"])
    return Told(recorded=Recorded(snapshots=seen, reorgs=frozenset(reorgs)), views=views)


def require_recorded(history: History, told: Told, pool: str) -> None:
    """Every column is what the run measured at every tick, to the bit; unknown where it did not."""
    for metric, values in history.items():
        measured = np.array([views[pool]["metrics"][metric] for views in told.views], np.float64)
        same = values.view(np.int64) == measured.view(np.int64)
        wrong = np.flatnonzero(~(same | (np.isnan(values) & np.isnan(measured))))
        assert not wrong.size, (pool, metric, wrong[0], values[wrong[0]], measured[wrong[0]])


def speaking_of_all(rules: Rules, *, beta_index: str, bar_s: int) -> Rules:
    """The same rules, and a layer that speaks of every metric and never acts. Windows are so short
    that days fill them."""
    never = tuple(Comparison(metric=name, above=1e15) for name in METRICS)
    tour = load_rules(RULES / "alvh.toml")
    market = replace(
        rules.market,
        half_life_s=DAY_S,
        beta_index=beta_index,
        beta_bars=24,
        debt_share_bps=4_000,
        calendar=tour.market.calendar,
        macro_before_s=tour.market.macro_before_s,
    )
    bars = replace(rules.bars, bar_s=bar_s, vol_window_bars=12, cone_bars=36, cone_bars_min=12,
                   vol_of_vol_bars=12, pivot_bars=1, divergence_bars=30)  # fmt: skip
    spoken = layer("spoken", arm=AnyOf(parts=never))
    return sealed(replace(rules, layers=(*rules.layers, spoken), market=market, bars=bars))


def fed_with_all(scenario: Scenario) -> Scenario:
    """The scenario with every feed that a metric reads and that it does not tell by itself: values
    that change every few hours, and one that is silent for a day."""
    told = [(time_s, line.name, value) for line in scenario.feeds.lines
            for time_s, value in zip(line.times_s, line.values, strict=True)]  # fmt: skip
    names = {name for _, name, _ in told}
    hours = range(0, 24 * round(scenario.steps_count * scenario.step_s / DAY_S) + 24, 7)
    tokens = sorted(set(chain.from_iterable(pool.name.split("-") for pool in scenario.pools)))
    lines = {GAS_WEI: 12 * 10**9}
    lines |= {f"lend_ppm:{token}": 20_000 + 7_000 * at for at, token in enumerate(tokens)}
    lines |= {f"borrow_ppm:{token}": 30_000 + 9_000 * at for at, token in enumerate(tokens)}
    lines |= {f"reference_e18:{pool.name}": round(pool.path[0].price * E18)
              for pool in scenario.pools}  # fmt: skip
    for name in lines.keys() - names:
        for hour in hours:
            if name.startswith("borrow_ppm") and hour < 30:
                continue
            value = lines[name] * (97 + hour * hour % 11) // 100
            told.append((scenario.start_s + hour * HOUR_S, name, value))
    return replace(scenario, feeds=timeline_of(told, source="test"))
