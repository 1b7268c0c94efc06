"""One tick that is not booked: what would happen now, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.core.engine import open_book, run_tick
from bot.core.errors import BotError, NoNewBlockError
from bot.core.ledger import Entry
from bot.core.ports import Row
from bot.runs.runner import Runner
from bot.runs.watcher import RunEnd


class UnbookedJournal:
    """A journal that can be read and forgets what is written."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self._rows = rows

    def append(self, *, kind: str, tick: int, body: str, entries: Sequence[Entry] = ()) -> Row:
        """See Journal; nothing is kept, so the row has no place and no seal."""
        return Row(seq=0, kind=kind, tick=tick, body=body, prev_hash="", hash="")

    def rows(self) -> Iterator[Row]:
        """See Journal."""
        return iter(self._rows)


class Nobody:
    """A watcher that looks away."""

    def on_open(self, body: Any, /) -> None:
        """See Watcher."""

    def on_tick(self, row: Row, /) -> None:
        """See Watcher."""

    def on_undo(self, row: Row, /) -> None:
        """See Watcher."""

    def on_skip(self, error: BotError, /) -> None:
        """See Watcher."""

    def on_end(self, end: RunEnd, /) -> None:
        """See Watcher."""


def inspect_tick(runner: Runner) -> str:
    """The record's body of the tick that would be next; without a new block, of the last one.

    runner: on an UnbookedJournal.
    """
    runner.start()
    last = None if runner.book is None else runner.book.state.snapshot
    try:
        snapshot = runner.source.read()
    except NoNewBlockError:
        if last is None:
            raise
        snapshot = replace(last, events=())
    book = runner.book or open_book(runner.opening(snapshot), snapshot, journal=runner.journal)
    return run_tick(book, snapshot, runner.rules, venue=runner.venue, journal=runner.journal)[1].body
