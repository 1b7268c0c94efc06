"""The command line: exit codes, one-line errors, JSON for machines, nothing heavy for `--help`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.commands import calc
from bot.commands.terminal import Terminal
from bot.config.scenario_file import load_scenario
from bot.edges.store import SqliteStore
from tests.unit.report.story_book import play

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("rich", "web3", "pandas", "numpy", "apscheduler", "sqlite3", "dataclasses", "json")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one book in it, kept by the real engine on the disk."""
    folder = tmp_path_factory.mktemp("shelf")
    books = folder / ".layerhedge"
    books.mkdir()
    with SqliteStore(books / "one.sqlite", create=True) as store:
        play(store, load_scenario("crash"), steps_max=130, undo_at=120)
        store.put_health({"beat_s": 1, "last_error": "block 7 is 93 s old"})
    (books / "latest").write_text("one.sqlite\n")
    return folder


@pytest.fixture
def inside(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shelf)
    return shelf


Capture = pytest.CaptureFixture[str]


def json_of(capsys: Capture, *argv: str) -> Any:
    assert cli.main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom bot.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not heavy, heavy\n"
        "assert not [name for name in sys.modules if name.startswith(('bot.edges', 'bot.report'))]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout


@pytest.mark.parametrize(
    "argv", [[], ["nonsense"], ["ledger"], ["explain"], ["history", "-n", "0"], ["run"], ["--jso"]]
)
def test_wrong_usage_ends_with_code_2(argv: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(argv)
    assert end.value.code == 2
    assert "usage: layerhedge" in capsys.readouterr().err


def test_a_missing_book_is_one_line_on_stderr_with_its_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["status"]) == 63
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("layerhedge: no book at ")
    assert "layerhedge demo" in err


def test_an_error_is_an_object_for_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["--json", "status", "--book", "nowhere.sqlite"]) == 63
    error = json.loads(capsys.readouterr().err)
    assert error.keys() == {"error", "code", "message", "advice", "operands"}
    assert (error["error"], error["code"]) == ("BookMissingError", 63)
    assert error["operands"]["file"].endswith("nowhere.sqlite")


@pytest.mark.parametrize("argv", [["--json", "version"], ["version", "--json"]])
def test_shared_flags_stand_before_or_after_the_command(argv: list[str], capsys: Capture) -> None:
    assert cli.main(argv) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"layerhedge", "python"}


def failing(error: BaseException) -> Callable[[Namespace, Terminal], int]:
    def handler(_args: Namespace, _terminal: Terminal) -> int:
        raise error

    return handler


def test_an_unexpected_error_is_one_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(calc, "il", failing(ZeroDivisionError("by\nzero")))
    assert cli.main(["calc", "il", "--ratio", "4"]) == 1
    err = capsys.readouterr().err
    assert err == (
        "layerhedge: unexpected ZeroDivisionError: by zero; run it again with -vv and report it\n"
    )


def test_twice_verbose_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calc, "il", failing(ZeroDivisionError("by zero")))
    with pytest.raises(ZeroDivisionError):
        cli.main(["calc", "il", "--ratio", "4", "-vv"])


def test_ctrl_c_ends_with_130_and_says_that_the_books_are_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(calc, "il", failing(KeyboardInterrupt()))
    assert cli.main(["calc", "il", "--ratio", "4"]) == 130
    assert "the books are closed" in capsys.readouterr().err


def test_a_closed_pipe_is_no_complaint(inside: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' -m bot.cli ledger export --format csv | head -1"],
        cwd=inside, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("seq,tick")
    assert done.stderr == ""


def test_calc_il_gives_the_known_answer_both_ways(capsys: Capture) -> None:
    """Source: 2*sqrt(4)/(1+4) - 1 = -0.2; sqrt(4) - (1+4)/2 = -0.5; sqrt(4) - 1 = 1."""
    by_ratio = json_of(capsys, "calc", "il", "--ratio", "4")
    assert by_ratio["il_vs_hold"] == pytest.approx(-0.2)
    assert by_ratio["loss_vs_entry_hold"] == pytest.approx(-0.5)
    assert by_ratio["funded_pnl"] == pytest.approx(1.0)
    by_prices = json_of(capsys, "calc", "il", "--entry", "500", "--price", "2000")
    assert by_prices["il_vs_hold"] == pytest.approx(by_ratio["il_vs_hold"])
    assert by_prices.keys() == calc.IL_LABELS.keys()


@pytest.mark.parametrize(
    "argv", [[], ["--ratio", "2", "--price", "5"], ["--entry", "1"], ["--ratio", "-1"]]
)
def test_calc_il_refuses_half_a_question(argv: list[str], capsys: Capture) -> None:
    assert cli.main(["calc", "il", *argv]) == 2
    assert "layerhedge calc il --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "keys"),
    [
        (["status"], {"book", "capital", "tick", "positions", "hedges", "layers", "waits", "cash",
                      "margin", "debt", "engine", "ticks", "undone", "block", "time_s",
                      "rules_hash", "pools", "basket", "reasons", "orders", "ledger",
                      "advised", "advice", "followed"}),
        (["positions"], {"book", "positions", "hedges"}),
        (["explain", "last"], {"tick", "block", "time_s", "decisions", "orders", "advice"}),
        (["history"], {"book", "events", "undone"}),
        (["ledger", "check"], {"book", "ok", "rows", "entries", "head", "kinds", "trial_balance"}),
        (["ledger", "show"], {"book", "balances", "entries"}),
        (["journal", "verify"], {"book", "ticks", "identical"}),
        (["report", "-o", "r.html"], {"book", "report"}),
        (["ledger", "export", "--format", "csv", "-o", "l.csv"], {"book", "format", "output"}),
    ],
)  # fmt: skip
def test_each_look_at_a_book_has_its_keys(
    inside: Path, argv: list[str], keys: set[str], capsys: Capture
) -> None:
    assert json_of(capsys, *argv).keys() == keys


@pytest.mark.parametrize(
    "argv",
    [["status"], ["positions"], ["explain", "115"], ["history", "-n", "3"], ["ledger", "check"],
     ["ledger", "show", "-n", "2"], ["journal", "verify"], ["report"]],
)  # fmt: skip
def test_each_look_at_a_book_has_words_for_people(
    inside: Path, argv: list[str], capsys: Capture
) -> None:
    assert cli.main(argv) == 0
    out, err = capsys.readouterr()
    assert out.strip()
    assert not err
    assert "\x1b" not in out


def test_explain_speaks_in_sentences(inside: Path, capsys: Capture) -> None:
    found = json_of(capsys, "explain", "106")
    texts = [decision["text"] for decision in found["decisions"]]
    assert len(texts) == 4
    assert any("waits: its arm condition is not true (move_sigma_abs 0." in text for text in texts)


@pytest.mark.parametrize(("tick", "code"), [("121", 67), ("999", 67), ("minus", 2)])
def test_explain_refuses_ticks_that_do_not_stand(inside: Path, tick: str, code: int) -> None:
    """Ticks 120 and 121 were taken back by the reorg."""
    assert cli.main(["explain", tick]) == code


def test_an_old_heartbeat_is_no_life(inside: Path, capsys: Capture) -> None:
    assert cli.main(["health", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["alive"] is False
    assert found["last_error"] == "block 7 is 93 s old"
    assert cli.main(["health", "--max-age", "99999999999"]) == 0


def test_a_report_that_cannot_be_written_says_so(inside: Path, capsys: Capture) -> None:
    (inside / "file").write_text("")
    assert cli.main(["report", "-o", "file/report.html"]) == 64
    assert "cannot be written" in capsys.readouterr().err


def test_a_replay_keeps_a_book_and_ends_with_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["replay", "calm", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [events[0]["event"], events[-2]["event"]] == ["open", "end"]
    summary = events[-1]
    assert summary["event"] == "summary"
    assert summary["ledger_check"].startswith("checked, ")
    assert summary["ticks"] == sum(event["event"] == "tick" for event in events)
    book = Path(summary["book"])
    assert (Path(".layerhedge") / "latest").read_text().strip() == book.name
    assert cli.main(["replay", "--journal", str(book)]) == 0
    assert "every byte the same" in capsys.readouterr().out


def test_doctor_says_what_to_do_about_each_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.toml").write_text("nonsense = 1\n")
    assert cli.main(["doctor", "-c", "run.toml", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    states = {finding["name"]: finding for finding in found["findings"]}
    assert not found["ok"]
    assert states["python"]["state"] == "ok"
    assert states["config"]["state"] == "fail"
    assert states["config"]["advice"]


def test_the_schema_is_printed_for_editors(capsys: Capture) -> None:
    assert cli.main(["config", "schema", "run"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "layerhedge run file"


RUN_FILE = """
[chain]
rpc_url = "https://node.example/v3/${NODE_KEY}"
[position]
owner = "0x1111111111111111111111111111111111111111"
pools = [{ address = "0x2222222222222222222222222222222222222222" }]
[paper]
capital = { USDC = "50000" }
[rules]
file = "RULES"
"""


@pytest.mark.parametrize("flags", [[], ["--json"], ["-vv"]])
def test_config_show_tells_every_value_but_no_secret(
    flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("NODE_KEY", "k3y-that-nobody-may-see")
    rules = str(ROOT / "rules" / "starter.toml")
    (tmp_path / "run.toml").write_text(RUN_FILE.replace("RULES", rules))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["config", "show", "-c", "run.toml", *flags]) == 0
    out = capsys.readouterr().out
    assert "node.example" in out
    assert "position.owner" in out
    assert "k3y" not in out


def test_config_check_reads_a_rule_file_alone(tmp_path: Path, capsys: Capture) -> None:
    shipped = ROOT / "rules" / "starter.toml"
    assert cli.main(["config", "check", "--rules", str(shipped)]) == 0
    capsys.readouterr()
    flat = tmp_path / "flat.toml"
    text = shipped.read_text(encoding="utf-8").replace("above = 1.0", "above = 0.2")
    flat.write_text(text, encoding="utf-8")
    assert cli.main(["config", "check", "--rules", str(flat)]) == 6
    assert (
        "layer[2].arm: move_sigma_abs above 0.2 is no further than 0.3" in capsys.readouterr().err
    )


def test_config_check_names_every_problem_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NODE_KEY", "k")
    text = RUN_FILE.replace("RULES", str(ROOT / "rules" / "starter.toml"))
    (tmp_path / "run.toml").write_text(f"{text}\n[scheduler]\nevry = 3\nheartbeat_s = -1\n")
    assert cli.main(["config", "check", "-c", "run.toml"]) == 4
    err = capsys.readouterr().err
    assert "evry" in err
    assert "heartbeat_s" in err
    assert cli.main(["config", "check", "-c", "run.toml", "--json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is False
    assert len(found["problems"]) == 2


def test_a_polite_end_is_an_interruption(tmp_path: Path) -> None:
    """SIGTERM half way through a replay: code 130, and a book that is whole."""
    code = (
        "import os, signal, sys\nfrom bot import cli\nfrom bot.report.live import PlainView\n"
        "real = PlainView.on_tick\n"
        "def tick(view, row):\n    real(view, row)\n"
        "    if row.tick == 40: os.kill(os.getpid(), signal.SIGTERM)\n"
        "PlainView.on_tick = tick\nsys.exit(cli.main(['replay', 'crash']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert "the books are closed" in done.stderr + done.stdout
    book = tmp_path / ".layerhedge" / "replay-crash-1.sqlite"
    with SqliteStore(book, create=False, readonly=True) as store:
        assert sum(row.kind == "record" for row in store.check() and store.rows()) == 40
