"""Replays: a script played without waiting, and a journal walked again, byte against byte."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from bot.core.engine import Book, open_book, opening_of, run_tick, undo_after
from bot.core.errors import JournalMismatchError
from bot.core.ports import Journal, Row, Venue
from bot.core.record import decode_snapshot, decode_spec, read_body
from bot.core.rules import Rules
from bot.core.world import World
from bot.runs.runner import Runner
from bot.runs.watcher import EndCause


def replay_world(world: World, runner: Runner) -> EndCause:
    """Play the whole script, one tick after each step."""
    runner.tick()
    for step in range(1, world.steps_count + 1):
        world.step(step)
        runner.tick()
    return EndCause.FINISHED


def replay_journal(rows: Iterable[Row], rules: Rules, *, venue: Venue, journal: Journal) -> int:
    """Decide every recorded tick again from its snapshot alone; the number of ticks.

    journal: an empty one that takes the second record. Raises JournalMismatchError at the first
    row that differs in one byte.
    """
    recorded = iter(rows)
    book: Book | None = None
    ticks = 0
    for row in recorded:
        if row.kind == "plan":
            continue  # written again together with its record
        book = _walked(book, row, rules, venue, journal)
        ticks += row.kind == "record"
    return ticks


def compare_rows(recorded: Iterable[Row], replayed: Iterable[Row]) -> None:
    """Raise JournalMismatchError at the first difference, naming the part that differs."""
    for old, new in zip_longest(recorded, replayed):
        if old is None or new is None:
            tick = (old or new).tick
            raise JournalMismatchError(tick=tick, where="the number of rows")
        if (old.kind, old.body) != (new.kind, new.body):
            raise JournalMismatchError(tick=old.tick, where=_difference(old, new))


def _walked(book: Book | None, row: Row, rules: Rules, venue: Venue, journal: Journal) -> Book:
    body = read_body(row.body)
    if book is None:
        specs = tuple(decode_spec(spec) for spec in body["specs"])
        snapshot = decode_snapshot(body["snapshot"], specs, None)
        return open_book(opening_of(body), snapshot, journal=journal)
    if row.kind == "undo":
        wanted = body["ancestor"]["hash"]
        ancestor = next(block for block in book.blocks if block.hash == wanted)
        return undo_after(book, ancestor, journal=journal)[0]
    last = book.state.snapshot
    snapshot = decode_snapshot(
        body["snapshot"], book.state.specs, None if last is None else last.pools
    )
    return run_tick(book, snapshot, rules, venue=venue, journal=journal)[0]


def _difference(old: Row, new: Row) -> str:
    """The first key on which two rows of the same tick differ."""
    if old.kind != new.kind:
        return f"row kind {old.kind} against {new.kind}"
    before, after = read_body(old.body), read_body(new.body)
    keys = sorted(before.keys() | after.keys())
    return next((key for key in keys if before.get(key) != after.get(key)), "spelling")
