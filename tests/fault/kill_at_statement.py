"""Write the small book in child processes that kill themselves before their n-th SQL statement.

For n = 1, 2, ... until a child comes through; prints, a line a child: n, rows acknowledged, how
it ended (signal, or 0). Argument: the folder for the books.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from pathlib import Path

from bot.edges.store import SqliteStore
from tests.builders.book import appends

STATEMENTS_MAX = 500


def die_at(fatal: int) -> None:
    """Make every connection of this process count statements and kill it before the n-th."""
    count = 0
    connect = sqlite3.connect

    def trace(_: str) -> None:
        nonlocal count
        count += 1
        if count == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(*arguments: object, **options: object) -> sqlite3.Connection:
        db = connect(*arguments, **options)  # type: ignore[call-overload]
        db.set_trace_callback(trace)
        return db  # type: ignore[no-any-return]

    sqlite3.connect = traced  # type: ignore[assignment]


def child(book: Path, *, fatal: int, acknowledge: int) -> None:
    """Write the book; a byte into the pipe for every row that was said to be durable."""
    die_at(fatal)
    with SqliteStore(book, create=True) as store:
        for kind, tick, body, entries in appends():
            store.append(kind=kind, tick=tick, body=body, entries=entries)
            os.write(acknowledge, b".")


def main(folder: Path) -> None:
    """Try every n."""
    for n in range(1, STATEMENTS_MAX):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child(folder / f"killed-{n}.sqlite", fatal=n, acknowledge=writing)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading, "rb") as pipe:
            acknowledged = len(pipe.read())
        sys.stdout.write(f"{n} {acknowledged} {status}\n")
        if status == 0:
            return
    raise SystemExit("no child came through")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
