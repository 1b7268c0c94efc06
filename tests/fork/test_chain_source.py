"""ChainSource on real Anvil with real Uniswap: figures, events, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.core.errors import (
    EmptyPoolError,
    PoolUnreadableError,
    PositionMismatchError,
    RpcAnswerError,
    StateMissingError,
)
from bot.core.snapshot import EventKind, PoolSpec, Snapshot, Token
from bot.edges.abi import ZERO_ADDRESS
from bot.edges.chain import ChainSource
from bot.edges.node import AnvilNode
from bot.edges.pool_probe import probe_pool
from bot.edges.rpc import Call, ReadOnlyRpc, Rpc
from bot.edges.uniswap import UniswapV2World
from tests.builders.market import ETHER, USD, Market, open_market

pytestmark = pytest.mark.fork


def kinds_and_lp(snapshot: Snapshot) -> list[tuple[EventKind, int]]:
    return [(event.kind, event.lp_atoms) for event in snapshot.events]


def test_a_snapshot_holds_what_the_pair_itself_says(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc
) -> None:
    market.world.set_fee_to(market.trader)
    market.deposit(3 * ETHER, by=market.lp)
    market.world.rpc.call("evm_increaseTime", 60)
    market.swap_eth_in(ETHER)
    snapshot = ChainSource(reader, [spec], owner=market.lp).read()
    state = snapshot.pools[0]
    read = market.world.read

    def word(data: str) -> int:
        return int(reader.call("eth_call", {"to": market.pair, "data": data}, "latest"), 16)

    reserves = read(market.pair, "getReserves()")[2:]
    in_pair = [int(reserves[at : at + 64], 16) for at in (0, 64, 128)]
    assert [state.reserve0, state.reserve1, state.reserves_time_s] == in_pair
    assert state.price0_cumulative == word("0x5909c0d5") > 0
    assert state.price1_cumulative == word("0x5a3d5493") > 0
    assert state.k_last == word("0x7464fc3d") > 0
    assert state.total_supply == int(read(market.pair, "totalSupply()"), 16)
    assert state.lp_balance == market.lp_balance(market.lp) > 0
    assert state.fee_on
    header = reader.call("eth_getBlockByNumber", "latest", False)
    block = snapshot.block
    assert (block.hash, block.parent_hash) == (header["hash"], header["parentHash"])
    assert (block.number, block.time_s) == (int(header["number"], 16), int(header["timestamp"], 16))
    assert snapshot.chain_id == 31_337


def test_a_deposit_and_a_withdrawal_through_the_router_carry_their_amounts(
    market: Market, source: ChainSource
) -> None:
    market.deposit(ETHER, by=market.lp)
    (minted,) = source.read().events
    assert minted.kind is EventKind.MINT
    assert (minted.base_atoms, minted.quote_atoms) == (ETHER, 2_000 * USD)
    assert minted.lp_atoms == market.lp_balance(market.lp)
    eth_before = market.world.balance_of(market.eth, market.lp)
    usd_before = market.world.balance_of(market.usd, market.lp)
    market.withdraw(minted.lp_atoms // 2, by=market.lp)
    (burnt,) = source.read().events
    assert (burnt.kind, burnt.lp_atoms) == (EventKind.BURN, minted.lp_atoms // 2)
    assert burnt.base_atoms == market.world.balance_of(market.eth, market.lp) - eth_before
    assert burnt.quote_atoms == market.world.balance_of(market.usd, market.lp) - usd_before


def test_a_direct_mint_and_a_direct_burn_are_followed(market: Market, source: ChainSource) -> None:
    world, pair, lp = market.world, market.pair, market.lp
    world.transfer(market.eth, ETHER, by=lp, to=pair)
    world.transfer(market.usd, 2_000 * USD, by=lp, to=pair)
    world.send(world.request(pair, "mint(address)", lp, by=lp))
    held = market.lp_balance(lp)
    eth_before = world.balance_of(market.eth, lp)
    world.transfer(pair, held, by=lp, to=pair)
    world.send(world.request(pair, "burn(address)", lp, by=lp))
    minted, burnt = source.read().events
    assert (minted.kind, minted.lp_atoms) == (EventKind.MINT, held)
    assert (minted.base_atoms, minted.quote_atoms) == (ETHER, 2_000 * USD)
    assert (burnt.kind, burnt.lp_atoms) == (EventKind.BURN, held)
    assert burnt.base_atoms == world.balance_of(market.eth, lp) - eth_before


def test_the_first_deposit_of_an_empty_pool_leaves_the_locked_minimum_out(
    world: UniswapV2World, reader: ReadOnlyRpc
) -> None:
    market = open_market(world, funded=False)
    spec = probe_pool(reader, market.pair)
    source = ChainSource(reader, [spec], owner=market.lp)
    empty = source.read().pools[0]
    with pytest.raises(EmptyPoolError):
        empty.reserves(spec)
    world.add_liquidity(market.eth, market.usd, ETHER, 2_000 * USD, by=market.lp)
    snapshot = source.read()
    assert kinds_and_lp(snapshot) == [(EventKind.MINT, market.lp_balance(market.lp))]
    assert snapshot.pools[0].total_supply == market.lp_balance(market.lp) + 1_000


def test_transfers_in_and_out_are_valued_at_the_end_of_their_own_block(
    market: Market, source: ChainSource
) -> None:
    supply = int(market.world.read(market.pair, "totalSupply()"), 16)
    lp_atoms = market.lp_balance(market.stranger) // 4
    market.world.transfer(market.pair, lp_atoms, by=market.stranger, to=market.lp)
    market.swap_eth_in(50 * ETHER)  # a later block, another price
    market.world.transfer(market.pair, lp_atoms // 2, by=market.lp, to=market.trader)
    market.world.transfer(market.pair, 0, by=market.lp, to=market.trader)
    market.world.transfer(market.pair, 5, by=market.lp, to=market.lp)
    received, sent = source.read().events
    assert (received.kind, received.lp_atoms) == (EventKind.RECEIVE, lp_atoms)
    assert received.base_atoms == lp_atoms * 100 * ETHER // supply
    assert received.quote_atoms == lp_atoms * 200_000 * USD // supply
    assert (sent.kind, sent.lp_atoms) == (EventKind.SEND, lp_atoms // 2)
    assert sent.base_atoms == lp_atoms // 2 * 150 * ETHER // supply


def test_a_deposit_for_the_owner_by_somebody_else_is_a_mint(
    market: Market, source: ChainSource
) -> None:
    market.deposit(ETHER, by=market.stranger, to=market.lp)
    assert kinds_and_lp(source.read()) == [(EventKind.MINT, market.lp_balance(market.lp))]


def test_the_protocols_fee_reaches_an_owner_who_collects_it(
    market: Market, source: ChainSource
) -> None:
    market.world.set_fee_to(market.lp)
    market.deposit(ETHER, by=market.stranger)  # from here on k_last is kept
    market.swap_eth_in(20 * ETHER)
    market.deposit(ETHER, by=market.lp)
    snapshot = source.read()
    assert [event.kind for event in snapshot.events] == [EventKind.RECEIVE, EventKind.MINT]
    assert sum(event.lp_atoms for event in snapshot.events) == market.lp_balance(market.lp)
    assert snapshot.pools[0].fee_on


def test_a_position_seen_for_the_first_time_opens_at_its_claim(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc
) -> None:
    market.deposit(10 * ETHER, by=market.lp)
    market.swap_eth_in(ETHER)
    snapshot = ChainSource(reader, [spec], owner=market.lp).read()
    (opened,) = snapshot.events
    state = snapshot.pools[0]
    base, _ = state.reserves(spec)
    assert (opened.kind, opened.lp_atoms) == (EventKind.RECEIVE, state.lp_balance)
    assert opened.base_atoms == state.lp_balance * base // state.total_supply


def test_a_positions_own_history_is_read_from_a_given_block(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc
) -> None:
    start = int(reader.call("eth_blockNumber"), 16)
    market.deposit(10 * ETHER, by=market.lp)
    market.swap_eth_in(ETHER)
    market.withdraw(market.lp_balance(market.lp) // 2, by=market.lp)
    source = ChainSource(reader, [spec], owner=market.lp, since_block=start)
    events = source.read().events
    assert [event.kind for event in events] == [EventKind.MINT, EventKind.BURN]
    assert events[0].base_atoms == 10 * ETHER
    late = int(reader.call("eth_blockNumber"), 16)
    with pytest.raises(PositionMismatchError):
        ChainSource(reader, [spec], owner=market.lp, since_block=late).read()


def test_a_transfer_whose_block_the_node_has_forgotten_is_a_typed_refusal() -> None:
    with AnvilNode(prune_history=True) as node, Rpc(node.url) as rpc:
        market = open_market(UniswapV2World(rpc).deploy())
        with ReadOnlyRpc(node.url) as reader:
            spec = probe_pool(reader, market.pair)
            source = ChainSource(reader, [spec], owner=market.lp)
            source.read()
            market.world.transfer(market.pair, 10**9, by=market.stranger, to=market.lp)
            rpc.call("anvil_mine", hex(40))
            with pytest.raises(StateMissingError, match="no state for block"):
                source.read()


def test_several_blocks_between_two_reads_are_one_snapshot(
    market: Market, source: ChainSource
) -> None:
    for _ in range(3):
        market.deposit(ETHER, by=market.lp)
    snapshot = source.read()
    assert [event.kind for event in snapshot.events] == [EventKind.MINT] * 3
    numbers = [event.block_number for event in snapshot.events]
    assert numbers == sorted(set(numbers))
    assert snapshot.pools.changed_since(None) == range(1)


def test_only_touched_pools_count_as_changed(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc
) -> None:
    world = market.world
    other = world.create_pair(market.eth, world.create_token("DAI", 18))
    specs = [spec, probe_pool(reader, other, known=[spec], hedged=False)]
    source = ChainSource(reader, specs, owner=market.lp)
    before = source.read()
    market.swap_eth_in(ETHER)
    after = source.read()
    assert list(after.pools.changed_since(before.pools)) == [0]
    world.set_fee_to(market.trader)
    assert list(source.read().pools.changed_since(after.pools)) == [0, 1]
    assert list(after.pools.changed_since(after.pools)) == []


def test_an_address_that_is_no_pair_hides_no_other_pool(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc
) -> None:
    names = {"token": market.eth, "nobody": "0x" + "77" * 20}
    others = [_watched(spec, name, address) for name, address in names.items()]
    snapshot = ChainSource(reader, [others[0], spec, others[1]], owner=market.lp).read()
    assert snapshot.pools[1].reserve0 > 0
    for index, name in ((0, "token"), (2, "nobody")):
        with pytest.raises(PoolUnreadableError, match=f"pool {name} at "):
            _ = snapshot.pools[index]


def test_more_pools_than_one_call_takes_are_read_in_parts_of_one_batch(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.edges.lens.POOLS_PER_CALL_MAX", 2)
    copies = [_watched(spec, f"copy {i}", market.pair) for i in range(4)]
    snapshot = ChainSource(reader, [spec, *copies], owner=market.lp).read()
    assert len(snapshot.pools) == 5
    assert list(snapshot.pools) == [snapshot.pools[0]] * 5


def test_without_pools_there_are_still_blocks(reader: ReadOnlyRpc) -> None:
    snapshot = ChainSource(reader, [], owner=None).read()
    assert len(snapshot.pools) == 0


def test_a_fork_of_another_chain_reads_that_chains_pools(
    anvil: AnvilNode, market: Market, spec: PoolSpec
) -> None:
    market.deposit(ETHER, by=market.lp)
    with AnvilNode(fork_url=anvil.rpc_url) as fork, ReadOnlyRpc(fork.url) as reader:
        assert probe_pool(reader, market.pair) == spec
        source = ChainSource(reader, [spec], owner=market.lp)
        assert source.read().pools[0].lp_balance == market.lp_balance(market.lp)
        with Rpc(fork.url) as rpc:
            fork_world = UniswapV2World(rpc)
            fork_world.transfer(market.pair, 7, by=market.lp, to=market.trader)
        assert kinds_and_lp(source.read()) == [(EventKind.SEND, 7)]


def test_a_node_that_answers_an_error_for_a_block_is_retried_later(reader: ReadOnlyRpc) -> None:
    with pytest.raises(RpcAnswerError):
        reader.call("eth_getBlockByNumber", "no block", False)


def test_the_base_fee_is_fed_where_it_is_asked_for_and_costs_no_call(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc
) -> None:
    calls: list[str] = []

    class Counting(ReadOnlyRpc):
        """Counts round trips."""

        def call(self, method: str, *params: Any) -> Any:
            calls.append(method)
            return reader.call(method, *params)

        def batch(self, calls_in_one: Sequence[Call]) -> list[Any]:
            calls.append("batch")
            return reader.batch(calls_in_one)

    def read(*, feeds_gas: bool) -> tuple[dict[str, int], list[str]]:
        rpc = Counting("http://127.0.0.1:1")
        source = ChainSource(rpc, [spec], owner=market.lp, feeds_gas=feeds_gas)
        source.read()
        market.swap_eth_in(ETHER)
        calls.clear()
        return dict(source.read().feeds), list(calls)

    asked, with_gas = read(feeds_gas=True)
    header = reader.call("eth_getBlockByNumber", "latest", False)
    assert asked == {"gas_wei": int(header["baseFeePerGas"], 16)}
    unasked, without = read(feeds_gas=False)
    assert unasked == {}
    assert with_gas == without


def _watched(spec: PoolSpec, name: str, address: str) -> PoolSpec:
    token = Token(address=ZERO_ADDRESS, symbol="X", decimals=0)
    return PoolSpec(
        name=name,
        address=address,
        factory=spec.factory,
        base=token,
        quote=token,
        base_is_token0=True,
        hedged=False,
    )
