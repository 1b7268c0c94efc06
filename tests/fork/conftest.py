"""Nodes and worlds for the fork tests: real Anvil, real Uniswap, started and ended here.

A node that cannot start is a NodeStartError, so a red test: nothing is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.snapshot import PoolSpec
from bot.edges.chain import ChainSource
from bot.edges.node import AnvilNode
from bot.edges.pool_probe import probe_pool
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.uniswap import UniswapV2World
from tests.builders.market import Market, open_market

GENESIS_TIME_S = 1_767_225_600  # 2026-01-01T00:00:00Z


@pytest.fixture
def anvil() -> Iterator[AnvilNode]:
    """A fresh Anvil that keeps its old states."""
    with AnvilNode(timestamp_s=GENESIS_TIME_S) as node:
        yield node


@pytest.fixture
def rpc(anvil: AnvilNode) -> Iterator[Rpc]:
    """A connection that may send."""
    with Rpc(anvil.url) as connection:
        yield connection


@pytest.fixture
def reader(anvil: AnvilNode) -> Iterator[ReadOnlyRpc]:
    """A connection that can only look."""
    with ReadOnlyRpc(anvil.url) as connection:
        yield connection


@pytest.fixture
def world(rpc: Rpc) -> UniswapV2World:
    """Uniswap V2, deployed."""
    return UniswapV2World(rpc).deploy()


@pytest.fixture
def market(world: UniswapV2World) -> Market:
    """One funded pool."""
    return open_market(world)


@pytest.fixture
def spec(market: Market, reader: ReadOnlyRpc) -> PoolSpec:
    """The market's pool, as registered."""
    return probe_pool(reader, market.pair)


@pytest.fixture
def source(market: Market, spec: PoolSpec, reader: ReadOnlyRpc) -> ChainSource:
    """Has read once, before the LP holds anything."""
    opened = ChainSource(reader, [spec], owner=market.lp)
    assert opened.read().events == ()
    return opened
