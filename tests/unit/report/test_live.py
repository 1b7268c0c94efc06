"""The live picture fits a small terminal; the plain and the JSON views are lines for pipes."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from bot.core.errors import StaleBlockError
from bot.core.ports import Row
from bot.core.record import read_body
from bot.core.watcher import EndCause, RunEnd, Watcher
from bot.edges.memory_store import MemoryStore
from bot.report.live import JsonView, LiveView, PlainView
from bot.report.plaintext import clean
from tests.unit.report.story_book import played

END = RunEnd(cause=EndCause.FINISHED, ticks=1, skips=1, undone=0)
STALE = StaleBlockError(block_number=7, age_s=93, age_s_max=60)


def watched(view: Watcher, store: MemoryStore) -> None:
    for row in store.rows():
        if row.kind == "open":
            view.on_open(read_body(row.body))
        elif row.kind == "record":
            view.on_tick(row)
        elif row.kind == "undo":
            view.on_undo(row)


def pictured(store: MemoryStore, *, width: int, height: int, **options: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, **options)  # type: ignore[arg-type]
    view = LiveView(console, title="demo · crash", ticks_total=289)
    watched(view, store)
    console.print(view.picture())
    return out.getvalue()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 24), (200, 50)])
def test_the_picture_fits_the_terminal(width: int, height: int) -> None:
    lines = pictured(played("crash", 150), width=width, height=height, no_color=True).splitlines()
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    assert len(lines) <= height - 1
    assert max(map(len, plain)) <= width


def test_the_picture_shows_price_loss_layers_hedges_and_cash() -> None:
    picture = pictured(played("crash", 150), width=100, height=24, no_color=True)
    for words in ("WETH-USDC", "1,19", "IL ", "fees", "guard", "wing", "holding",
                  "ends if", "cash", "tick 151 of 289", "STETH-WETH"):  # fmt: skip
        assert words in picture, words


def test_without_colours_no_colour_code_is_written() -> None:
    picture = pictured(played("crash", 150), width=80, height=24, no_color=True)
    assert not any(f"\x1b[{code}m" in picture for code in (*range(30, 38), *range(90, 98)))


def test_no_color_in_the_environment_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    picture = pictured(played("crash", 150), width=80, height=24)
    assert "\x1b[32m" not in picture


def test_the_plain_view_writes_events_not_ticks() -> None:
    out = io.StringIO()
    view = PlainView(out, title="replay")
    watched(view, played("crash", 150))
    view.on_skip(STALE)
    view.on_end(END)
    lines = out.getvalue().splitlines()
    assert lines[0] == "replay: book open on chain 0, hedging WETH-USDC, STETH-WETH"
    assert lines[-2].startswith("skipped: block 7 is 93 s old, limit 60 s")
    assert lines[-1] == "finished: 1 ticks, 1 skipped, 0 undone"
    assert len(lines) < 40
    assert any("MONETISE" in line for line in lines)


def test_the_plain_view_tells_a_reorg() -> None:
    out = io.StringIO()
    watched(PlainView(out, title="replay"), played("crash", 140, 120))
    assert "reorg: 2 ticks undone, back to block 118" in out.getvalue()


def test_the_json_view_writes_each_record_as_it_stands_in_the_journal() -> None:
    out, store = io.StringIO(), played("crash", 20)
    view = JsonView(out)
    watched(view, store)
    view.on_skip(STALE)
    view.on_end(END)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    records = [row for row in store.rows() if row.kind == "record"]
    assert [event["event"] for event in events] == ["open", *["tick"] * 21, "skip", "end"]
    assert events[5] == {"event": "tick", **read_body(records[4].body)}
    assert events[-2]["error"] == "StaleBlockError"
    assert events[-1]["cause"] == "finished"


def test_a_book_that_is_carried_on_counts_its_past() -> None:
    """The standing after a restart is that of a watcher who saw everything."""
    rows = list(played("crash", 150).rows())
    opened, records = rows[0], [row for row in rows if row.kind == "record"]

    def far() -> list[Row]:
        return [opened, *records[:-1]]

    console = Console(file=io.StringIO(), width=80, height=24)
    late = LiveView(console, title="run", so_far=far)
    late.on_open(read_body(opened.body))
    late.on_tick(records[-1])
    whole = LiveView(console, title="run")
    watched(whole, played("crash", 150))
    assert late._following.standing == whole._following.standing


def test_words_from_the_chain_cannot_steer_the_terminal() -> None:
    assert clean("A\x1b[2J\x07\u202eB") == "A\ufffd[2J\ufffd\ufffdB"
