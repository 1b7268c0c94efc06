"""A chain that is not what the run file says: one line, an exit code of its own, no book spoilt."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import main
from bot.core.errors import TransactionFailedError
from bot.edges.node import AnvilNode
from bot.edges.rpc import Rpc
from bot.edges.uniswap import UniswapV2World
from tests.builders.market import ETHER, Market, open_market

pytestmark = pytest.mark.fork

Capture = pytest.CaptureFixture[str]

STARTER = Path(__file__).resolve().parents[2] / "rules" / "starter.toml"
LONG_AGO_S = 1_767_225_600  # 2026-01-01T00:00:00Z
ONCE = "run -c run.toml --once"


@pytest.fixture(scope="module")
def node() -> Iterator[AnvilNode]:
    with AnvilNode(timestamp_s=LONG_AGO_S) as anvil:
        yield anvil


@pytest.fixture(scope="module")
def market(node: AnvilNode) -> Iterator[Market]:
    """A pool in which the LP holds a position."""
    with Rpc(node.url) as rpc:
        opened = open_market(UniswapV2World(rpc).deploy())
        opened.deposit(10 * ETHER, by=opened.lp)
        yield opened


@pytest.fixture(autouse=True)
def folder(
    node: AnvilNode, market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A run file for that position, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.toml").write_text(STARTER.read_text("utf-8"), "utf-8")
    (tmp_path / "run.toml").write_text(
        f"""
[chain]
rpc_url = "{node.rpc_url}"

[position]
owner = "{market.lp}"
pools = [{{ address = "{market.pair}", base = "WETH" }}]

[paper]
capital = {{ USDC = "1000" }}

[rules]
file = "rules.toml"
""",
        "utf-8",
    )
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def edit(file: str, old: str, new: str) -> None:
    text = Path(file).read_text("utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new, 1), "utf-8")


def refused(capsys: Capture, command: str = ONCE) -> tuple[int, str]:
    """Exit code and the one line on stderr."""
    code = main(command.split())
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("layerhedge: ")
    return code, line


def test_the_run_file_is_right_before_it_is_spoilt(capsys: Capture) -> None:
    """So that each refusal below is the change's."""
    assert main(ONCE.split()) == 0
    assert main(["ledger", "check"]) == 0
    assert capsys.readouterr().err == ""


def test_the_wrong_chain_is_named_with_both_ids(capsys: Capture) -> None:
    edit("run.toml", "[chain]", "[chain]\nchain_id = 1")
    code, line = refused(capsys)
    assert (code, "is on chain 31337, expected 1;" in line) == (44, True), line


def test_an_address_without_code_is_named(capsys: Capture, market: Market) -> None:
    edit("run.toml", market.pair, "0x" + "77" * 20)
    code, line = refused(capsys)
    assert (code, "has no code on chain 31337" in line) == (46, True), line


def test_a_token_is_no_pair(capsys: Capture, market: Market) -> None:
    edit("run.toml", market.pair, market.eth)
    code, line = refused(capsys)
    assert (code, "give the address of the pair, not of a token" in line) == (47, True), line


def test_a_base_that_the_pair_does_not_hold_is_refused(capsys: Capture) -> None:
    edit("run.toml", 'base = "WETH"', 'base = "DOGE"')
    code, line = refused(capsys)
    assert (code, "set base to one of the pair's two tokens" in line) == (48, True), line


def test_a_node_that_stands_still_is_stale(capsys: Capture) -> None:
    edit("run.toml", "[chain]", "[chain]\nblock_age_s_max = 60")
    code, line = refused(capsys)
    assert (code, "limit 60 s; the node may be cut off" in line) == (24, True), line


def test_a_second_look_at_the_same_block_books_nothing(capsys: Capture) -> None:
    assert main(ONCE.split()) == 0
    capsys.readouterr()
    code, line = refused(capsys)
    assert (code, "yet; nothing is due" in line) == (25, True), line


def test_other_rules_need_another_book(capsys: Capture) -> None:
    assert main(ONCE.split()) == 0
    capsys.readouterr()
    before = Path("layerhedge.sqlite").read_bytes()
    edit("rules.toml", "hedge_ratio_bps = 8000", "hedge_ratio_bps = 9000")
    code, line = refused(capsys)
    assert (code, "give the old rules or a new --book" in line) == (65, True), line
    assert Path("layerhedge.sqlite").read_bytes() == before


def test_other_pools_need_another_book(capsys: Capture, market: Market) -> None:
    assert main(ONCE.split()) == 0
    capsys.readouterr()
    before = Path("layerhedge.sqlite").read_bytes()
    edit("run.toml", market.pair, "0x" + "77" * 20)
    code, line = refused(capsys)
    assert (code, "give the same pools in the same order" in line) == (95, True), line
    assert Path("layerhedge.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [("1000", "2000", "paper cash"), ("[rules]", "[venue.fees]\ntrade_ppm = 1\n[rules]", "venue")],
)
def test_other_cash_or_another_venue_need_another_book(
    capsys: Capture, market: Market, old: str, new: str, what: str
) -> None:
    assert main(ONCE.split()) == 0
    capsys.readouterr()
    before = Path("layerhedge.sqlite").read_bytes()
    edit("run.toml", old, new)
    code, line = refused(capsys)
    assert (code, f"opened with other {'terms of the ' * (what == 'venue')}{what}" in line) == (
        96,
        True,
    ), line
    assert Path("layerhedge.sqlite").read_bytes() == before


def test_another_chain_under_the_same_address_leaves_the_book_alone(capsys: Capture) -> None:
    assert main(ONCE.split()) == 0
    capsys.readouterr()
    before = Path("layerhedge.sqlite").read_bytes()
    # A second later, so that its block 0 is another one.
    with AnvilNode(timestamp_s=LONG_AGO_S + 1) as other:
        edit("run.toml", Path("run.toml").read_text("utf-8").split('"')[1], other.rpc_url)
        code, line = refused(capsys)
    assert (code, "the book is untouched; bring the old chain back" in line) == (34, True), line
    assert Path("layerhedge.sqlite").read_bytes() == before


def test_a_transaction_that_reverts_is_an_error_of_the_script(market: Market) -> None:
    with pytest.raises(TransactionFailedError, match="transaction 0x"):
        market.withdraw(market.lp_balance(market.lp) + 1, by=market.lp)
