"""All watched pools at one block: ChainSource against one bare eth_call, and against web3.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.bare import BareNode, body_of, lens_request, reserves_of
from benchmarks.measure import Line, Pairs, timed, uncollected
from benchmarks.planted import Field, field_of
from bot.core.snapshot import Snapshot
from bot.edges.chain import ChainSource
from bot.edges.lens import Lens
from bot.edges.node import node_modules
from bot.edges.rpc import ReadOnlyRpc

TARGETS = {10: None, 100: None, 1_000: 1.3}
PAIRS = {10: 300, 100: 200, 1_000: 100}
PEER_ROUNDS = {10: 5, 100: 3, 1_000: 1}
MULTICALL_ROUNDS = 3
GAS_PER_CALL = 50_000
MULTICALL = "artifacts/contracts/lens/UniswapInterfaceMulticall.sol/UniswapInterfaceMulticall.json"

Reserves = list[tuple[int, int]]


def lines() -> Iterator[Line]:
    """10, 100 and 1,000 pools."""
    with field_of(max(TARGETS)) as ground:
        peers = Peers(ground)
        for pools in TARGETS:
            yield _line(ground, peers, pools)


def _line(ground: Field, peers: Peers, pools: int) -> Line:
    specs = ground.specs[:pools]
    lens = Lens(specs, owner=ground.lp)
    question, undecoded = lens_request(lens), Pairs()
    node, pairs, peer_s, multicall_s = BareNode(ground.node.url), Pairs(), [], []
    with ReadOnlyRpc(ground.node.url) as rpc:
        source = ChainSource(rpc, specs, owner=ground.lp)

        def floor() -> Reserves:
            return reserves_of(body_of(node.ask(question), pools=pools))

        _require_equal(source.read(), floor(), peers, pools)
        with uncollected():
            for at in range(PAIRS[pools]):
                ground.mine()
                pairs.take(source.read, floor)
                ground.mine()
                undecoded.take(source.read, lambda: body_of(node.ask(question), pools=pools))
                if at < PEER_ROUNDS[pools]:
                    peer_s.append(timed(lambda: peers.one_by_one(pools)))
                if at < MULTICALL_ROUNDS:
                    multicall_s.append(timed(lambda: peers.multicall(pools)))
    node.close()
    return Line(
        bench=f"read_{pools}_pools",
        unit="ms",
        ours=pairs.ours * 1e3,
        floor=pairs.floor * 1e3,
        peer=median(peer_s) * 1e3,
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=TARGETS[pools],
        more={
            "peer_multicall": median(multicall_s) * 1e3,
            "ratio_undecoded": undecoded.ratio,
        },
        note="peer: web3.py getReserves one by one over HTTP; peer_multicall: web3.py with "
        "Uniswap's multicall; ratio_undecoded: against a floor that does not look at the bytes",
    )


def _require_equal(snapshot: Snapshot, floor: Reserves, peers: Peers, pools: int) -> None:
    """All four ways say the same, or the benchmark means nothing."""
    ours = [(pool.reserve0, pool.reserve1) for pool in snapshot.pools]
    if not ours == floor == peers.one_by_one(pools) == peers.multicall(pools):
        raise AssertionError(f"reserves of {pools} pools differ between ours, floor and peers")


class Peers:
    """What people do today."""

    def __init__(self, ground: Field) -> None:
        from web3 import Web3

        self._web3 = Web3(Web3.HTTPProvider(ground.node.rpc_url, request_kwargs={"timeout": 60}))
        core, periphery = (
            node_modules() / "@uniswap" / name for name in ("v2-core", "v3-periphery")
        )
        pair = json.loads((core / "build/UniswapV2Pair.json").read_text())
        multicall = json.loads((periphery / MULTICALL).read_text())
        at = ground.uniswap.deploy_code(multicall["bytecode"])
        checksum: Callable[[str], Any] = Web3.to_checksum_address
        self._pairs = [
            self._web3.eth.contract(address=checksum(spec.address), abi=pair["abi"])
            for spec in ground.specs
        ]
        self._multicall = self._web3.eth.contract(address=checksum(at), abi=multicall["abi"])

    def one_by_one(self, pools: int) -> Reserves:
        """getReserves of each pair in turn."""
        answers = [pair.functions.getReserves().call() for pair in self._pairs[:pools]]
        return [(answer[0], answer[1]) for answer in answers]

    def multicall(self, pools: int) -> Reserves:
        """getReserves of all pairs in one eth_call."""
        pairs = self._pairs[:pools]
        calls = [(p.address, GAS_PER_CALL, p.encode_abi("getReserves", args=[])) for p in pairs]
        _, answers = self._multicall.functions.multicall(calls).call()
        types = ["uint112", "uint112", "uint32"]
        decoded = [self._web3.codec.decode(types, data) for _, _, data in answers]
        return [(reserve0, reserve1) for reserve0, reserve1, _ in decoded]
