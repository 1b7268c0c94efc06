"""One tick of a running book: read, undo what the chain took back, advance, tell the watcher.

The same runner serves live runs, the demo and replays; only the source and the journal differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.engine import Book, Opening, open_book, recover, run_tick, undo_after
from bot.core.errors import (
    BotError,
    ClockBackwardsError,
    NoNewBlockError,
    RefuseTick,
    ReorgDetectedError,
    RetryLater,
)
from bot.core.ports import Journal, SnapshotSource, Venue
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.snapshot import Snapshot
from bot.core.watcher import EndCause, RunEnd, Watcher

LOOKS_MAX = 3
"""How often a scripted block is asked for before the run gives up on its node."""


@dataclass(slots=True)
class Counters:
    """What happened since the start; facts of this run that are no part of the books."""

    ticks: int = 0
    skips: int = 0
    skips_in_a_row: int = 0
    undone: int = 0
    last_error: str = ""


@dataclass(slots=True, kw_only=True)
class Runner:
    """Drives one book from one source.

    opening: asked for only when the journal is empty. skips_max: ticks skipped in a row before
    the run gives up with the last error; None never does.
    """

    source: SnapshotSource
    rules: Rules
    venue: Venue
    journal: Journal
    watcher: Watcher
    opening: Callable[[Snapshot], Opening]
    skips_max: int | None = None
    book: Book | None = None
    counters: Counters = field(default_factory=Counters)

    def start(self) -> None:
        """Recover the book, if there is one, and carry the source to where it stopped."""
        first = next(iter(self.journal.rows()), None)
        if first is None:
            return
        self.book = recover(self.journal, self.rules, venue=self.venue)
        self.source.rewind(self.book.state.snapshot)
        self.watcher.on_open(read_body(first.body))

    def tick(self) -> bool:
        """Advance by one tick if there is a new block; False when nothing was booked."""
        return self._refusal() is None

    def see_block(self) -> None:
        """The same before the script goes on: a node that does not answer in time is asked again.

        Else two blocks would be one tick, and no replay of the script would give that book.
        """
        for looks_left in reversed(range(LOOKS_MAX)):
            refusal = self._refusal()
            if not isinstance(refusal, RetryLater) or isinstance(refusal, NoNewBlockError):
                return
            if not looks_left:
                raise refusal

    def tick_or_raise(self) -> None:
        """Advance by one tick, or say why not."""
        self._advance()

    def _refusal(self) -> BotError | None:
        """Advance by one tick, or why not; whatever ends the run is raised."""
        try:
            self._advance()
        except NoNewBlockError as error:
            return error
        except (RetryLater, RefuseTick) as error:
            self._skip(error)
            return error
        self.counters.skips_in_a_row = 0
        return None

    def _skip(self, error: BotError) -> None:
        """Count a tick that did not happen; whatever was read for it is read again."""
        self.counters.skips += 1
        self.counters.skips_in_a_row += 1
        self.counters.last_error = error.line
        self.source.rewind(None if self.book is None else self.book.state.snapshot)
        self.watcher.on_skip(error)
        if self.skips_max is not None and self.counters.skips_in_a_row > self.skips_max:
            raise error

    def end(self, cause: EndCause) -> None:
        """Tell the watcher how it ended."""
        done = self.counters
        self.watcher.on_end(
            RunEnd(cause=cause, ticks=done.ticks, skips=done.skips, undone=done.undone)
        )

    def _advance(self) -> None:
        try:
            snapshot = self.source.read()
        except ReorgDetectedError:
            self._undo()
            snapshot = self.source.read()
        if self.book is None:
            self.book = open_book(self.opening(snapshot), snapshot, journal=self.journal)
            self.watcher.on_open(read_body(next(iter(self.journal.rows())).body))
        last = self.book.state.snapshot
        if last is not None and snapshot.block.time_s < last.block.time_s:
            raise ClockBackwardsError(
                block_number=snapshot.block.number,
                time_s=snapshot.block.time_s,
                last_time_s=last.block.time_s,
            )
        self.book, row = run_tick(
            self.book, snapshot, self.rules, venue=self.venue, journal=self.journal
        )
        self.counters.ticks += 1
        self.watcher.on_tick(row)

    def _undo(self) -> None:
        """Take back the ticks whose blocks have left the chain."""
        if self.book is None:
            self.source.rewind(None)
            return
        ancestor = next(filter(self.source.is_canonical, self.book.blocks), None)
        if ancestor != next(self.book.blocks, None):  # else the chain has come back by itself
            ticks_before = len(self.book.steps)
            self.book, row = undo_after(self.book, ancestor, journal=self.journal)
            self.counters.undone += ticks_before - len(self.book.steps)
            self.watcher.on_undo(row)
        self.source.rewind(self.book.state.snapshot)
