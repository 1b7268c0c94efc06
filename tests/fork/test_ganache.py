"""The same reading on Ganache 7.9.2: no pin by hash, both ways of running the lens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.core.errors import LensUnavailableError, NoCodeError
from bot.core.snapshot import EventKind
from bot.edges.chain import ChainSource
from bot.edges.node import GanacheNode
from bot.edges.pool_probe import TransferCheck, check_transfers, probe_pool
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.uniswap import UniswapV2World
from tests.builders.market import ETHER, Market, open_market

pytestmark = pytest.mark.fork


@pytest.fixture(scope="module")
def ganache() -> Iterator[GanacheNode]:
    with GanacheNode() as node:
        yield node


@pytest.fixture
def market(ganache: GanacheNode) -> Iterator[Market]:
    with Rpc(ganache.url) as rpc:
        yield open_market(UniswapV2World(rpc).deploy())


@pytest.mark.parametrize("deployed", [False, True])
def test_positions_are_followed_on_ganache(
    ganache: GanacheNode, market: Market, deployed: bool
) -> None:
    lens = market.world.deploy_lens() if deployed else None
    with ReadOnlyRpc(ganache.url) as reader:
        spec = probe_pool(reader, market.pair)
        assert check_transfers(reader, spec) is TransferCheck.WHOLE
        source = ChainSource(reader, [spec], owner=market.lp, lens_address=lens)
        assert source.read().events == ()
        market.deposit(ETHER, by=market.lp)
        (minted,) = source.read().events
        assert (minted.kind, minted.base_atoms) == (EventKind.MINT, ETHER)
        market.world.transfer(market.pair, 9, by=market.lp, to=market.trader)
        market.swap_eth_in(ETHER)
        market.withdraw(market.lp_balance(market.lp), by=market.lp)
        snapshot = source.read()
        assert [event.kind for event in snapshot.events] == [EventKind.SEND, EventKind.BURN]
        assert snapshot.pools[0].lp_balance == 0


def test_a_lens_address_that_holds_something_else_is_refused(
    ganache: GanacheNode, market: Market
) -> None:
    with ReadOnlyRpc(ganache.url) as reader:
        spec = probe_pool(reader, market.pair)
        source = ChainSource(reader, [spec], owner=market.lp, lens_address=market.eth)
        with pytest.raises(LensUnavailableError, match="not this version's lens"):
            source.read()
        with pytest.raises(NoCodeError):
            probe_pool(reader, market.lp)
