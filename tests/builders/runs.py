"""Whole runs on scripted worlds: a stormy two days, rules that react to all of it, and runners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.core.conditions import AllOf, AnyOf, Comparison
from bot.core.errors import BotError
from bot.core.guard import NO_GUARD
from bot.core.model_stage import model_world
from bot.core.ports import Journal, Row
from bot.core.rules import Layer, Roll, Rules, SizeBy, Take
from bot.core.scenario import Scenario
from bot.core.snapshot import Snapshot
from bot.core.terms import sealed
from bot.core.watcher import RunEnd
from bot.core.world import ScriptedWorld
from bot.edges.memory_store import MemoryStore
from bot.runs.runner import Runner
from bot.wiring.scripted import scenario_runner
from tests.builders.scripts import scenario_of

HOUR_S, DAY_S = 3_600, 86_400
POOL = "WETH-USDC"

STORM = """
name = "storm"
title = "Two stormy days"
description = "Opens, closes, rolls, settlements, deposits, withdrawals, reorgs and a stall."
seed = 7
start = 2026-03-02T08:00:00Z
step_minutes = 180
days = 2.5

[tokens]
WETH = 18
USDC = 6

[[pool]]
name = "WETH-USDC"
reserve_base = 1000
path = [[0, 2000], [0.5, 1700], [0.75, 1990], [1.25, 1600], [1.75, 1995], [2.5, 1900]]
vol = 0.6
turnover_bps_per_day = 3000
owner_share_bps = 3000

[[event]]
kind = "deposit"
day = 0.25
pool = "WETH-USDC"
share_bps = 500

[[event]]
kind = "reorg" # the deposit is undone and made again
day = 0.5
depth = 3

[[event]]
kind = "withdraw"
day = 0.875
pool = "WETH-USDC"
share_bps = 2500

[[event]]
kind = "stall"
day = 1.125
steps = 1

[[event]]
kind = "reorg"
day = 1.5
depth = 2

[[event]]
kind = "send"
day = 1.625
pool = "WETH-USDC"
share_bps = 1000

[[event]]
kind = "withdraw" # all of it
day = 2.25
pool = "WETH-USDC"
share_bps = 10000
"""


def storm() -> Scenario:
    """Twenty steps in which everything happens that a book can know."""
    return scenario_of(STORM)


def layer(name: str, **changes: Any) -> Layer:
    """A put bought while the price is more than a tenth of a sigma away, with these changes."""
    plain = Layer(
        name=name,
        instrument="protective_put",
        offsets_bps=(-500,),
        arm=Comparison(metric="move_sigma_abs", above=0.3),
        disarm=Comparison(metric="move_sigma_abs", below=0.1),
        hedge_ratio_bps=5_000,
        size_by=SizeBy.BASE,
        stress_bps=(),
        tenor_s=DAY_S,
        premium_budget_bps_per_year=1_000,
        cooldown_s=4 * HOUR_S,
        hold_s_min=0,
        roll=Roll(before_expiry_s=0),
        take=Take(),
    )
    return replace(plain, **changes)


def rules_of(*layers: Layer, **changes: Any) -> Rules:
    """Rules with these layers that warm up within hours and act on every price at once."""
    plain = Rules(
        name="test",
        hash="",
        horizon_s=30 * DAY_S,
        vol_half_life_s=12 * HOUR_S,
        vol_sample_s=HOUR_S,
        vol_samples_min=2,
        twap_window_s=1_800,
        dust_quote_micro=10_000_000,
        total_budget_bps_per_year=None,
        layers=layers,
        guard=NO_GUARD,
    )
    return sealed(replace(plain, **changes))


def storm_rules() -> Rules:
    """A wing held to expiry, a guard that rolls and disarms, a crash put that takes profit."""
    return rules_of(
        layer(
            "wings",
            instrument="strangle",
            offsets_bps=(-500, 500),
            arm=Comparison(metric="realised_vol", above=0.1),
            disarm=Comparison(metric="realised_vol", below=0.05),
            size_by=SizeBy.IL,
            stress_bps=(-3_000, 3_000),
        ),
        layer(
            "guard",
            instrument="put_spread",
            offsets_bps=(-300, -2_000),
            arm=AnyOf(
                parts=(
                    Comparison(metric="move_sigma_abs", above=0.35),
                    Comparison(metric="il_bps", above=30.0),
                )
            ),
            disarm=AllOf(
                parts=(
                    Comparison(metric="move_sigma_abs", below=0.1),
                    Comparison(metric="il_bps", below=10.0),
                )
            ),
            size_by=SizeBy.IL,
            stress_bps=(-3_000,),
            roll=Roll(before_expiry_s=12 * HOUR_S),
            cooldown_s=2 * HOUR_S,
        ),
        layer(
            "crash",
            arm=Comparison(metric="move_bps", below=-900.0),
            disarm=Comparison(metric="move_bps", above=-300.0),
            take=Take(multiple_bps=15_000),
            tenor_s=3 * DAY_S,
        ),
    )


class Watching:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.opened: list[Mapping[str, Any]] = []
        self.ticks: list[Row] = []
        self.undos: list[Row] = []
        self.skips: list[BotError] = []
        self.ends: list[RunEnd] = []

    def on_open(self, body: Mapping[str, Any], /) -> None:
        self.opened.append(body)

    def on_tick(self, row: Row, /) -> None:
        self.ticks.append(row)

    def on_undo(self, row: Row, /) -> None:
        self.undos.append(row)

    def on_skip(self, error: BotError, /) -> None:
        self.skips.append(error)

    def on_end(self, end: RunEnd, /) -> None:
        self.ends.append(end)


def runner_for(
    scenario: Scenario,
    rules: Rules,
    *,
    world: ScriptedWorld | None = None,
    journal: Journal | None = None,
    watcher: Watching | None = None,
) -> Runner:
    """A runner as the commands make it; by default on the model, with its book in memory."""
    return scenario_runner(
        scenario,
        world or model_world(scenario),
        rules,
        journal=MemoryStore() if journal is None else journal,
        watcher=watcher or Watching(),
    )


def chain_path(scenario: Scenario) -> list[Snapshot]:
    """Every block of a scenario without reorgs, as snapshots one behind the other."""
    world = model_world(scenario)
    seen = [world.source.read()]
    for step in range(1, world.steps_count + 1):
        world.step(step)
        seen.append(world.source.read())
    return seen
