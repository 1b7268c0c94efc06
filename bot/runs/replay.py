"""Replays: a script played without waiting, and a journal walked again, byte against byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.core.engine import Book, ancestor_of, open_book, opening_of, run_tick, undo_after
from bot.core.errors import JournalMismatchError
from bot.core.ledger import Entry
from bot.core.ports import Journal, Row, Venue
from bot.core.record import decode_snapshot, decode_spec, read_body
from bot.core.rules import Rules
from bot.core.watcher import EndCause
from bot.core.world import World
from bot.runs.runner import Runner


def replay_world(world: World, runner: Runner) -> EndCause:
    """Play the whole script, one tick after each step."""
    runner.see_block()
    for step in range(1, world.steps_count + 1):
        world.step(step)
        runner.see_block()
    return EndCause.FINISHED


def replay_journal(rows: Iterable[Row], rules: Rules, *, venue: Venue, journal: Journal) -> int:
    """Decide every recorded tick again from its snapshot alone; the number of ticks.

    journal: an empty one that takes the second record. Raises JournalMismatchError at the first
    row that differs in one byte. A record that ends with a plan is carried on by its tick.
    """
    checked = _CheckedJournal(rows, journal)
    book: Book | None = None
    while (row := checked.due) is not None:
        book = _walked(book, row, rules, venue, checked)
    return checked.ticks


class _CheckedJournal:
    """A journal in which only that can be written which was recorded, row by row."""

    def __init__(self, recorded: Iterable[Row], journal: Journal) -> None:
        self._recorded = iter(recorded)
        self._journal = journal
        self.due = next(self._recorded, None)
        self.ticks = 0

    def append(self, *, kind: str, tick: int, body: str, entries: Sequence[Entry] = ()) -> Row:
        """See Journal."""
        row = self._journal.append(kind=kind, tick=tick, body=body, entries=entries)
        if self.due is not None:
            _require_same(self.due, row)
            self.ticks += row.kind == "record"
            self.due = next(self._recorded, None)
        return row

    def rows(self) -> Iterator[Row]:
        """See Journal."""
        return self._journal.rows()


def _walked(book: Book | None, row: Row, rules: Rules, venue: Venue, journal: Journal) -> Book:
    body = read_body(row.body)
    if book is None:
        specs = tuple(decode_spec(spec) for spec in body["specs"])
        snapshot = decode_snapshot(body["snapshot"], specs, None)
        return open_book(opening_of(body), snapshot, journal=journal)
    if row.kind == "undo":
        return undo_after(book, ancestor_of(book, body), journal=journal)[0]
    snapshot = decode_snapshot(body["snapshot"], book.state.specs, book.state.snapshot)
    return run_tick(book, snapshot, rules, venue=venue, journal=journal)[0]


def _require_same(old: Row, new: Row) -> None:
    if old.kind != new.kind:
        raise JournalMismatchError(tick=old.tick, where=f"row kind {old.kind} against {new.kind}")
    if (old.tick, old.body) != (new.tick, new.body):
        raise JournalMismatchError(
            tick=old.tick, where=_difference(read_body(old.body), read_body(new.body))
        )


def _difference(old: Any, new: Any) -> str:
    """Where two values differ first, as a path: decisions.2.reason; the whole is `spelling`."""
    if isinstance(old, dict) and isinstance(new, dict):
        parts = [(key, old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys())]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        parts = list(zip(map(str, range(len(old))), old, new, strict=True))
    else:
        return ""
    for key, before, after in parts:
        if before != after:
            return f"{key}.{_difference(before, after)}".rstrip(".")
    return "spelling"
