"""A tick killed at every write: the next start ends in the same book, whatever was on the disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.core.record import read_body
from bot.edges.store import SqliteStore
from tests.builders.runs import storm, storm_rules
from tests.fault.kill_whole_tick import play

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("kill_whole_tick.py")
MEMORY_DISK = Path("/dev/shm")
WORKERS = 2


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: syncs are asked for all the same, and cost nothing."""
    if not os.access(MEMORY_DISK, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=MEMORY_DISK, prefix="layerhedge-") as name:
        yield Path(name)


def test_the_storm_provokes_everything_that_a_book_can_know(quick_folder: Path) -> None:
    """Otherwise the test below would prove less than it says."""
    book = quick_folder / "whole.sqlite"
    play(storm(), storm_rules(), book, played=0)
    with SqliteStore(book, create=False, readonly=True) as reader:
        summary, rows = reader.check(), list(reader.rows())
    assert set(summary.ledger.kinds) == {
        "open", "deposit", "withdraw", "mark", "hedge_open", "hedge_close", "hedge_settle",
        "reversal",
    }  # fmt: skip
    assert {row.kind for row in rows} == {"open", "plan", "record", "undo"}
    reasons = {
        decision["reason"]
        for row in rows
        if row.kind == "record"
        for decision in read_body(row.body)["decisions"]
    }
    assert reasons >= {
        "ARM", "RETRY", "DISARM", "ROLL", "MONETISE", "SETTLE", "IN_BAND", "COOLDOWN", "COOLED",
        "BELOW_ARM", "UNKNOWN_METRIC", "NO_POSITION",
    }  # fmt: skip
    events = {
        event["kind"]
        for row in rows
        if row.kind == "record"
        for event in read_body(row.body)["snapshot"]["events"]
    }
    assert events == {"mint", "burn", "send"}
    undone = [read_body(row.body)["ticks"] for row in rows if row.kind == "undo"]
    assert undone == [3, 2]


@pytest.mark.slow
def test_a_tick_killed_at_any_statement_is_finished_by_the_next_start_as_if_nothing_had_happened(
    quick_folder: Path,
) -> None:
    """Every SQL statement from the opening to the last record, each in a process of its own."""
    whole = quick_folder / "whole.sqlite"
    _, expected = play(storm(), storm_rules(), whole, played=0)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    workers = [
        subprocess.Popen(
            [sys.executable, SCRIPT, quick_folder, str(first), str(WORKERS)],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for first in range(1, WORKERS + 1)
    ]
    tried: list[tuple[int, int, int]] = []
    for worker in workers:
        output, errors = worker.communicate()
        assert worker.returncode == 0, errors
        for line in output.splitlines():
            n, status, played, left, found = line.split()
            assert found == expected, f"killed at statement {n} with {left} rows written"
            tried.append((int(n), int(status), int(left)))
            assert int(played) <= storm().steps_count
    tried.sort()
    killed = [(n, left) for n, status, left in tried if status == signal.SIGKILL]
    assert [n for n, _ in killed] == list(range(1, len(killed) + 1))
    assert len(killed) > 800
    # Every row but the last was once the last that a kill left, each plan among them.
    with SqliteStore(whole, create=False, readonly=True) as reader:
        rows = reader.tip.journal_seq
    assert {left for _, left in killed} >= set(range(rows))
    assert [left for _, left in killed] == sorted(left for _, left in killed)
