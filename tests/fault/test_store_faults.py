"""The books under fire: kills, flipped bytes, torn logs, full disks, folders without permission."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.core.errors import (
    BookUnreadableError,
    BookWriteError,
    StopBot,
)
from bot.edges.store import SqliteStore
from tests.builders.book import appends, fill

KILLER = Path(__file__).with_name("kill_at_statement.py")
ROOT = Path(__file__).parents[2]
NOBODY = 65534

Content = tuple[list[object], list[object], dict[tuple[str, str], int]]


def content_of(book: Path) -> Content:
    """Check a book as a reader and return all it says."""
    with SqliteStore(book, create=False, readonly=True) as reader:
        reader.check()
        return list(reader.rows()), list(reader.entries()), reader.balances()


def finished(book: Path) -> Content:
    """Write the small book in one go and return what it says."""
    with SqliteStore(book, create=True) as writer:
        fill(writer)
    return content_of(book)


def prefixes(folder: Path) -> list[Content]:
    """What the small book says after none, one, two, ... of its rows."""
    contents = []
    rows = list(appends())
    for count in range(len(rows) + 1):
        book = folder / f"prefix-{count}.sqlite"
        with SqliteStore(book, create=True) as writer:
            for kind, tick, body, entries in rows[:count]:
                writer.append(kind=kind, tick=tick, body=body, entries=entries)
        contents.append(content_of(book))
    return contents


def resume(book: Path) -> None:
    """Write the rows that the book does not have yet."""
    with SqliteStore(book, create=True) as writer:
        for kind, tick, body, entries in list(appends())[writer.tip.journal_seq :]:
            writer.append(kind=kind, tick=tick, body=body, entries=entries)


def test_a_kill_at_any_statement_leaves_whole_rows_and_a_restart_ends_in_the_same_book(
    tmp_path: Path,
) -> None:
    """The child kills itself before its n-th SQL statement, for every n from opening to closing."""
    whole = prefixes(tmp_path)
    run = subprocess.run(
        [sys.executable, KILLER, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr
    # One line a child: n, rows acknowledged before it died, how it ended.
    lines = [tuple(map(int, line.split())) for line in run.stdout.splitlines()]
    assert [status for *_, status in lines] == [signal.SIGKILL] * (len(lines) - 1) + [0]
    assert len(lines) > 60
    seen = set()
    for n, acknowledged, _ in lines:
        book = tmp_path / f"killed-{n}.sqlite"
        # The lock is free again and what is there is whole.
        with SqliteStore(book, create=True) as writer:
            count = writer.tip.journal_seq
            writer.check()
        assert acknowledged <= count <= acknowledged + 1
        assert content_of(book) == whole[count]
        seen.add(count)
        resume(book)
        assert content_of(book) == whole[-1]
    assert seen == set(range(len(whole)))


def test_a_flipped_byte_is_found_or_changes_nothing(tmp_path: Path) -> None:
    """Every byte of the file's header and of each page's header, and drawn ones everywhere."""
    book, broken = tmp_path / "book.sqlite", tmp_path / "broken.sqlite"
    original = finished(book)
    content = book.read_bytes()
    drawn = random.Random(20261121)
    page_size = 4096
    offsets = {*range(112), *drawn.sample(range(len(content)), 400)}
    for page in range(0, len(content), page_size):
        offsets.update(range(page, page + 24))
    found = 0
    for offset in sorted(offsets):
        damaged = bytearray(content)
        damaged[offset] ^= drawn.randrange(1, 256)
        broken.write_bytes(damaged)
        try:
            assert content_of(broken) == original, f"byte {offset} changed the book unseen"
        except StopBot:
            found += 1
    assert found > 200


def test_a_flipped_byte_never_gives_a_writer_a_traceback(tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite"
    finished(book)
    content = book.read_bytes()
    drawn = random.Random(7)
    complaints = []
    for offset in (*range(100), *drawn.sample(range(len(content)), 100)):
        damaged = bytearray(content)
        damaged[offset] ^= drawn.randrange(1, 256)
        broken = tmp_path / f"broken-{offset}.sqlite"
        broken.write_bytes(damaged)
        try:
            with SqliteStore(broken, create=False) as writer:
                writer.append(kind="plan", tick=9, body="{}")
        except StopBot as error:
            complaints.append((str(broken), error.line))
    assert complaints
    assert all(file in line for file, line in complaints)


def test_a_torn_or_damaged_log_gives_the_book_as_it_was_some_rows_ago(tmp_path: Path) -> None:
    """What a power cut leaves of the write-ahead log: any length of it, or a wrong byte in it."""
    whole = prefixes(tmp_path)
    book = tmp_path / "book.sqlite"
    with SqliteStore(book, create=True) as writer:
        fill(writer)
        shutil.copyfile(book, tmp_path / "main")
        log = Path(f"{book}-wal").read_bytes()
    drawn = random.Random(3)
    frame = 4096 + 24
    borders = [32 + frame * n for n in range((len(log) - 32) // frame + 1)]
    torn = tmp_path / "torn.sqlite"
    seen = set()
    logs = [log[:size] for size in (0, 1, 31, *borders, *drawn.sample(range(len(log)), 60))]
    for offset in drawn.sample(range(len(log)), 60):
        damaged = bytearray(log)
        damaged[offset] ^= drawn.randrange(1, 256)
        logs.append(bytes(damaged))
    for rest in logs:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{torn}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(tmp_path / "main", torn)
        Path(f"{torn}-wal").write_bytes(rest)
        try:
            content = content_of(torn)
        except BookUnreadableError:
            continue  # torn before the schema was there: not a book yet
        assert content in whole
        seen.add(whole.index(content))
    assert seen == set(range(len(whole)))


def test_a_full_disk_refuses_the_row_and_keeps_the_rest(tmp_path: Path) -> None:
    """SQLite's own limit of pages stands for the disk; it answers SQLITE_FULL like a full one."""
    book = tmp_path / "book.sqlite"
    with SqliteStore(book, create=True) as writer:
        fill(writer)
        before = (writer.tip, writer.balances())
        db = writer._book.db
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(BookWriteError, match="full"):
            writer.append(kind="plan", tick=4, body="x" * 50_000)
        assert (writer.tip, writer.balances()) == before
        writer.check()
        db.execute("PRAGMA max_page_count = 100000")
        assert (
            writer.append(kind="plan", tick=4, body="x" * 50_000).seq == before[0].journal_seq + 1
        )
        writer.check()


def test_a_file_size_limit_refuses_the_row_and_keeps_the_rest(tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite"
    original = finished(book)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with SqliteStore(book, create=False) as writer:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            with pytest.raises(BookWriteError):
                writer.append(kind="plan", tick=4, body="x" * 50_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert content_of(book) == original
        writer.append(kind="plan", tick=4, body="x" * 50_000)
        writer.check()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root ignores permissions: give its rights up for a while. Others keep their own."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder that anybody may enter and nobody may write, once it is locked with chmod."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        folder.chmod(0o755)


def test_a_book_in_a_read_only_folder_is_read_and_refuses_to_be_written(
    locked_folder: Path,
) -> None:
    book = locked_folder / "book.sqlite"
    original = finished(book)
    for left_over in locked_folder.glob("book.sqlite-*"):
        left_over.unlink()
    locked_folder.chmod(0o555)
    with as_nobody():
        assert content_of(book) == original
        for create in (True, False):
            with pytest.raises(BookWriteError):
                SqliteStore(book, create=create)
        with pytest.raises(BookWriteError):
            SqliteStore(locked_folder / "new.sqlite", create=True)
        with pytest.raises(BookWriteError):
            SqliteStore(locked_folder / "deeper" / "new.sqlite", create=True)


@pytest.mark.parametrize("with_index", [True, False])
def test_rows_left_in_the_log_by_a_killed_writer_are_read_in_a_read_only_folder_too(
    locked_folder: Path, tmp_path: Path, with_index: bool
) -> None:
    live, book = tmp_path / "live.sqlite", locked_folder / "book.sqlite"
    with SqliteStore(live, create=True) as writer:
        fill(writer)
        for suffix in ("", "-wal", "-shm") if with_index else ("", "-wal"):
            shutil.copyfile(f"{live}{suffix}", f"{book}{suffix}")
    original = content_of(live)
    locked_folder.chmod(0o555)
    names = sorted(path.name for path in locked_folder.iterdir())
    with as_nobody():
        assert content_of(book) == original
    assert sorted(path.name for path in locked_folder.iterdir()) == names


def test_a_book_without_read_or_write_permission_says_so(locked_folder: Path) -> None:
    book = locked_folder / "book.sqlite"
    finished(book)
    locked_folder.chmod(0o777)
    Path(f"{book}.lock").chmod(0o666)
    book.chmod(0o444)
    with as_nobody(), pytest.raises(BookWriteError), SqliteStore(book, create=False) as writer:
        writer.append(kind="plan", tick=4, body="{}")
    book.chmod(0o000)
    with as_nobody(), pytest.raises(BookUnreadableError):
        SqliteStore(book, create=False, readonly=True)
