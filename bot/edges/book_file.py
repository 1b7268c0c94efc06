"""The file of a book: its schema, how it is made and opened, and SQLite's errors in our words."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import (
    BookLockedError,
    BookMissingError,
    BookUnreadableError,
    BookVersionError,
    BookWriteError,
    StopBot,
)
from bot.core.ledger import GENESIS_HASH

APPLICATION_ID = 0x4C480001
"""In the file's header: "LH" and a one, so that `file` and we can tell a book from any database."""

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another connection's lock before it gives up."""

DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""What reading may raise; the second when the damage itself is part of SQLite's message."""

APPEND_ONLY = ("journal", "entries", "postings")

SCHEMA = (
    """CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    tick INTEGER NOT NULL,
    body TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT""",
    """CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    tick INTEGER NOT NULL,
    time_s INTEGER NOT NULL,
    block_number INTEGER NOT NULL,
    block_hash TEXT NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    memo TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (kind, cause)
) STRICT""",
    """CREATE TABLE postings (
    entry_seq INTEGER NOT NULL REFERENCES entries (seq),
    idx INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    atoms TEXT NOT NULL,
    PRIMARY KEY (entry_seq, idx)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE balances (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    atoms TEXT NOT NULL,
    PRIMARY KEY (account, currency)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    journal_seq INTEGER NOT NULL,
    journal_hash TEXT NOT NULL,
    entry_seq INTEGER NOT NULL,
    entry_hash TEXT NOT NULL
) STRICT""",
    "CREATE TABLE health (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    *(
        f"""CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"""
        for table in APPEND_ONLY
        for verb in ("update", "delete")
    ),
)
"""Atoms are TEXT: 256-bit amounts do not fit SQLite's 64-bit integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFile:
    """An open book. `copy`: the private copy that is read instead, removed when closed."""

    db: sqlite3.Connection
    copy: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Close the connection and drop the private copy."""
        self.db.close()
        if self.copy is not None:
            self.copy.cleanup()


def open_for_writing(path: Path, *, create: bool) -> BookFile:
    """Open a book, or make it where there is none. The caller holds its lock."""
    if not create:
        refuse_missing(path)
    try:
        db = _connect(path, mode="rwc" if create else "rw")
    except DAMAGE as error:
        raise write_error(path, error) from error
    try:
        if not (create and _is_blank(path, db)):
            _refuse_foreign(path, db)
        # After this line the file is ours: a book, or empty and to be made one.
        db.execute("PRAGMA journal_mode = WAL")
        # Foreign keys are checked with the whole book, not row by row: appends are ours alone.
        for pragma in ("synchronous = FULL", "recursive_triggers = ON"):
            db.execute(f"PRAGMA {pragma}")
        if _is_blank(path, db):
            _make(db)
    except DAMAGE as error:
        db.close()
        raise write_error(path, error) from error
    except StopBot:
        db.close()
        raise
    return BookFile(db=db)


def open_for_reading(path: Path) -> BookFile:
    """Open a book without ever changing it, also while it is written and in a read-only folder."""
    refuse_missing(path)
    try:
        book = BookFile(db=_connect(path, mode="ro"))
        try:
            book.db.execute("SELECT 1 FROM sqlite_master").fetchone()
        except DAMAGE as error:
            book.close()
            if _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            book = _open_still(path)
    except (*DAMAGE, OSError) as error:
        raise BookUnreadableError(file=str(path), problem=str(error)) from error
    try:
        _refuse_foreign(path, book.db)
    except BaseException:
        book.close()
        raise
    return book


def _open_still(path: Path) -> BookFile:
    """Open a book that nobody writes, in a folder where SQLite may not put its shared index.

    What a killed writer left in the write-ahead log counts too, and SQLite reads a log only where
    it may write: so the two files are copied.
    """
    wal = Path(f"{path}-wal")
    if not wal.exists() or not wal.stat().st_size:
        return BookFile(db=_connect(path, mode="ro", immutable=True))
    copy = tempfile.TemporaryDirectory(prefix="layerhedge-book-")
    place = Path(copy.name) / "book"
    shutil.copyfile(path, place)
    shutil.copyfile(wal, f"{place}-wal")
    return BookFile(db=_connect(place, mode="rw"), copy=copy)


def _connect(path: Path, *, mode: str, immutable: bool = False) -> sqlite3.Connection:
    """Connect in autocommit: transactions are begun and ended by name.

    The scheduler ticks on a thread of its own, hence no tie to the thread that connects; the
    store lets one thread in at a time.
    """
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _make(db: sqlite3.Connection) -> None:
    """Write the schema in one transaction: a book is there as a whole or not at all."""
    db.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA:
        db.execute(statement)
    db.execute("INSERT INTO head VALUES (1, 0, ?, 0, ?)", (GENESIS_HASH, GENESIS_HASH))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def schema_of(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Return what a database is made of, for comparison."""
    return db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    ).fetchall()


def expected_schema() -> list[tuple[str, ...]]:
    """Return what a book of this version is made of."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _make(db)
        return schema_of(db)
    finally:
        db.close()


def write_error(path: Path, error: Exception) -> StopBot:
    """Say a failed write in our words."""
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BookLockedError(file=str(path), pid="unknown")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, -1):
        return BookUnreadableError(file=str(path), problem=str(error))
    return BookWriteError(file=str(path), problem=str(error))


def _code(error: Exception) -> int:
    """Return SQLite's primary result code; -1 when the error is Python's own."""
    extended: int = getattr(error, "sqlite_errorcode", -1)
    return extended & 0xFF if extended >= 0 else -1


def refuse_missing(path: Path) -> None:
    """Refuse a path where there is no file."""
    if not path.exists():
        raise BookMissingError(file=str(path))
    if not path.is_file():
        raise BookUnreadableError(file=str(path), problem="it is not a file")


def _is_blank(path: Path, db: sqlite3.Connection) -> bool:
    """Return whether there is nothing in the file yet: new, or its making was cut short."""
    (objects,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not objects and not _pragma(db, "application_id") and not _pragma(db, "user_version")


def _refuse_foreign(path: Path, db: sqlite3.Connection) -> None:
    try:
        application_id = _pragma(db, "application_id")
        version = _pragma(db, "user_version")
    except DAMAGE as error:
        raise BookUnreadableError(file=str(path), problem=str(error)) from error
    if application_id != APPLICATION_ID:
        problem = f"its application id is {application_id:#x}, a book's is {APPLICATION_ID:#x}"
        raise BookUnreadableError(file=str(path), problem=problem)
    if version > SCHEMA_VERSION:
        raise BookVersionError(file=str(path), version=version, version_known=SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        problem = f"it has schema version {version}, there never was one"
        raise BookUnreadableError(file=str(path), problem=problem)


def _pragma(db: sqlite3.Connection, name: str) -> int:
    (value,) = db.execute(f"PRAGMA {name}").fetchone()
    return int(value)
