"""Every metric that a run measured tick by tick is what its whole history gives at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.guard import Doubt
from bot.core.hedged_return import IRR_HEDGED
from bot.core.layer_metrics import LAYER_METRICS
from bot.core.market_metrics import BOOK_RATIO
from bot.core.metric_history import BOOK_METRICS, metric_history
from bot.core.metrics import METRICS
from bot.core.model_stage import model_world
from bot.core.recorded import pool_columns
from bot.core.rules import Rules
from bot.core.signal_history import History
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_world
from tests.builders.recorded import (
    RULES,
    Told,
    fed_with_all,
    require_recorded,
    speaking_of_all,
    told_by,
)
from tests.builders.runs import runner_for

NAMES = ("alvh_tour", "crash", "whipsaw", "vol_pool", "reorg")
BETA_INDEX = {"alvh_tour": "WBTC-USDC", "crash": "STETH-WETH", "whipsaw": "STETH-USDC",
              "vol_pool": "WETH-USDC"}  # fmt: skip
"""Another pool stands for the market where there is one; else the pool itself."""

STILL = {
    ("reorg", "beta"),
    ("reorg", "divergence"),
    *((name, "block_age_s") for name in NAMES if name != "reorg"),
}
"""Beta to itself; four days without a divergence; blocks that come by the hour, where none is
replaced or stays out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A run both ways: as it was recorded and as its history gives it, by hedged pool."""

    name: str
    rules: Rules
    told: Told
    found: dict[str, History]


@pytest.fixture(scope="module", params=NAMES)
def run(request: pytest.FixtureRequest) -> Measured:
    """A shipped scenario on the model, under its own rules and guard, fed with everything."""
    scenario = load_scenario(request.param)
    rules = load_rules(RULES / f"{scenario.rules}.toml")
    hedged = next(pool.name for pool in scenario.pools if pool.hedged)
    rules = speaking_of_all(
        rules, beta_index=BETA_INDEX.get(scenario.name, hedged), bar_s=2 * scenario.step_s
    )
    scenario = fed_with_all(scenario)
    world, journal = model_world(scenario), MemoryStore()
    runner = runner_for(scenario, rules, world=world, journal=journal)
    replay_world(world, runner)
    told = told_by(list(journal.rows()))
    found = metric_history(told.recorded, rules, runner.venue)
    return Measured(name=scenario.name, rules=rules, told=told, found=found)


def test_every_metric_of_a_run_is_its_history_to_the_bit(run: Measured) -> None:
    """All that the rule language has, from its own table, on every tick of every hedged pool."""
    assert run.rules.metric_names >= METRICS.keys()
    assert run.found
    for pool, history in run.found.items():
        assert history.keys() == METRICS.keys() - BOOK_METRICS.keys()
        require_recorded(history, run.told, pool)


def test_every_metric_becomes_known_and_moves(run: Measured) -> None:
    """So that the equality above is not one of unknowns."""
    for metric in METRICS.keys() - BOOK_METRICS.keys():
        columns = [history[metric] for history in run.found.values()]
        values = np.concatenate([values[np.isfinite(values)] for values in columns])
        moves = np.unique(values).size > 1
        assert moves != ((run.name, metric) in STILL), (run.name, metric, values[:3])


def test_only_what_the_book_itself_decided_is_no_metric_of_a_history() -> None:
    assert BOOK_METRICS.keys() == {BOOK_RATIO, IRR_HEDGED, *LAYER_METRICS}


def test_prices_behind_a_reorg_are_doubted_anew_in_the_history_too() -> None:
    """Else the sample of realised volatility that waits there would come too early."""
    scenario, rules = load_scenario("reorg"), load_rules(RULES / "starter.toml")
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, rules, world=world, journal=journal))
    recorded = told_by(list(journal.rows())).recorded
    assert recorded.reorgs
    verdicts = pool_columns(recorded, 0, rules).doubts
    assert {verdicts[place] for place in recorded.reorgs} == {Doubt.REORG}
