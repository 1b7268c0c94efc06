"""Which book a command means: --book, or the newest one under ./.layerhedge."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import BookMissingError, BookWriteError

if TYPE_CHECKING:
    from bot.edges.store import SqliteStore
    from bot.report.reading import Story

FOLDER = Path(".layerhedge")
LATEST = "latest"
SUFFIX = ".sqlite"


def book_path(args: Namespace) -> Path:
    """The book to read: --book, else the one that `latest` names."""
    if args.book is not None:
        return Path(args.book)
    try:
        name = (FOLDER / LATEST).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BookMissingError(file=str(FOLDER / LATEST)) from None
    return FOLDER / name


def new_book_path(args: Namespace, *, kind: str) -> Path:
    """Where a new book goes: --book, else the next free number of its kind."""
    if args.book is not None:
        return Path(args.book)
    number = 1
    while (FOLDER / f"{kind}-{number}{SUFFIX}").exists():
        number += 1
    return FOLDER / f"{kind}-{number}{SUFFIX}"


def remember(book: Path) -> None:
    """Make a book the newest one."""
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        # An absolute path replaces the folder when joined, so books elsewhere are found too.
        inside = book.parent.resolve() == FOLDER.resolve()
        text = book.name if inside else str(book.resolve())
        (FOLDER / LATEST).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise BookWriteError(file=str(FOLDER / LATEST), problem=str(error.strerror)) from error


@contextmanager
def opened(args: Namespace) -> Iterator[tuple[SqliteStore, Path]]:
    """The book open for reading, with its path."""
    from bot.edges.store import SqliteStore

    path = book_path(args)
    with SqliteStore(path, create=False, readonly=True) as store:
        yield store, path


def read_book(store: SqliteStore, path: Path) -> Story:
    """Everything in an open book; one without a first row is refused."""
    from bot.report.reading import read_story

    story = read_story(store.rows())
    if story is None:
        raise BookMissingError(file=str(path))
    return story
