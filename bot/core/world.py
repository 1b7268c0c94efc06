"""The world in which a scenario takes place: the script played, block by block, on a stage.

`World` is all that a run knows. Stages: core/model_stage.py in memory, edges/scenario_world.py on a
node; both get the same actions.
Why so: docs/adr/0010-scripted-worlds.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from bot.core.actions import Action, GateAction, gate_after
from bot.core.actors import funding_actions, step_actions
from bot.core.pool_model import UNFUNDED, OwnerChange, Pools, apply
from bot.core.ports import SnapshotSource
from bot.core.scenario import Scenario, price_paths
from bot.core.snapshot import PoolSpec


class World(Protocol):
    """A scenario that can be played, step by step, and watched."""

    @property
    def specs(self) -> tuple[PoolSpec, ...]:
        """The pools, in the scenario's order."""
        ...

    @property
    def source(self) -> SnapshotSource:
        """Where the newest block is read."""
        ...

    @property
    def steps_count(self) -> int:
        """Steps to play: from 1, as step 0 is done, up to this one."""
        ...

    def step(self, index: int) -> None:
        """Play one step, in order; a stalled one makes no block, a reorg replaces some first."""
        ...

    def price_target(self, pool: str, index: int) -> Fraction:
        """The scenario's price of a pool at a step from 0, quote atoms per base atom."""
        ...


class Stage(Protocol):
    """Where a scripted world's blocks are made: values in memory, or a real node."""

    @property
    def specs(self) -> tuple[PoolSpec, ...]:
        """The pools, in the scenario's order, not funded yet."""
        ...

    @property
    def source(self) -> SnapshotSource:
        """Where the newest block is read."""
        ...

    def mine(self, scene: Scene) -> None:
        """Carry out all actions of a scene, in order, in one block of its time."""
        ...

    def roll_back(self, depth: int) -> None:
        """Undo the last `depth` blocks as if they had never been."""
        ...

    def hold_readers(self, is_held: bool, /) -> None:
        """From now on the source shows the chain as it stands, or again as it is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One block of the script. pools: what the actions make of them, by core/pool_model.py.

    changes: how the owner's LP tokens change, each with the place of its action.
    gate_until_s: what the second engine's gate says afterwards; None where there is none.
    """

    time_s: int
    actions: tuple[Action, ...]
    pools: Pools
    changes: tuple[tuple[int, OwnerChange], ...]
    gate_until_s: int | None = None


class ScriptedWorld:
    """Plays a scenario on a stage. The funding of the pools, step 0, is played at once.

    The actions follow from the pools as the exact model has them, so they are the same on every
    stage; a stage that finds its pools otherwise refuses.
    """

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.specs = stage.specs
        self.source = stage.source
        self.steps_count = scenario.steps_count
        self._scenario = scenario
        self._stage = stage
        self._prices = price_paths(scenario)
        self._specs = {spec.name: spec for spec in stage.specs}
        # Only as many old states as the deepest reorg goes back: memory stays flat.
        self._scenes: deque[Scene] = deque(maxlen=scenario.reorg_depth_max + 1)
        unfunded = Scene(
            time_s=0,
            actions=(),
            pools=dict.fromkeys(self._specs, UNFUNDED),
            changes=(),
            gate_until_s=0 if scenario.has_gate else None,
        )
        self._scenes.append(unfunded)
        self._mine(funding_actions(scenario, prices=self._prices_at(0)), time_s=scenario.time_s(0))

    def step(self, index: int) -> None:
        """Play one step, in order; a stalled one makes no block, a reorg replaces some first."""
        if self._scenario.is_stale(index) != self._scenario.is_stale(index - 1):
            self._stage.hold_readers(self._scenario.is_stale(index))
        branch = self._scenario.branch(index)
        depth = self._scenario.reorg_depth(index)
        if depth:
            self._stage.roll_back(depth)
            for _ in range(depth):
                self._scenes.pop()
        for played in range(index - depth, index + 1):
            if not self._scenario.stalls(played):
                self._play(played, branch=branch)

    def price_target(self, pool: str, index: int) -> Fraction:
        """The scenario's price of a pool at a step from 0, quote atoms per base atom."""
        return self._prices[pool][index]

    def _play(self, step: int, *, branch: int) -> None:
        actions = step_actions(
            self._scenario,
            self._specs,
            self._scenes[-1].pools,
            prices=self._prices_at(step),
            step=step,
            branch=branch,
            before=self._scenes[-1].actions,
        )
        self._mine(actions, time_s=self._scenario.time_s(step, branch=branch))

    def _mine(self, actions: tuple[Action, ...], *, time_s: int) -> None:
        pools, gate_until_s = self._scenes[-1].pools, self._scenes[-1].gate_until_s
        changes: list[tuple[int, OwnerChange]] = []
        for place, action in enumerate(actions):
            pools, change = apply(pools, action, specs=self._specs, block_time_s=time_s)
            if change is not None:
                changes.append((place, change))
            if isinstance(action, GateAction):
                gate_until_s = gate_after(gate_until_s or 0, action, block_time_s=time_s)
        scene = Scene(
            time_s=time_s,
            actions=actions,
            pools=pools,
            changes=tuple(changes),
            gate_until_s=gate_until_s,
        )
        self._stage.mine(scene)
        self._scenes.append(scene)

    def _prices_at(self, step: int) -> Mapping[str, Fraction]:
        return {name: path[step] for name, path in self._prices.items()}
