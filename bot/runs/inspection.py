"""One tick that is not booked: what would happen now, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.core.engine import open_book, run_tick
from bot.core.errors import BotError, NoNewBlockError
from bot.core.ledger import Entry
from bot.core.ports import Row
from bot.core.watcher import RunEnd
from bot.runs.runner import Runner


class UnbookedJournal:
    """A book's rows with what is written after them, which ends with the process."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self._rows = [*rows]

    def append(self, *, kind: str, tick: int, body: str, entries: Sequence[Entry] = ()) -> Row:
        """See Journal; nothing reaches the book, so the row has no place and no seal."""
        row = Row(seq=0, kind=kind, tick=tick, body=body, prev_hash="", hash="")
        self._rows.append(row)
        return row

    def rows(self) -> Iterator[Row]:
        """See Journal."""
        return iter([*self._rows])


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


def inspect_tick(runner: Runner) -> list[Row]:
    """The book's rows and, last, the record that would be next; without a new block, the last.

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
    run_tick(book, snapshot, runner.rules, venue=runner.venue, journal=runner.journal)
    return list(runner.journal.rows())
