"""The books on disk: journal and ledger in one SQLite file, one durable transaction an append."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from bot.core.canonical import Json, canonical_json
from bot.core.errors import (
    BookCorruptError,
    BookUnreadableError,
    BookWriteError,
    EntryRepeatedError,
)
from bot.core.ledger import GENESIS_HASH, Balances, Entry, LedgerHead, check_chain, check_entry
from bot.core.ports import Row
from bot.edges import book_file, book_rows
from bot.edges.book_lock import BookLock
from bot.edges.book_tip import BookSummary, Step, Tip, check_row, check_tip, next_step


class SqliteStore:
    """A book: append-only journal and ledger, hash-chained, with one writer and any readers.

    `append` returns when the row and its entries are on the disk, or raises and leaves nothing.
    Whatever is read is checked against the chain as it is read; `check` derives everything anew.
    """

    def __init__(self, path: str | Path, *, create: bool, readonly: bool = False) -> None:
        """Open a book for writing (taking its lock) or for reading; `create` makes a missing one.

        path: the SQLite file. With `readonly`, `create` means nothing.
        """
        self.path = Path(os.path.realpath(path))
        self.file = str(path)
        self._mutex = threading.RLock()
        self._lock: BookLock | None = None
        self._balances: Balances = {}
        # None: unknown, to be read from the file.
        self._tip: Tip | None = None
        if readonly:
            self._book = book_file.open_for_reading(self.path)
        else:
            self._book = self._open_locked(create=create)
        self._readonly = readonly

    def _open_locked(self, *, create: bool) -> book_file.BookFile:
        if create:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BookWriteError(file=self.file, problem=str(error.strerror)) from error
        else:
            book_file.refuse_missing(self.path)
        self._lock = BookLock(self.path)
        try:
            return book_file.open_for_writing(self.path, create=create)
        except BaseException:
            self._lock.release()
            raise

    def append(self, *, kind: str, tick: int, body: str, entries: Sequence[Entry] = ()) -> Row:
        """Write one row and its ledger entries in one transaction; durable when it returns."""
        if self._readonly:
            raise BookWriteError(file=self.file, problem="it is open for reading only")
        with self._mutex:
            if self._tip is None:
                self._tip, self._balances = self._read_end()
            step = next_step(
                self._tip,
                self._balances,
                kind=kind,
                tick=tick,
                body=body,
                entries=entries,
                file=self.file,
            )
            # Whatever stops us from here on, the next append looks at the file to see how far.
            self._tip = None
            try:
                self._book.db.execute("BEGIN IMMEDIATE")
                self._insert(step, entries)
                self._book.db.execute("COMMIT")
            except BaseException as error:
                self._undo(error)
                raise
            # After this line it must succeed: the row is on the disk.
            self._balances.update(step.balances)
            self._tip = step.tip
            return step.row

    def _insert(self, step: Step, entries: Sequence[Entry]) -> None:
        db, row, tip = self._book.db, step.row, step.tip
        db.execute(
            book_rows.INSERT_ROW, (row.seq, row.kind, row.tick, row.body, row.prev_hash, row.hash)
        )
        for entry in entries:
            try:
                db.execute(book_rows.INSERT_ENTRY, book_rows.entry_columns(entry))
            except sqlite3.IntegrityError as error:
                raise EntryRepeatedError(
                    file=self.file, kind=entry.kind, cause=entry.cause
                ) from error
            db.executemany(book_rows.INSERT_POSTING, book_rows.posting_rows(entry))
        if entries:
            db.executemany(
                book_rows.UPSERT_BALANCE,
                [(account, currency, str(n)) for (account, currency), n in step.balances.items()],
            )
        db.execute(
            book_rows.UPDATE_HEAD,
            (tip.journal_seq, tip.journal_hash, tip.ledger.seq, tip.ledger.hash),
        )

    def _undo(self, error: BaseException) -> None:
        """Roll back; an error of SQLite is raised in our words."""
        # SQLite has rolled back by itself after some errors, a full disk among them.
        if self._book.db.in_transaction:
            self._book.db.execute("ROLLBACK")
        if isinstance(error, book_file.DAMAGE):
            raise book_file.write_error(self.path, error) from error

    def rows(self, *, after_seq: int = 0) -> Iterator[Row]:
        """All rows in order, each checked against the chain as it is read.

        after_seq: start behind this row, whose own hash is then taken on trust.
        """
        with self._reading():
            seq, prev_hash = after_seq, self._hash_at(book_rows.ROW_HASH, after_seq, "journal")
            for columns in self._book.db.execute(book_rows.SELECT_ROWS, (after_seq,)):
                row = book_rows.row_of(columns, file=self.file)
                check_row(row, seq=seq + 1, prev_hash=prev_hash, file=self.file)
                seq, prev_hash = row.seq, row.hash
                yield row

    def entries(self, *, after_seq: int = 0) -> Iterator[Entry]:
        """All entries in order, each checked for balance and place as it is read.

        after_seq: start behind this entry, whose own hash is then taken on trust.
        """
        with self._reading():
            prev_hash = self._hash_at(book_rows.ENTRY_HASH, after_seq, "entries")
            head = LedgerHead(seq=after_seq, hash=prev_hash)
            cursor = self._book.db.execute(book_rows.SELECT_ENTRIES, (after_seq,))
            for entry in book_rows.entries_of(cursor, file=self.file):
                check_entry(entry, head=head, file=self.file)
                head = LedgerHead(seq=entry.seq, hash=entry.hash)
                yield entry

    @property
    def tip(self) -> Tip:
        """The ends of both chains as the file has them now."""
        with self._mutex, self._reading():
            return self._tip or self._read_tip()

    def balances(self) -> Balances:
        """Return the running balances as stored: (account, currency) -> atoms."""
        with self._mutex, self._reading():
            return self._read_balances()

    def check(self) -> BookSummary:
        """Derive the whole book anew, from the first row and the first entry on.

        Checked: the file itself, its schema, both chains to their stored ends, every entry, and
        that the running balances are what the entries add up to. Raises at the first fault.
        """
        with self._mutex, self._reading():
            db = self._book.db
            db.execute("BEGIN")  # one view of the book, also while it is being written
            try:
                self._check_file()
                stored = self._read_tip()
                seq, sealed = 0, GENESIS_HASH
                for row in self.rows():
                    seq, sealed = row.seq, row.hash
                ledger = check_chain(self.entries(), file=self.file, stored=self._read_balances())
                found = Tip(journal_seq=seq, journal_hash=sealed, ledger=ledger.head)
                check_tip(found, stored=stored, file=self.file)
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
        return BookSummary(tip=found, ledger=ledger)

    def put_health(self, values: Mapping[str, Json]) -> None:
        """Set runtime counters: no part of the chain, wall time allowed, not forced to the disk."""
        if self._readonly:
            raise BookWriteError(file=self.file, problem="it is open for reading only")
        with self._mutex:
            db = self._book.db
            rows = [(key, canonical_json(value)) for key, value in values.items()]
            try:
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute("BEGIN IMMEDIATE")
                db.executemany(book_rows.UPSERT_HEALTH, rows)
                db.execute("COMMIT")
            except BaseException as error:
                self._undo(error)
                raise
            finally:
                db.execute("PRAGMA synchronous = FULL")

    def health(self) -> dict[str, Json]:
        """Return the runtime counters."""
        with self._mutex, self._reading():
            try:
                rows = self._book.db.execute(book_rows.SELECT_HEALTH).fetchall()
                return {key: json.loads(value) for key, value in rows}
            except ValueError as error:
                raise BookUnreadableError(file=self.file, problem=f"health: {error}") from error

    def close(self) -> None:
        """Close the file and let the next writer in; a second call does nothing."""
        with self._mutex:
            self._book.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> SqliteStore:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close, whatever happened."""
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except book_file.DAMAGE as error:
            raise BookUnreadableError(file=self.file, problem=str(error)) from error

    def _read_end(self) -> tuple[Tip, Balances]:
        """Return where the file ends, from its head; the last row and entry must agree with it."""
        with self._reading():
            tip = self._read_tip()
            ends = (
                ("journal", book_rows.ROW_HASH, tip.journal_seq, tip.journal_hash),
                ("entries", book_rows.ENTRY_HASH, tip.ledger.seq, tip.ledger.hash),
            )
            for table, query, seq, sealed in ends:
                if (found := self._hash_at(query, seq, table)) != sealed:
                    problem = f"it has hash {found}, the head says {sealed}"
                    raise BookCorruptError(file=self.file, table=table, seq=seq, problem=problem)
            return tip, self._read_balances()

    def _read_tip(self) -> Tip:
        row = self._book.db.execute(book_rows.SELECT_HEAD).fetchone()
        if row is None or tuple(map(type, row)) != (int, str, int, str):
            raise BookCorruptError(file=self.file, table="head", seq=1, problem=f"it is {row}")
        return Tip(
            journal_seq=row[0],
            journal_hash=row[1],
            ledger=LedgerHead(seq=row[2], hash=row[3]),
        )

    def _read_balances(self) -> Balances:
        return book_rows.balances_of(
            self._book.db.execute(book_rows.SELECT_BALANCES), file=self.file
        )

    def _hash_at(self, query: str, seq: int, table: str) -> str:
        if seq == 0:
            return GENESIS_HASH
        row = self._book.db.execute(query, (seq,)).fetchone()
        if row is None:
            raise BookCorruptError(file=self.file, table=table, seq=seq, problem="it is missing")
        return str(row[0])

    def _check_file(self) -> None:
        db = self._book.db
        problems = [str(row[0]) for row in db.execute("PRAGMA integrity_check(1)")]
        problems = [problem for problem in problems if problem != "ok"]
        problems += [
            f"a row of {row[0]} is orphaned" for row in db.execute("PRAGMA foreign_key_check")
        ]
        if book_file.schema_of(db) != book_file.expected_schema():
            problems.append("its schema was changed")
        if problems:
            raise BookUnreadableError(file=self.file, problem=problems[0])
