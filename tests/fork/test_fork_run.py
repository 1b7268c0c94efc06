"""`run --fork-url`: a real pool in a fork of one's own, tried by forking one Anvil from another."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import main
from bot.edges.node import AnvilNode
from bot.edges.rpc import Rpc
from bot.edges.store import SqliteStore
from bot.edges.uniswap import UniswapV2World
from tests.builders.market import ETHER, Market, open_market

pytestmark = pytest.mark.fork

STARTER = Path(__file__).resolve().parents[2] / "rules" / "starter.toml"


@pytest.fixture(autouse=True)
def polite_end() -> Iterator[None]:
    """The command line takes SIGTERM for itself; give it back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def node() -> Iterator[AnvilNode]:
    with AnvilNode() as anvil:
        yield anvil


@pytest.fixture
def market(node: AnvilNode) -> Iterator[Market]:
    """A pool on the forked chain, in which the LP holds a position."""
    with Rpc(node.url) as rpc:
        opened = open_market(UniswapV2World(rpc).deploy())
        opened.deposit(10 * ETHER, by=opened.lp)
        yield opened


def test_a_pool_is_followed_on_a_fork_whose_address_is_told_and_whose_origin_is_left_alone(
    node: AnvilNode,
    market: Market,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run.toml").write_text(
        f"""
[chain]
rpc_url = "http://127.0.0.1:1"
poll_ms = 50

[position]
owner = "{market.lp}"
pools = [{{ address = "{market.pair}", base = "WETH" }}]

[paper]
capital = {{ USDC = "1000" }}

[rules]
file = "{STARTER}"
""",
        "utf-8",
    )
    with Rpc(node.url) as rpc:
        before = rpc.call("eth_blockNumber")
        command = f"run -c run.toml --fork-url {node.rpc_url} --book fork.sqlite --max-ticks 2"
        assert main(command.split()) == 0
        assert rpc.call("eth_blockNumber") == before
    assert "the fork answers at http://127.0.0.1:" in capsys.readouterr().err
    with SqliteStore("fork.sqlite", create=False, readonly=True) as book:
        records = [json.loads(row.body) for row in book.rows() if row.kind == "record"]
    assert len(records) == 2
    (exposure,) = [view["exposure"] for view in records[-1]["views"].values()]
    held = market.lp_balance(market.lp)
    (pool,) = records[0]["snapshot"]["pools"]
    assert int(pool[7]) == held
    assert int(exposure["claim_base_atoms"]) > 0
