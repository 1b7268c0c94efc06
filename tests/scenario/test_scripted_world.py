"""The shipped scenarios, played on the model: prices, events, stalls and reorgs as scripted."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import pytest

from bot.config.scenario_file import load_scenario
from bot.core.errors import NoNewBlockError, ReorgDetectedError
from bot.core.model_stage import model_world
from bot.core.scenario import Scenario
from bot.core.snapshot import EventKind, Snapshot
from bot.core.world import ScriptedWorld
from tests.builders.scripts import two_days

BAND = 1 / (1 - Fraction(3, 1000))
NAMES = ("calm", "crash", "reorg", "whipsaw")


def watch(world: ScriptedWorld) -> list[Snapshot]:
    """Play everything and read after every step; reorged snapshots are taken back."""
    seen = [world.source.read()]
    for index in range(1, world.steps_count + 1):
        world.step(index)
        try:
            seen.append(world.source.read())
        except NoNewBlockError:
            continue
        except ReorgDetectedError:
            while not world.source.is_canonical(seen[-1].block):
                seen.pop()
            world.source.rewind(seen[-1])
            seen.append(world.source.read())
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_every_pool_follows_its_price_within_the_fee(name: str) -> None:
    scenario = load_scenario(name)
    world = model_world(scenario)
    for index in range(world.steps_count + 1):
        if index:
            world.step(index)
        try:
            snapshot = world.source.read()
        except NoNewBlockError:
            continue
        except ReorgDetectedError:
            world.source.rewind(None)
            snapshot = world.source.read()
        for spec, pool in zip(snapshot.specs, snapshot.pools, strict=True):
            ratio = pool.price(spec) / world.price_target(spec.name, index)
            assert 1 / BAND <= ratio <= BAND, (name, index, spec.name)


def test_the_crash_loses_45_per_cent_in_two_days_and_comes_back_in_part() -> None:
    world = model_world(load_scenario("crash"))
    before, bottom, end = (
        world.price_target("WETH-USDC", step * 24) * 10**12 for step in (4, 6, 12)
    )
    assert [before, bottom, end] == [2010, 1105, 1640]
    lowest = min(world.price_target("STETH-WETH", step) for step in range(289))
    assert Fraction(955, 1000) < lowest < Fraction(965, 1000)


def test_the_crash_shows_the_owners_deposit_and_withdrawal() -> None:
    seen = watch(model_world(load_scenario("crash")))
    events = [
        (snapshot.block.number, event.pool, event.kind)
        for snapshot in seen
        for event in snapshot.events
    ]
    assert events == [
        (0, "WETH-USDC", EventKind.MINT),
        (0, "STETH-WETH", EventKind.MINT),
        (72, "WETH-USDC", EventKind.MINT),
        (216, "WETH-USDC", EventKind.BURN),
    ]


def test_the_calm_stays_within_two_per_cent() -> None:
    world = model_world(load_scenario("calm"))
    prices = [world.price_target("WETH-USDC", step) * 10**12 for step in range(241)]
    assert max(prices) < 2040
    assert min(prices) > 1960


def test_lp_tokens_add_up_over_all_events() -> None:
    seen = watch(model_world(load_scenario("whipsaw")))
    kinds = {event.kind for snapshot in seen for event in snapshot.events}
    assert kinds == set(EventKind)
    for place, spec in enumerate(seen[0].specs):
        held = sum(
            event.lp_atoms if event.kind in (EventKind.MINT, EventKind.RECEIVE) else -event.lp_atoms
            for snapshot in seen
            for event in snapshot.events
            if event.pool == spec.name
        )
        assert held == seen[-1].pools[place].lp_balance


def test_a_reorg_replaces_as_many_blocks_as_scripted_and_goes_on() -> None:
    world = model_world(two_days('kind = "reorg"\nday = 0.5\ndepth = 3'))
    seen = [world.source.read()]
    for index in range(1, 12):
        world.step(index)
        seen.append(world.source.read())
    world.step(12)
    with pytest.raises(ReorgDetectedError):
        world.source.read()
    standing = [world.source.is_canonical(snapshot.block) for snapshot in seen]
    assert standing == [True] * 9 + [False] * 3
    world.source.rewind(seen[8])
    after = world.source.read()
    assert after.block.number == 12
    assert after.block.time_s == seen[11].block.time_s + 3_600 + 1


def test_a_deposit_under_a_reorg_is_made_again_and_seen_again() -> None:
    """Shipped as reorg.toml: deposit at step 72, six blocks undone before step 75."""
    world = model_world(load_scenario("reorg"))
    by_number: dict[int, Snapshot] = {0: world.source.read()}
    for index in range(1, 76):
        world.step(index)
        if index in (36, 75):
            with pytest.raises(ReorgDetectedError):
                world.source.read()
            world.source.rewind(by_number[index - 7])
        by_number[index] = world.source.read()
    (first,), (again,) = by_number[72].events, by_number[75].events
    assert (first.kind, again.kind) == (EventKind.MINT, EventKind.MINT)
    assert first.tx_hash != again.tx_hash
    assert again.block_number == 72


def test_a_stalled_chain_makes_no_block_and_then_one_at_the_right_time() -> None:
    scenario = two_days('kind = "stall"\nday = 0.5\nsteps = 4')
    world = model_world(scenario)
    for index in range(1, 16):
        world.step(index)
    before = world.source.read()
    with pytest.raises(NoNewBlockError):
        world.source.read()
    world.step(16)
    after = world.source.read()
    assert (before.block.number, after.block.number) == (11, 12)
    assert after.block.time_s - before.block.time_s == 5 * scenario.step_s


def test_blocks_are_chained() -> None:
    seen = watch(model_world(two_days()))
    for before, after in pairwise(seen):
        assert after.block.parent_hash == before.block.hash


def last_hash(scenario: Scenario) -> str:
    return watch(model_world(scenario))[-1].block.hash


def test_a_scenario_is_the_same_world_in_every_process() -> None:
    code = (
        "from tests.scenario.test_scripted_world import last_hash;"
        "from bot.config.scenario_file import load_scenario;"
        "print(last_hash(load_scenario('reorg')))"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert hashes == {last_hash(load_scenario("reorg"))}
