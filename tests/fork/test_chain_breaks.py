"""A chain that stands still, reorganises, restarts or turns its clock back under ChainSource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.core.errors import (
    ChainRestartedError,
    ClockBackwardsError,
    LensUnavailableError,
    NoNewBlockError,
    ReorgDetectedError,
    RpcAnswerError,
    WrongChainError,
)
from bot.core.snapshot import EventKind, PoolSpec
from bot.edges.chain import ChainSource, Cursor
from bot.edges.node import AnvilNode
from bot.edges.pool_probe import TransferCheck, check_transfers, probe_pool
from bot.edges.rpc import Call, ReadOnlyRpc, Rpc
from tests.builders.market import ETHER, Market
from tests.fork.conftest import GENESIS_TIME_S

pytestmark = pytest.mark.fork


class PlainReader(ReadOnlyRpc):
    """A node that knows neither state override nor a block hash as a pin."""

    def call(self, method: str, *params: Any) -> Any:
        if len(params) > 2 or any("blockHash" in p for p in params[1:] if isinstance(p, dict)):
            raise RpcAnswerError(method=method, problem="invalid argument")
        return super().call(method, *params)


class ReorgInBetween(ReadOnlyRpc):
    """Loses the newest block between a read's two round trips, once `armed`."""

    armed: Rpc | None = None

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        if self.armed is not None:
            self.armed.call("anvil_reorg", 1, [])
            self.armed = None
        return super().batch(calls)


def test_a_chain_that_stands_still_gives_no_snapshot(source: ChainSource) -> None:
    with pytest.raises(NoNewBlockError):
        source.read()


def test_a_rewound_source_reads_the_same_snapshot_again(
    market: Market, source: ChainSource
) -> None:
    start = source.cursor
    market.deposit(ETHER, by=market.lp)
    first = source.read()
    source.rewind(start)
    again = source.read()
    assert (again.block, again.events) == (first.block, first.events)
    assert source.cursor == Cursor.of(first)


def test_a_pool_added_to_a_running_book_opens_at_first_sight(
    market: Market, spec: PoolSpec, source: ChainSource, reader: ReadOnlyRpc
) -> None:
    other = market.world.create_pair(market.eth, market.world.create_token("DAI", 18))
    added = probe_pool(reader, other, known=[spec])
    market.deposit(ETHER, by=market.lp)
    assert source.cursor is not None
    old = Cursor(block=source.cursor.block, lp_balances={added.name: 0})
    snapshot = ChainSource(reader, [added, spec], owner=market.lp, cursor=old).read()
    (opened,) = snapshot.events
    assert (opened.pool, opened.kind) == (spec.name, EventKind.RECEIVE)
    assert opened.lp_atoms == market.lp_balance(market.lp)


@pytest.mark.parametrize("blocks_after", [0, 1, 3])
def test_a_reorg_under_the_last_snapshot_is_detected(
    market: Market, source: ChainSource, rpc: Rpc, blocks_after: int
) -> None:
    first = source.cursor
    assert first is not None
    market.deposit(ETHER, by=market.lp)
    orphan = source.read().block
    rpc.call("anvil_reorg", 1, [])
    for _ in range(blocks_after):
        rpc.call("evm_mine")
    with pytest.raises(ReorgDetectedError) as caught:
        source.read()
    assert caught.value.operands["hash_seen"] == orphan.hash
    assert not source.is_canonical(orphan)
    assert source.is_canonical(first.block)
    source.rewind(first)
    redone = source.read()
    assert redone.events == ()  # the deposit went with its block
    assert redone.pools[0].lp_balance == 0


def test_a_chain_cut_back_below_the_last_snapshot_is_a_reorg(
    market: Market, source: ChainSource, rpc: Rpc
) -> None:
    market.swap_eth_in(ETHER)
    source.read()
    rpc.call("anvil_rollback", 1)
    with pytest.raises(ReorgDetectedError, match="no such block|the chain now has"):
        source.read()


def test_a_chain_that_restarted_from_zero_is_told_from_a_reorg(
    market: Market, spec: PoolSpec, source: ChainSource
) -> None:
    with AnvilNode(timestamp_s=GENESIS_TIME_S + 1) as other, ReadOnlyRpc(other.url) as reader:
        resumed = ChainSource(
            reader,
            [spec],
            owner=market.lp,
            genesis_hash=source.genesis_hash,
            cursor=source.cursor,
        )
        with pytest.raises(ChainRestartedError):
            resumed.read()
        with pytest.raises(WrongChainError, match="expected 1$"):
            ChainSource(reader, [spec], owner=market.lp, chain_id=1).read()


def test_a_node_that_restarts_under_a_running_source_is_noticed(source: ChainSource) -> None:
    with AnvilNode(timestamp_s=GENESIS_TIME_S + 1) as other, ReadOnlyRpc(other.url) as elsewhere:
        source._rpc = elsewhere  # the same address, another chain behind it
        with pytest.raises(ChainRestartedError):
            source.read()


def test_a_block_older_than_the_last_snapshot_is_refused(
    source: ChainSource, rpc: Rpc, market: Market
) -> None:
    header = rpc.call("eth_getBlockByNumber", "latest", False)
    rpc.call("anvil_setTime", int(header["timestamp"], 16) - 5_000)
    rpc.call("evm_mine")
    before = source.cursor
    with pytest.raises(ClockBackwardsError):
        source.read()
    assert source.cursor == before


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_reorg_in_the_middle_of_a_read_books_nothing(
    anvil: AnvilNode, market: Market, spec: PoolSpec, rpc: Rpc, blocks: int
) -> None:
    with ReorgInBetween(anvil.url) as reader:
        source = ChainSource(reader, [spec], owner=market.lp)
        source.read()
        before = source.cursor
        for _ in range(blocks):
            market.deposit(ETHER, by=market.lp)
        reader.armed = rpc
        with pytest.raises(RpcAnswerError):
            source.read()
        assert source.cursor == before
        rpc.call("evm_mine")
        assert len(source.read().events) == blocks - 1  # the last deposit went with its block


def test_a_plain_node_needs_the_deployed_lens(
    anvil: AnvilNode, market: Market, spec: PoolSpec
) -> None:
    with PlainReader(anvil.url) as reader:
        with pytest.raises(LensUnavailableError, match="cannot run the pool reader"):
            ChainSource(reader, [spec], owner=market.lp).read()
        assert check_transfers(reader, spec) is TransferCheck.UNKNOWN
        lens = market.world.deploy_lens()
        source = ChainSource(reader, [spec], owner=market.lp, lens_address=lens)
        assert source.read().pools[0].reserve0 > 0
        market.deposit(ETHER, by=market.lp)
        assert source.read().pools[0].lp_balance == market.lp_balance(market.lp)
