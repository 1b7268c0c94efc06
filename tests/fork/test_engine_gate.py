"""The engine's gate on Anvil, kept by a real Safe: read with the lens, proved before believed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.config.scenario_keys import GATE_HOURS_MAX
from bot.core.actions import GateAction, OpenGate, ShutGate
from bot.core.errors import EngineGateError, RpcAnswerError, WorldDriftError
from bot.core.snapshot import PoolSpec
from bot.core.world import ScriptedWorld
from bot.edges.chain import ChainSource
from bot.edges.engine_gate import Keeper, gate_feed, require_gate
from bot.edges.multisig import Multisig
from bot.edges.node import AnvilNode
from bot.edges.rpc import Call, ReadOnlyRpc, Rpc
from bot.edges.scenario_world import ChainStage, anvil_for
from bot.edges.store import SqliteStore
from bot.edges.uniswap import own_artifact
from tests.builders.market import ETHER, Market
from tests.builders.scripts import two_days

pytestmark = pytest.mark.fork

Capture = pytest.CaptureFixture[str]
HOUR_S = 3_600


@pytest.fixture
def multisig(market: Market) -> Multisig:
    """Owned by three accounts that play no other part."""
    return Multisig(market.world, market.world.accounts[5:8])


def carry_out(multisig: Multisig, market: Market, action: GateAction) -> None:
    market.world.send(*multisig.transactions(action))


def now_s(market: Market) -> int:
    return int(market.world.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


class Counting(ReadOnlyRpc):
    """Notes every batch; `before` is done, once, between a read's two round trips."""

    batches: tuple[int, ...] = ()
    before: Any = None

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        self.batches = (*self.batches, len(calls))
        if self.before is not None:
            done, self.before = self.before, None
            done()
        return super().batch(calls)


@pytest.fixture
def counting(anvil: AnvilNode) -> Any:
    with Counting(anvil.url) as connection:
        yield connection


def test_every_snapshot_tells_until_when_the_safe_has_opened_the_gate(
    market: Market, spec: PoolSpec, multisig: Multisig, reader: ReadOnlyRpc
) -> None:
    source = ChainSource(reader, [spec], owner=market.lp, gate=multisig.gate)
    assert source.read().feeds == {"engine_gate_s": 0}
    until_s = now_s(market) + 5 * HOUR_S
    carry_out(multisig, market, OpenGate(until_s=until_s))
    assert source.read().feeds == {"engine_gate_s": until_s}
    carry_out(multisig, market, ShutGate())
    shut = source.read()
    assert shut.feeds == {"engine_gate_s": shut.block.time_s}


def test_the_gate_is_asked_in_the_lenss_batch_and_only_where_there_is_one(
    market: Market, spec: PoolSpec, multisig: Multisig, counting: Counting
) -> None:
    for gate, calls in ((None, 1), (multisig.gate, 2)):
        counting.batches = ()
        ChainSource(counting, [spec], owner=market.lp, gate=gate).read()
        assert counting.batches == (calls,)


def test_the_gate_is_read_at_the_very_block_that_the_pools_are_read_at(
    market: Market, spec: PoolSpec, multisig: Multisig, counting: Counting
) -> None:
    """The Safe opens it between the two round trips: that is the next block's news."""
    source = ChainSource(counting, [spec], owner=market.lp, gate=multisig.gate)
    source.read()
    market.deposit(ETHER, by=market.lp)
    until_s = now_s(market) + HOUR_S
    counting.before = lambda: carry_out(multisig, market, OpenGate(until_s=until_s))
    seen = source.read()
    assert (seen.feeds, len(seen.events)) == ({"engine_gate_s": 0}, 1)
    assert source.read().feeds == {"engine_gate_s": until_s}


def test_a_reorg_takes_the_multisigs_word_back(
    market: Market, spec: PoolSpec, multisig: Multisig, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    source = ChainSource(reader, [spec], owner=market.lp, gate=multisig.gate)
    before = source.read()
    mark = rpc.call("evm_snapshot")
    carry_out(multisig, market, OpenGate(until_s=now_s(market) + HOUR_S))
    assert source.read().feeds["engine_gate_s"] > 0
    rpc.call("evm_revert", mark)
    source.rewind(before)
    rpc.call("evm_mine")
    assert source.read().feeds == {"engine_gate_s": 0}


def test_a_gate_with_its_safe_is_proved_by_code_and_signatures(
    multisig: Multisig, reader: ReadOnlyRpc
) -> None:
    keeper = Keeper(address=multisig.safe, signatures=2, owners=3)
    assert require_gate(reader, multisig.gate) == keeper


@pytest.mark.parametrize("other", ["nobody", "a contract", "one signature", "a token", "a factory"])
def test_what_is_no_gate_of_a_multisig_is_refused(
    market: Market, spec: PoolSpec, reader: ReadOnlyRpc, other: str
) -> None:
    world = market.world
    code = own_artifact("EngineGate")["bytecode"]
    address, words = {
        "nobody": lambda: (market.stranger, "there is no code"),
        "a contract": lambda: (world.factory, "is not this version's EngineGate"),
        "one signature": lambda: (
            Multisig(world, world.accounts[5:8], signatures=1).gate, "acts on 1 signature of 3",
        ),
        # WETH's fallback takes any call and answers nothing; the factory reverts.
        "a token": lambda: (world.deploy_code(code, world.weth), "does not answer as a Safe"),
        "a factory": lambda: (world.deploy_code(code, world.factory), "does not answer as a Safe"),
    }[other]()  # fmt: skip
    with pytest.raises(EngineGateError, match=words) as caught:
        ChainSource(reader, [spec], owner=market.lp, gate=address).read()
    assert "chain.engine_gate" in caught.value.line


def test_a_node_in_trouble_is_not_taken_for_a_bad_keeper(
    multisig: Multisig, anvil: AnvilNode
) -> None:
    class Limited(ReadOnlyRpc):
        def call(self, method: str, *params: Any) -> Any:
            if method == "eth_call":
                raise RpcAnswerError(method=method, problem="request rate exceeded")
            return super().call(method, *params)

    with Limited(anvil.url) as limited, pytest.raises(RpcAnswerError, match="rate exceeded"):
        require_gate(limited, multisig.gate)


@pytest.mark.parametrize("answer", ["0x", "0x" + "00" * 64, None])
def test_an_answer_that_is_no_time_is_an_error(answer: str | None) -> None:
    with pytest.raises(RpcAnswerError, match="not a time"):
        gate_feed(answer)


def test_scenarios_open_a_gate_as_far_as_the_contract_lets_them(
    market: Market, multisig: Multisig
) -> None:
    """Oracle: SPAN_MAX_S() of the contract itself."""
    from eth_utils import keccak

    asked = {"to": multisig.gate, "data": "0x" + keccak(b"SPAN_MAX_S()")[:4].hex()}
    assert int(market.world.rpc.call("eth_call", asked, "latest"), 16) == GATE_HOURS_MAX * HOUR_S


def test_a_script_without_a_gate_deploys_none_and_one_with_it_notices_a_stranger() -> None:
    plain, gated = two_days(), two_days('kind = "gate"\nday = 0.25\nhours = 5')
    for scenario in (plain, gated):
        with anvil_for(scenario) as node, Rpc(node.url) as rpc, ReadOnlyRpc(node.url) as reader:
            stage = ChainStage(scenario, rpc, reader=reader)
            world = ScriptedWorld(scenario, stage)
            if not scenario.has_gate:
                assert stage.multisig is None
                assert world.source.read().feeds == {}
                continue
            assert stage.multisig is not None
            asked = OpenGate(until_s=scenario.time_s(3))
            stage.uniswap.send(*stage.multisig.transactions(asked))  # not in the script
            world.step(1)
            with pytest.raises(WorldDriftError, match="the engine's gate is"):
                world.source.read()


RULES = """
[strategy]
name = "gated"

[guard]
on = false

[engine]
capital_bps = 5000
multisig = true

[[layer]]
name = "vol"
sleeve = "engine"
instrument = "vol_token"
offsets_bps = [0]
arm = { metric = "move_bps", above = -9000 }
disarm = { metric = "move_bps", below = -9500 }
size_by = "capital"
hedge_ratio_bps = 5000
tenor_days = 14
premium_budget_bps_per_year = 10000
"""


@pytest.fixture
def folder(
    anvil: AnvilNode, market: Market, multisig: Multisig, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:  # fmt: skip
    """A run file for a position of the LP, with the gate, and rules that want the engine always."""
    monkeypatch.chdir(tmp_path)
    market.deposit(10 * ETHER, by=market.lp)
    (tmp_path / "gated.toml").write_text(RULES)
    (tmp_path / "run.toml").write_text(
        f'[chain]\nrpc_url = "{anvil.rpc_url}"\nengine_gate = "{multisig.gate}"\n'
        f'[position]\nowner = "{market.lp}"\n'
        f'pools = [{{ address = "{market.pair}", base = "WETH" }}]\n'
        '[paper]\ncapital = { USDC = "50000" }\n[rules]\nfile = "gated.toml"\n'
        '[book]\npath = "own.sqlite"\n'
    )
    return tmp_path


def explained(capsys: Capture) -> str:
    capsys.readouterr()
    assert cli.main(["explain", "last", "--book", "own.sqlite"]) == 0
    return capsys.readouterr().out


def test_a_live_run_buys_for_the_engine_only_while_the_safe_says_so(
    folder: Path, market: Market, multisig: Multisig, capsys: Capture
) -> None:
    once = ["run", "-c", "run.toml", "--once"]
    assert cli.main(once) == 0
    assert "shut from the start, the multisig has not opened it" in explained(capsys)
    carry_out(multisig, market, OpenGate(until_s=now_s(market) + HOUR_S))
    assert cli.main(once) == 0
    assert "the multisig has opened the engine until " in explained(capsys)
    carry_out(multisig, market, ShutGate())
    assert cli.main(["inspect", "-c", "run.toml"]) == 0
    assert "the gate does not let the second engine act" in capsys.readouterr().out
    assert cli.main(once) == 0
    assert "shut since " in explained(capsys)
    assert cli.main(["status", "--book", "own.sqlite"]) == 0
    assert "gate shut; arms if" in capsys.readouterr().out
    with SqliteStore("own.sqlite", create=False, readonly=True) as store:
        records = [json.loads(row.body) for row in store.rows() if row.kind == "record"]
    deals = [[(o["intent"], o["reason"]) for o in record["orders"]] for record in records]
    assert deals == [[], [("open", "ARM")], [("close", "GATE")]]
    assert cli.main(["journal", "verify", "--book", "own.sqlite"]) == 0


def test_a_restarted_run_proves_the_gate_again(
    folder: Path, market: Market, multisig: Multisig, capsys: Capture
) -> None:
    once = ["run", "-c", "run.toml", "--once"]
    assert cli.main(once) == 0
    market.deposit(ETHER, by=market.lp)
    run = (folder / "run.toml").read_text()
    (folder / "run.toml").write_text(run.replace(multisig.gate, market.pair))
    capsys.readouterr()
    assert cli.main(once) == 77
    assert "is not this version's EngineGate" in capsys.readouterr().err


def test_the_doctor_tells_keeper_and_moment(
    folder: Path, market: Market, multisig: Multisig, capsys: Capture
) -> None:
    carry_out(multisig, market, OpenGate(until_s=now_s(market) + HOUR_S))
    cli.main(["doctor", "-c", "run.toml", "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (found,) = (one for one in findings if one["name"] == "engine gate")
    assert found["state"] == "ok"
    assert found["text"].startswith("open until ")
    assert found["text"].endswith(f"2 of 3 sign at {multisig.safe}")
    run = (folder / "run.toml").read_text()
    (folder / "run.toml").write_text(run.replace(multisig.gate, market.pair))
    cli.main(["doctor", "-c", "run.toml", "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["state"] for one in findings if one["name"] == "engine gate"] == ["fail"]
