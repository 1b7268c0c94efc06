"""The books on disk and in memory: what is written is read, and nothing else."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core import accounts
from bot.core.errors import (
    BookCorruptError,
    BookMissingError,
    BookUnreadableError,
    BookVersionError,
    BookWriteError,
    EntryRepeatedError,
    LedgerUnbalancedError,
)
from bot.core.ledger import LedgerHead, Posting, seal_of
from bot.edges.memory_store import MemoryStore
from bot.edges.store import SqliteStore
from tests.builders.book import appends, capital, chain_of, deposit, draft, fill, whole_life

Store = SqliteStore | MemoryStore
TRIGGERS_ONLY = "the triggers themselves are dropped"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book.sqlite"


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, book: Path) -> Store:
    return SqliteStore(book, create=True) if request.param == "sqlite" else MemoryStore()


def test_rows_and_entries_come_back_as_they_went_in(store: Store) -> None:
    rows = fill(store)
    assert list(store.rows()) == rows
    assert [(row.kind, row.tick, row.body) for row in rows] == [item[:3] for item in appends()]
    assert list(store.entries()) == list(whole_life())
    assert store.tip.ledger == LedgerHead(seq=6, hash=whole_life()[-1].hash)
    assert store.balances()[accounts.CASH, "USDC"] == 10_128_700_000
    assert store.balances() == store.check().ledger.balances
    store.close()


def test_reading_may_start_behind_a_row_or_an_entry(store: Store) -> None:
    rows = fill(store)
    assert list(store.rows(after_seq=4)) == rows[4:]
    assert list(store.entries(after_seq=4)) == list(whole_life()[4:])
    store.close()


def test_both_stores_seal_alike_and_by_the_documented_recipe(book: Path) -> None:
    """Oracle: hashlib and json used directly, the recipe of docs/ledger.md."""
    with SqliteStore(book, create=True) as on_disk:
        assert fill(on_disk) == fill(MemoryStore())
        prev_hash = "0" * 64
        for row in on_disk.rows():
            body_hash = hashlib.sha256(row.body.encode()).hexdigest()
            text = json.dumps(
                [row.seq, row.kind, row.tick, body_hash, prev_hash], separators=(",", ":")
            )
            assert row.hash == hashlib.sha256(text.encode()).hexdigest()
            prev_hash = row.hash


def test_atoms_of_256_bits_are_kept_exactly(store: Store) -> None:
    atoms = 2**256 - 1
    entries = chain_of(
        draft("open", "a", (accounts.CASH, accounts.CAPITAL, "BIG", atoms)),
        draft("open", "b", (accounts.CASH, accounts.CAPITAL, "BIG", atoms)),
    )
    store.append(kind="open", tick=0, body="{}", entries=entries)
    assert store.balances()[accounts.CASH, "BIG"] == 2 * atoms
    assert store.check().ledger.balances[accounts.CAPITAL, "BIG"] == -2 * atoms
    store.close()


def test_a_refused_append_leaves_nothing_and_the_store_usable(store: Store) -> None:
    fill(store)
    before = (store.tip, store.balances(), list(store.rows()))
    last = whole_life()[-1]
    head = store.tip.ledger
    fresh, other = chain_of(deposit("mint-2"), deposit("mint-3"), head=head)
    lopsided = replace(fresh, postings=(Posting(account=accounts.CASH, currency="USDC", atoms=1),))
    refused = [
        ((other,), BookCorruptError),  # a gap
        ((last,), BookCorruptError),  # the last one again
        ((replace(lopsided, hash=seal_of(lopsided)),), LedgerUnbalancedError),
        (chain_of(deposit("mint"), head=head), EntryRepeatedError),  # its cause is booked
        (chain_of(deposit("twin"), deposit("twin"), head=head), EntryRepeatedError),
    ]
    for entries, error in refused:
        with pytest.raises(error):
            store.append(kind="record", tick=4, body="{}", entries=entries)
        assert (store.tip, store.balances(), list(store.rows())) == before
    store.append(kind="record", tick=4, body="{}", entries=(fresh,))
    assert store.check().tip.journal_seq == 7
    store.close()


def test_an_entry_changed_after_sealing_is_found_when_the_book_is_checked(store: Store) -> None:
    fill(store)
    (fresh,) = chain_of(deposit("mint-2"), head=store.tip.ledger)
    store.append(
        kind="record", tick=4, body="{}", entries=(replace(fresh, memo="changed after sealing"),)
    )
    with pytest.raises(BookCorruptError, match="its content gives"):
        store.check()
    store.close()


def test_a_reopened_book_goes_on_where_it_ended(book: Path) -> None:
    with SqliteStore(book, create=True) as first:
        rows = fill(first)
    with SqliteStore(book, create=False) as again:
        entry = chain_of(deposit("mint-2"), head=again.tip.ledger)
        row = again.append(kind="record", tick=4, body="{}", entries=entry)
        assert (row.seq, row.prev_hash) == (7, rows[-1].hash)
        assert again.balances()[accounts.pool_account("WETH-USDC"), "WETH"] == 60 * 10**18
        again.check()


def test_readers_follow_a_book_that_is_being_written(book: Path) -> None:
    with SqliteStore(book, create=True) as writer:
        writer.append(kind="open", tick=0, body="{}", entries=chain_of(capital()))
        with SqliteStore(book, create=False, readonly=True) as reader:
            assert reader.check().tip.journal_seq == 1
            half_read = reader.rows()
            next(half_read)
            writer.append(kind="plan", tick=1, body="{}")
            assert list(half_read) == []
            assert len(list(reader.rows())) == 2
            with pytest.raises(BookWriteError, match="reading only"):
                reader.append(kind="plan", tick=2, body="{}")
            with pytest.raises(BookWriteError, match="reading only"):
                reader.put_health({"ticks": 1})


def test_looking_at_a_book_changes_none_of_its_bytes(book: Path) -> None:
    with SqliteStore(book, create=True) as writer:
        fill(writer)
    before = book.read_bytes()
    with SqliteStore(book, create=False, readonly=True) as reader:
        reader.check()
        reader.health()
    assert book.read_bytes() == before


@pytest.mark.parametrize("readonly", [True, False])
def test_a_missing_book_is_said_to_be_missing_and_not_made(book: Path, readonly: bool) -> None:
    with pytest.raises(BookMissingError):
        SqliteStore(book, create=False, readonly=readonly)
    assert list(book.parent.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"garbage" * 1000, b"SQLite format 3\x00" + b"\x00" * 200]
)
def test_what_is_no_book_is_refused_and_left_alone(book: Path, content: bytes) -> None:
    book.write_bytes(content)
    for readonly in (True, False):
        with pytest.raises(BookUnreadableError):
            SqliteStore(book, create=False, readonly=readonly)
    assert book.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(book: Path) -> None:
    db = sqlite3.connect(book)
    db.execute("CREATE TABLE songs (title TEXT)")
    db.commit()
    db.close()
    content = book.read_bytes()
    for create in (True, False):
        with pytest.raises(BookUnreadableError, match="application id is 0x0"):
            SqliteStore(book, create=create)
    assert book.read_bytes() == content


def test_a_book_of_a_newer_schema_asks_for_an_update(book: Path) -> None:
    with SqliteStore(book, create=True) as writer:
        fill(writer)
    tamper(book, "PRAGMA user_version = 2")
    for readonly in (True, False):
        with pytest.raises(BookVersionError, match="schema version 2"):
            SqliteStore(book, create=False, readonly=readonly)


@pytest.mark.parametrize("size", [1, 99, 100, 4096, 8191, 8192, 20_000])
def test_a_truncated_book_is_found_out(book: Path, size: int) -> None:
    with SqliteStore(book, create=True) as writer:
        fill(writer)
    content = book.read_bytes()
    assert size < len(content)
    book.write_bytes(content[:size])
    with (
        pytest.raises(BookCorruptError),
        SqliteStore(book, create=False, readonly=True) as reader,
    ):
        reader.check()


@pytest.mark.parametrize("table", ["journal", "entries", "postings"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET rowid_ = 1", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_what_is_written(
    book: Path, table: str, verb: str
) -> None:
    with SqliteStore(book, create=True) as writer:
        fill(writer)
    column = "hash = hash" if table != "postings" else "atoms = atoms"
    statement = verb.format(table).replace("rowid_ = 1", column)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append only"):
        tamper(book, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = '{}' WHERE seq = 3",
        "UPDATE journal SET kind = 'plan' WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 6",
        "DELETE FROM journal WHERE seq = 1",
        "UPDATE entries SET memo = 'x' WHERE seq = 2",
        "UPDATE postings SET atoms = '1' WHERE entry_seq = 2 AND idx = 0",
        "UPDATE postings SET atoms = '030000000000000000000' WHERE entry_seq = 2 AND idx = 0",
        "DELETE FROM postings WHERE entry_seq = 6",
        "DELETE FROM entries WHERE seq = 6",
        "UPDATE balances SET atoms = '10128700001' WHERE account = 'Assets:Cash'",
        "DELETE FROM balances WHERE account = 'Assets:Cash'",
        "INSERT INTO balances VALUES ('Assets:Cash', 'GOLD', '5')",
        "UPDATE head SET entry_seq = 5",
        "DELETE FROM head",
        "INSERT INTO postings VALUES (9, 0, 'Assets:Cash', 'USDC', '5')",
        "INSERT INTO entries SELECT 7, tick, time_s, block_number, block_hash, kind, 'again', memo,"
        " prev_hash, hash FROM entries WHERE seq = 6",
        TRIGGERS_ONLY,
    ],
)
def test_every_change_behind_our_back_is_found_by_check(book: Path, statement: str) -> None:
    with SqliteStore(book, create=True) as writer:
        fill(writer)
    triggers = [
        f"DROP TRIGGER {table}_no_{verb}"
        for table in ("journal", "entries", "postings")
        for verb in ("update", "delete")
    ]
    if statement == TRIGGERS_ONLY:
        tamper(book, *triggers)
    else:
        db = sqlite3.connect(book)
        schema = [
            row[0] for row in db.execute("SELECT sql FROM sqlite_master WHERE type='trigger'")
        ]
        db.close()
        tamper(book, *triggers, statement, *schema)
    with SqliteStore(book, create=False, readonly=True) as reader, pytest.raises(BookCorruptError):
        reader.check()


def test_check_passes_when_the_triggers_are_put_back_unchanged(book: Path) -> None:
    """So that the test above fails for the changes it names and not for its own handling."""
    with SqliteStore(book, create=True) as writer:
        fill(writer)
    db = sqlite3.connect(book)
    schema = db.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger'").fetchall()
    db.close()
    tamper(book, *(f"DROP TRIGGER {name}" for name, _ in schema), *(sql for _, sql in schema))
    with SqliteStore(book, create=False, readonly=True) as reader:
        assert reader.check().tip.journal_seq == 6


def test_health_is_kept_beside_the_chain(store: Store) -> None:
    fill(store)
    tip = store.tip
    store.put_health({"ticks": 3, "last_error": None, "last_tick_wall_s": 1.5})
    store.put_health({"ticks": 4})
    assert store.health() == {"last_error": None, "last_tick_wall_s": 1.5, "ticks": 4}
    assert store.check().tip == tip
    store.close()


def test_appends_are_forced_to_the_disk(book: Path) -> None:
    """SQLite's own answer: journal_mode wal, synchronous 2 (FULL), also after a health update."""
    with SqliteStore(book, create=True) as writer:
        writer.put_health({"ticks": 1})
        db = writer._book.db
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)


def tamper(book: Path, *statements: str) -> None:
    """Change a book with another program."""
    db = sqlite3.connect(book, isolation_level=None)
    try:
        for statement in statements:
            db.execute(statement)
    finally:
        db.close()
