"""One writer a book, seen from a second process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import BookLockedError
from bot.edges.store import SqliteStore

WRITER = """
import sys
from bot.edges.store import SqliteStore
store = SqliteStore(sys.argv[1], create=True)
print("open", flush=True)
sys.stdin.read()
"""


def other_writer(book: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(book)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_second_writer_is_refused_with_the_first_ones_process_id(tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite"
    with other_writer(book) as first:
        with pytest.raises(BookLockedError, match=f"process {first.pid}") as refusal:
            SqliteStore(book, create=True)
        assert refusal.value.operands["pid"] == str(first.pid)
        with SqliteStore(book, create=False, readonly=True) as reader:
            reader.check()


def test_a_writer_of_the_same_process_is_refused_too(tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite"
    with SqliteStore(book, create=True), pytest.raises(BookLockedError, match=str(os.getpid())):
        SqliteStore(book, create=True)
    with SqliteStore(book, create=False) as after:
        after.append(kind="plan", tick=1, body="{}")


def test_the_lock_goes_with_a_killed_writer(tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite"
    with other_writer(book) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with SqliteStore(book, create=False) as second:
            second.append(kind="plan", tick=1, body="{}")


def test_a_link_to_a_book_is_the_same_book(tmp_path: Path) -> None:
    book, link = tmp_path / "book.sqlite", tmp_path / "link.sqlite"
    with SqliteStore(book, create=True):
        link.symlink_to(book)
        with pytest.raises(BookLockedError):
            SqliteStore(link, create=False)
