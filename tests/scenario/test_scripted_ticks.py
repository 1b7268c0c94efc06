"""A script has one tick a block, however the scheduler spaces its jobs and the node answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from bot.config.scenario_file import load_scenario
from bot.core.errors import RpcTimeoutError
from bot.core.model_stage import model_world
from bot.core.ports import Row, SnapshotSource
from bot.core.snapshot import Block, Snapshot
from bot.core.watcher import EndCause
from bot.edges.memory_store import MemoryStore
from bot.runs.demo import run_demo
from bot.runs.replay import replay_world
from bot.runs.runner import LOOKS_MAX
from tests.builders.runs import Watching, runner_for, storm, storm_rules

RULES = storm_rules()
NAMES = ("storm", "reorg", "stale_node")


@dataclass
class Shuffled:
    """A timer that runs its jobs in any order, and any of them several times in a row."""

    dice: Random
    late: int = 0
    interrupted: bool = False
    jobs: list[Callable[[], object]] = field(default_factory=list)
    is_ending: bool = False

    def every(self, seconds: float, job: Callable[[], object], *, grace_s: float) -> None:
        self.jobs.append(job)

    def once_at(self, time_s: int, job: Callable[[], object], *, name: str) -> None:
        raise AssertionError("a demo dates no job")

    def run(self) -> None:
        while not self.is_ending:
            self.dice.choice(self.jobs)()

    def stop(self) -> None:
        self.is_ending = True


@dataclass
class Slow:
    """A source of which some reads, counted from 1, do not answer in time."""

    source: SnapshotSource
    silent: set[int]
    reads: int = 0

    @property
    def genesis_hash(self) -> str | None:
        return self.source.genesis_hash

    def read(self) -> Snapshot:
        self.reads += 1
        if self.reads in self.silent:
            raise RpcTimeoutError(method="eth_call", timeout_s=10.0, url="http://node")
        return self.source.read()

    def is_canonical(self, block: Block) -> bool:
        return self.source.is_canonical(block)

    def rewind(self, snapshot: Snapshot | None) -> None:
        self.source.rewind(snapshot)


def replayed(name: str, *, silent: set[int], watching: Watching | None = None) -> list[Row]:
    scenario = storm() if name == "storm" else load_scenario(name)
    world, journal = model_world(scenario), MemoryStore()
    runner = runner_for(scenario, RULES, world=world, journal=journal, watcher=watching)
    runner.source = Slow(runner.source, silent)
    replay_world(world, runner)
    return list(journal.rows())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_a_demo_has_the_ticks_of_the_replay_in_whatever_order_its_jobs_fall_due(
    name: str, seed: int
) -> None:
    scenario = storm() if name == "storm" else load_scenario(name)
    world, journal = model_world(scenario), MemoryStore()
    runner = runner_for(scenario, RULES, world=world, journal=journal)
    timer = Shuffled(Random(seed))
    assert run_demo(world, runner, timer, pace_s=0.0) is EndCause.FINISHED
    assert list(journal.rows()) == replayed(name, silent=set())


@pytest.mark.parametrize("name", NAMES)
def test_a_node_that_does_not_answer_in_time_is_asked_again_and_no_tick_is_lost(name: str) -> None:
    """Bug: the script went on, and two blocks were one tick that no replay had."""
    watching, silent = Watching(), {1, 5, 6, 9, 20}
    assert replayed(name, silent=silent, watching=watching) == replayed(name, silent=set())
    assert [type(error) for error in watching.skips] == [RpcTimeoutError] * len(silent)


def test_a_node_that_stays_silent_ends_the_run_with_its_error() -> None:
    with pytest.raises(RpcTimeoutError):
        replayed("storm", silent=set(range(7, 7 + LOOKS_MAX)))
