"""demo, run and inspect against a real Anvil of the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import cli
from bot.config.scenario_file import load_scenario
from bot.core.world import ScriptedWorld
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.scenario_world import ChainStage, anvil_for
from bot.edges.store import SqliteStore

pytestmark = pytest.mark.fork

RULES = Path(__file__).resolve().parents[2] / "rules" / "starter.toml"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedWorld]:
    """A scripted market on a chain, and a run file in the working folder that watches it."""
    monkeypatch.chdir(tmp_path)
    script = load_scenario("calm")
    with anvil_for(script) as local, Rpc(local.url) as rpc, ReadOnlyRpc(local.url) as reader:
        stage = ChainStage(script, rpc, reader=reader)
        market = ScriptedWorld(script, stage)
        Path("run.toml").write_text(
            f'[chain]\nrpc_url = "{local.rpc_url}"\n'
            f'[position]\nowner = "{stage.owner}"\n'
            f'pools = [{{ address = "{market.specs[0].address}" }}]\n'
            f'[paper]\ncapital = {{ {market.specs[0].quote.symbol} = "50000" }}\n'
            f'[rules]\nfile = "{RULES}"\n[book]\npath = "own.sqlite"\n'
        )
        yield market


def ticks_of(book: str) -> int:
    with SqliteStore(book, create=False, readonly=True) as store:
        return sum(row.kind == "record" for row in store.rows())


def test_run_once_books_one_tick_and_a_second_one_waits_for_a_block(
    world: ScriptedWorld, capsys: Capture
) -> None:
    assert cli.main(["run", "-c", "run.toml", "--once"]) == 0
    assert cli.main(["run", "-c", "run.toml", "--once"]) == 25
    assert ticks_of("own.sqlite") == 1
    world.step(1)
    assert cli.main(["run", "-c", "run.toml", "--once"]) == 0
    assert ticks_of("own.sqlite") == 2
    capsys.readouterr()
    assert cli.main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tick"] == 2


WORLDLY = """
[strategy]
name = "worldly"
[[layer]]
name = "guard"
instrument = "protective_put"
offsets_bps = [-500]
arm = { all = [{ metric = "gas_gwei", above = 1e6 }, { metric = "rate_differential", above = 1 }] }
disarm = { metric = "gas_gwei", below = 1000 }
hedge_ratio_bps = 5000
size_by = "delta"
tenor_days = 7
premium_budget_bps_per_year = 300
"""


def test_a_live_run_takes_rates_from_its_file_and_gas_from_the_block(
    world: ScriptedWorld, capsys: Capture
) -> None:
    """The file is gone before the journal is verified: the record alone must do."""
    spec = world.specs[0]
    Path("worldly.toml").write_text(WORLDLY)
    rates = {spec.base.symbol: 20_000, spec.quote.symbol: 50_000}
    rows = [f"2020-01-01,lend_ppm:{symbol},{ppm}\n" for symbol, ppm in rates.items()]
    Path("feeds.csv").write_text("time,name,value\n" + "".join(rows))
    run = Path("run.toml").read_text().replace(str(RULES), "worldly.toml")
    Path("run.toml").write_text(run + '[feeds]\nfile = "feeds.csv"\nage_s_max = 1000000000\n')
    for step in (1, 2):
        world.step(step)
        assert cli.main(["run", "-c", "run.toml", "--once"]) == 0
    with SqliteStore("own.sqlite", create=False, readonly=True) as store:
        ticks = [json.loads(row.body) for row in store.rows() if row.kind == "record"]
    seen = [tick["views"][spec.name]["metrics"] for tick in ticks]
    assert [metrics["rate_differential"] for metrics in seen] == [-0.03, -0.03]
    first, second = (tick["snapshot"].get("feeds", {}) for tick in ticks)
    assert set(first) == {"gas_wei", *(f"lend_ppm:{symbol}" for symbol in rates)}
    assert set(second) <= {"gas_wei"}  # only what has changed is written
    fees_wei = [int(fed["gas_wei"]) for fed in (first, {**first, **second})]
    assert [metrics["gas_gwei"] for metrics in seen] == [round(fee / 1e9, 6) for fee in fees_wei]
    Path("feeds.csv").unlink()
    assert cli.main(["journal", "verify", "--book", "own.sqlite"]) == 0
    capsys.readouterr()
    world.step(3)
    assert cli.main(["run", "-c", "run.toml", "--once"]) == 90


def test_inspect_books_nothing(world: ScriptedWorld, capsys: Capture) -> None:
    assert cli.main(["inspect", "-c", "run.toml"]) == 0
    assert "Looked at, not booked." in capsys.readouterr().out
    assert not Path("own.sqlite").exists()
    assert cli.main(["inspect", "-c", "run.toml", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["tick"] == 1
    assert record["decisions"]


def test_inspect_of_a_book_that_stands_shows_its_next_tick(
    world: ScriptedWorld, capsys: Capture
) -> None:
    assert cli.main(["run", "-c", "run.toml", "--once"]) == 0
    world.step(1)
    assert cli.main(["inspect", "-c", "run.toml"]) == 0
    assert ticks_of("own.sqlite") == 1


def test_the_demo_writes_book_and_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--scenario", "calm", "--fast", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["ledger_check"].startswith("checked, ")
    page = Path(summary["report"]).read_text(encoding="utf-8")
    assert "Paper trading; no advice" in page
