"""Entries and journal rows as columns of the book's tables, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from bot.core.errors import BookCorruptError
from bot.core.ledger import Balances, Entry, Posting
from bot.core.ports import Row

INSERT_ROW = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)"
INSERT_ENTRY = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_POSTING = "INSERT INTO postings VALUES (?, ?, ?, ?, ?)"
UPSERT_BALANCE = """INSERT INTO balances VALUES (?, ?, ?)
ON CONFLICT (account, currency) DO UPDATE SET atoms = excluded.atoms"""
UPDATE_HEAD = "UPDATE head SET journal_seq = ?, journal_hash = ?, entry_seq = ?, entry_hash = ?"

SELECT_HEAD = "SELECT journal_seq, journal_hash, entry_seq, entry_hash FROM head"
SELECT_BALANCES = "SELECT account, currency, atoms FROM balances"
SELECT_ROWS = """SELECT seq, kind, tick, body, prev_hash, hash FROM journal
WHERE seq > ? ORDER BY seq"""
SELECT_ENTRIES = """SELECT e.seq, e.tick, e.time_s, e.block_number, e.block_hash, e.kind, e.cause,
    e.memo, e.prev_hash, e.hash, p.idx, p.account, p.currency, p.atoms
FROM entries AS e LEFT JOIN postings AS p ON p.entry_seq = e.seq
WHERE e.seq > ? ORDER BY e.seq, p.idx"""
ROW_HASH = "SELECT hash FROM journal WHERE seq = ?"
ENTRY_HASH = "SELECT hash FROM entries WHERE seq = ?"
UPSERT_HEALTH = """INSERT INTO health VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value"""
SELECT_HEALTH = "SELECT key, value FROM health ORDER BY key"

_ROW_TYPES = (int, str, int, str, str, str)
_ENTRY_TYPES = (int, int, int, int, str, str, str, str, str, str)
_POSTING_TYPES = (int, str, str, str)
_NO_POSTING = (None, None, None, None)
_SEQ = itemgetter(0)


def entry_columns(entry: Entry) -> tuple[int | str, ...]:
    """Return an entry without its postings, in the table's order."""
    return (
        entry.seq,
        entry.tick,
        entry.time_s,
        entry.block_number,
        entry.block_hash,
        entry.kind,
        entry.cause,
        entry.memo,
        entry.prev_hash,
        entry.hash,
    )


def posting_rows(entry: Entry) -> list[tuple[int, int, str, str, str]]:
    """Return an entry's postings, in the table's order; atoms as text, they exceed 64 bits."""
    return [
        (entry.seq, index, posting.account, posting.currency, str(posting.atoms))
        for index, posting in enumerate(entry.postings)
    ]


def row_of(columns: tuple[Any, ...], *, file: str) -> Row:
    """Read a journal row; columns of other types than were written are refused."""
    _refuse_types(columns, _ROW_TYPES, file=file, table="journal", seq=columns[0])
    seq, kind, tick, body, prev_hash, sealed = columns
    return Row(seq=seq, kind=kind, tick=tick, body=body, prev_hash=prev_hash, hash=sealed)


def entries_of(cursor: Iterable[tuple[Any, ...]], *, file: str) -> Iterator[Entry]:
    """Read entries from rows of entry and posting columns, sorted by entry and index."""
    for seq, group in groupby(cursor, key=_SEQ):
        lines = list(group)
        columns = lines[0][:10]
        _refuse_types(columns, _ENTRY_TYPES, file=file, table="entries", seq=seq)
        postings = [line[10:] for line in lines if line[10:] != _NO_POSTING]
        yield Entry(
            seq=seq,
            tick=columns[1],
            time_s=columns[2],
            block_number=columns[3],
            block_hash=columns[4],
            kind=columns[5],
            cause=columns[6],
            memo=columns[7],
            prev_hash=columns[8],
            hash=columns[9],
            postings=tuple(_posting(posting, file=file, seq=seq) for posting in postings),
        )


def balances_of(cursor: Iterable[tuple[Any, ...]], *, file: str) -> Balances:
    """Read stored balances."""
    return {
        (account, currency): _atoms(atoms, file=file, table="balances", seq=0)
        for account, currency, atoms in cursor
    }


def _posting(columns: tuple[Any, ...], *, file: str, seq: int) -> Posting:
    _refuse_types(columns, _POSTING_TYPES, file=file, table="postings", seq=seq)
    _, account, currency, atoms = columns
    return Posting(
        account=account,
        currency=currency,
        atoms=_atoms(atoms, file=file, table="postings", seq=seq),
    )


def _atoms(text: object, *, file: str, table: str, seq: int) -> int:
    try:
        if isinstance(text, str) and str(atoms := int(text)) == text:
            return atoms
    except ValueError:
        pass
    raise BookCorruptError(file=file, table=table, seq=seq, problem=f"{text!r} is no atoms")


def _refuse_types(
    columns: tuple[Any, ...], types: tuple[type, ...], *, file: str, table: str, seq: object
) -> None:
    if tuple(map(type, columns)) != types:
        problem = f"its columns are {', '.join(type(value).__name__ for value in columns)}"
        raise BookCorruptError(file=file, table=table, seq=seq, problem=problem)
