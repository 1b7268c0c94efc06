"""The same script on the model and on real nodes with real Uniswap: equal in every field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.config.scenario_file import SHIPPED, load_scenario
from bot.core.errors import (
    NoNewBlockError,
    ReorgDetectedError,
    TransactionFailedError,
    WorldDriftError,
)
from bot.core.model_stage import model_world
from bot.core.ports import SnapshotSource
from bot.core.scenario import Scenario
from bot.core.snapshot import PositionEvent, Snapshot
from bot.core.world import ScriptedWorld
from bot.edges.node import LocalNode
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.scenario_world import ChainStage, anvil_for, ganache_for
from tests.builders.scripts import two_days

pytestmark = pytest.mark.fork

EVENTFUL = (
    'kind = "protocol_fee"\nday = 0.125\non = true',
    'kind = "gate"\nday = 0.25\nhours = 5',
    'kind = "deposit"\nday = 0.25\npool = "WETH-USDC"\nshare_bps = 50',
    'kind = "reorg"\nday = 0.375\ndepth = 4',
    'kind = "send"\nday = 0.5\npool = "WETH-USDC"\nshare_bps = 1000',
    'kind = "withdraw"\nday = 0.625\npool = "WETH-USDC"\nshare_bps = 3000',
    'kind = "protocol_fee"\nday = 0.75\non = false',
    'kind = "receive"\nday = 0.875\npool = "WETH-USDC"\nshare_bps = 10',
    'kind = "gate"\nday = 0.75\nhours = 168',
    'kind = "gate"\nday = 0.875\nhours = 0',
    'kind = "stall"\nday = 1\nsteps = 2',
)


@contextmanager
def stage_on(node: LocalNode, scenario: Scenario) -> Iterator[ChainStage]:
    with node, Rpc(node.url) as rpc, ReadOnlyRpc(node.url) as reader:
        yield ChainStage(scenario, rpc, reader=reader)


def read(source: SnapshotSource, seen: list[Snapshot]) -> Snapshot | None:
    try:
        return source.read()
    except NoNewBlockError:
        return None
    except ReorgDetectedError:
        while not source.is_canonical(seen[-1].block):
            seen.pop()
        source.rewind(seen[-1])
        return source.read()


def told(events: tuple[PositionEvent, ...]) -> list[tuple[object, ...]]:
    """All of an event but where in its block it happened, which the model does not know."""
    return [(e.pool, e.kind, e.lp_atoms, e.base_atoms, e.quote_atoms) for e in events]


def require_equal_at_every_step(stage: ChainStage, scenario: Scenario, *, steps: int) -> None:
    worlds = (ScriptedWorld(scenario, stage), model_world(scenario, specs=stage.specs))
    seen: tuple[list[Snapshot], list[Snapshot]] = ([], [])
    for index in range(steps + 1):
        for world in worlds if index else ():
            world.step(index)
        on_chain, on_model = (
            read(world.source, before) for world, before in zip(worlds, seen, strict=True)
        )
        if on_chain is None or on_model is None:
            assert on_chain is on_model is None
            continue
        assert list(on_chain.pools) == list(on_model.pools), index
        assert on_chain.feeds == on_model.feeds, index
        assert on_chain.block.time_s == on_model.block.time_s
        assert told(on_chain.events) == told(on_model.events)
        seen[0].append(on_chain)
        seen[1].append(on_model)


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.toml")))
def test_anvil_and_the_model_hold_the_same_pools_at_every_step(name: str) -> None:
    scenario = load_scenario(name)
    with stage_on(anvil_for(scenario), scenario) as stage:
        require_equal_at_every_step(stage, scenario, steps=scenario.steps_count)


def test_ganache_and_the_model_hold_the_same_pools_through_every_kind_of_event() -> None:
    scenario = two_days(*EVENTFUL)
    with stage_on(ganache_for(scenario), scenario) as stage:
        require_equal_at_every_step(stage, scenario, steps=28)


def test_a_stranger_who_trades_on_the_node_is_noticed() -> None:
    scenario = two_days()
    with stage_on(anvil_for(scenario), scenario) as stage:
        world = ScriptedWorld(scenario, stage)
        world.step(1)
        uniswap, (spec,) = stage.uniswap, stage.specs
        stranger = uniswap.accounts[9]
        uniswap.mint(spec.quote.address, 10**9, to=stranger)
        uniswap.swap_exact_tokens(spec.quote.address, spec.base.address, 10**9, by=stranger)
        world.step(2)
        with pytest.raises((WorldDriftError, TransactionFailedError)):
            world.source.read()


def test_roles_have_accounts_of_their_own() -> None:
    scenario = two_days()
    with stage_on(anvil_for(scenario), scenario) as stage:
        world = ScriptedWorld(scenario, stage)
        world.step(1)
        block = stage.uniswap.rpc.call("eth_getBlockByNumber", "latest", True)
        senders = [sent["from"] for sent in block["transactions"]]
        routers = {sent["to"] for sent in block["transactions"]}
        assert routers == {stage.uniswap.router}
        assert stage.owner not in senders
        assert len(set(senders)) == 2
