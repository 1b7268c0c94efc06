"""A gate on the chain in run files: named where the rules ask for it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import cli
from bot.config import check_run, load_rules, load_run

GATE = "0x" + "9a" * 20
RULES = """
[strategy]
name = "tested"

[engine]
capital_bps = 1500
multisig = true

[[layer]]
name = "vol"
sleeve = "engine"
instrument = "vol_future"
offsets_bps = [0]
arm = { metric = "il_bps", above = 50 }
disarm = { metric = "il_bps", below = 25 }
hedge_ratio_bps = 4000
size_by = "vega"
tenor_days = 7
premium_budget_bps_per_year = 150
"""
RUN = f"""
[chain]
rpc_url = "http://127.0.0.1:1"
engine_gate = "{GATE}"

[position]
owner = "0x{"0a" * 20}"
pools = [{{ address = "0x{"0b" * 20}" }}]

[paper]
capital = {{ USDC = "50000" }}

[rules]
file = "rules.toml"
"""
UNNAMED = RUN.replace(f'engine_gate = "{GATE}"\n', "")
ASKED = "multisig = true"


def lines(folder: Path, run: str, rules: str = RULES) -> list[str]:
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    (folder / "run.toml").write_text(run, encoding="utf-8")
    return [error.line for error in check_run([folder / "run.toml"], {})]


def test_a_gate_that_the_rules_ask_for_is_read(tmp_path: Path) -> None:
    assert lines(tmp_path, RUN) == []
    assert load_run([tmp_path / "run.toml"], {}).chain.engine_gate == GATE
    engine = load_rules(tmp_path / "rules.toml").engine
    assert engine is not None
    assert engine.multisig


def test_rules_that_ask_a_multisig_need_a_gate_or_a_feed(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, UNNAMED)
    assert "chain.engine_gate: is not given" in line
    assert "the second engine of rules tested waits for a multisig" in line
    assert "give the address of its EngineGate, or feed engine_gate_s by feeds.file" in line
    assert lines(tmp_path, UNNAMED + '[feeds]\nfile = "feeds.csv"\n') == []


def test_a_gate_that_the_rules_do_not_ask_is_refused(tmp_path: Path) -> None:
    """Whoever names a gate believes that it guards the engine."""
    (line,) = lines(tmp_path, RUN, RULES.replace(ASKED, ""))
    assert "chain.engine_gate: is given, but rules tested do not ask it" in line
    assert "set engine.multisig = true" in line


@pytest.mark.parametrize("run", [RUN, UNNAMED])
def test_an_engine_that_never_acts_needs_no_gate(run: str, tmp_path: Path) -> None:
    assert lines(tmp_path, run, RULES.replace(ASKED, f"{ASKED}\nenabled = false")) == []


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, RUN.replace(GATE, "0x12"))
    assert "chain.engine_gate: '0x12' does not fit; write an address" in line


@pytest.mark.parametrize("command", ["run", "inspect"])
def test_a_run_whose_feed_file_does_not_tell_of_the_gate_refuses_at_start(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything else is read: nobody listens at the node's address."""
    monkeypatch.chdir(tmp_path)
    assert lines(tmp_path, UNNAMED + '[feeds]\nfile = "feeds.csv"\n') == []
    Path("feeds.csv").write_text("time,name,value\n2026-03-02,lend_ppm:USDC,50000\n")
    assert cli.main([command, "-c", "run.toml", *(["--once"] if command == "run" else [])]) == 3
    told = capsys.readouterr().err
    assert "feeds.csv: engine_gate_s: is not fed" in told
    assert "give chain.engine_gate the address of its EngineGate, or feed it here" in told
