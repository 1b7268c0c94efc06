"""A scenario's step on Anvil: swap, mine, read; against a loop that sends the same, unchecked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.bare import BareNode, body_of, lens_request, request, reserves_of
from benchmarks.measure import Line, Pairs, timed, uncollected
from bot.config.scenario_file import load_scenario
from bot.core.scenario import Scenario
from bot.core.world import ScriptedWorld
from bot.edges.lens import Lens
from bot.edges.rpc import Call, ReadOnlyRpc, Rpc
from bot.edges.scenario_world import ChainStage, anvil_for

STEPS = 1_000
SPAN = 100
TARGET = 1.3
FLAT_TARGET = 1.2

SCRIPT = """
name = "long"
title = "A thousand steps"
description = "A slow fall with noise."
seed = 7
start = 2026-03-02T08:00:00Z
step_minutes = 15
days = 11

[tokens]
WETH = 18
USDC = 6

[[pool]]
name = "WETH-USDC"
reserve_base = 5000
path = [[0, 2000], [11, 1600]]
vol = 0.5
turnover_bps_per_day = 2500
owner_share_bps = 500
"""


class Recorder(Rpc):
    """Keeps the transactions and mined times that pass, for the floor to send the same."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sent: list[Call] = []

    def call(self, method: str, *params: Any) -> Any:
        """See Rpc."""
        if method in ("eth_sendTransaction", "evm_mine"):
            self.sent.append((method, params))
        return super().call(method, *params)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """See Rpc; a batch of one becomes a call."""
        if len(calls) > 1:
            self.sent += [call for call in calls if call[0] == "eth_sendTransaction"]
        return super().batch(calls)

    def taken(self) -> list[bytes]:
        """What passed since the last time, as two requests: the transactions, the mining."""
        sends = [request(*call) for call in self.sent if call[0] == "eth_sendTransaction"]
        mines = [request(*call) for call in self.sent if call[0] == "evm_mine"]
        self.sent.clear()
        return [b"[" + b",".join(sends) + b"]", *mines] if sends else mines


def lines() -> Iterator[Line]:
    """The step itself, and whether a long chain slows it."""
    scenario = _scenario()
    with ExitStack() as stack:
        worlds, nodes = [], []
        for _ in ("ours", "floor"):
            node = stack.enter_context(anvil_for(scenario))
            rpc = stack.enter_context(Recorder(node.url))
            reader = stack.enter_context(ReadOnlyRpc(node.url))
            worlds.append((ScriptedWorld(scenario, ChainStage(scenario, rpc, reader=reader)), rpc))
            nodes.append(node)
        (world, recorder), (twin, _) = worlds
        if [spec.address for spec in world.specs] != [spec.address for spec in twin.specs]:
            raise AssertionError("two worlds of one scenario have different pools")
        bare = BareNode(nodes[1].url)
        pairs, transactions = _play(world, recorder, bare)
        bare.close()
    yield _step_line(pairs, transactions)
    yield _flat_line(pairs)


def _scenario() -> Scenario:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "long.toml"
        path.write_text(SCRIPT)
        return load_scenario(str(path))


def _play(world: ScriptedWorld, recorder: Recorder, bare: BareNode) -> tuple[Pairs, int]:
    """Ours first in each pair: the floor replays what ours has sent. Pairs, transactions sent."""
    owner = "0x" + "00" * 20
    question, pools = lens_request(Lens(world.specs, owner=owner)), len(world.specs)
    pairs, transactions = Pairs(), 0
    world.source.read()
    recorder.taken()
    with uncollected():
        for index in range(1, STEPS + 1):
            snapshot = []

            def ours() -> None:
                world.step(index)  # noqa: B023 - called in this round
                snapshot.append(world.source.read())  # noqa: B023

            pairs.ours_s.append(timed(ours))
            transactions += sum(call[0] == "eth_sendTransaction" for call in recorder.sent)
            requests = recorder.taken()
            reserves: list[tuple[int, int]] = []

            def floor() -> None:
                for asked in requests:  # noqa: B023
                    bare.ask(asked)
                reserves.extend(reserves_of(body_of(bare.ask(question), pools=pools)))  # noqa: B023

            pairs.floor_s.append(timed(floor))
            if reserves != [(pool.reserve0, pool.reserve1) for pool in snapshot[0].pools]:
                raise AssertionError(f"ours and the floor differ after step {index}")
    return pairs, transactions


def _step_line(pairs: Pairs, transactions: int) -> Line:
    return Line(
        bench="scenario_step",
        unit="ms",
        ours=pairs.ours * 1e3,
        floor=pairs.floor * 1e3,
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=TARGET,
        more={"transactions_per_step": transactions / STEPS},
        note="ours: integer model, sends, mine, snapshot compared with the model; floor: the same "
        "sends, mine, one eth_call, on a node of its own",
    )


def _flat_line(pairs: Pairs) -> Line:
    first, last = median(pairs.ours_s[:SPAN]), median(pairs.ours_s[-SPAN:])
    return Line(
        bench="scenario_step_flat",
        unit="ms",
        ours=last * 1e3,
        floor=first * 1e3,
        ratio=last / first,
        target=FLAT_TARGET,
        more={"ratio_of_floor": median(pairs.floor_s[-SPAN:]) / median(pairs.floor_s[:SPAN])},
        note=f"ours: last {SPAN} of {STEPS} steps; floor: the first {SPAN}",
    )
