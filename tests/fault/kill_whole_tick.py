"""Play the storm in child processes that kill themselves before their n-th SQL statement.

For n = first, first + stride, ... until a child comes through. After each kill the bot is started
anew on the same book and the same world and plays on to the end. Prints, a line a child: n, how
it ended (signal, or 0), how many steps it had played, rows in its book when it died, and the
digest of the book in the end. Arguments: folder for the books, first n, stride.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from bot.core.canonical import digest
from bot.core.model_stage import model_world
from bot.core.rules import Rules
from bot.core.scenario import Scenario
from bot.edges.store import SqliteStore
from tests.builders.runs import runner_for, storm, storm_rules
from tests.fault.kill_at_statement import die_at

STATEMENTS_MAX = 5_000


def play(
    scenario: Scenario, rules: Rules, book: Path, *, played: int, tell: int | None = None
) -> tuple[int, str]:
    """Start on a book in a world that has played so many steps, and go on to the script's end.

    Returns how many rows the book had at the start, and the digest of what it says in the end.
    """
    world = model_world(scenario)
    for step in range(1, played + 1):
        world.step(step)
    with SqliteStore(book, create=True) as store:
        rows_found = store.tip.journal_seq
        runner = runner_for(scenario, rules, world=world, journal=store)
        runner.start()
        runner.tick()
        for step in range(played + 1, world.steps_count + 1):
            world.step(step)
            if tell is not None:
                os.write(tell, b".")
            runner.tick()
        return rows_found, content_digest(store)


def content_digest(store: SqliteStore) -> str:
    """Digest of every byte that a book says: rows and entries, both chained, and balances."""
    rows = [
        [row.seq, row.kind, row.tick, row.body, row.prev_hash, row.hash] for row in store.rows()
    ]
    entries = [entry.to_json() for entry in store.entries()]
    balances = [[*key, str(atoms)] for key, atoms in sorted(store.balances().items())]
    return digest(rows, entries, balances)


def main(folder: Path, first: int, stride: int) -> None:
    """Try every n of this share."""
    scenario, rules = storm(), storm_rules()
    gc.freeze()  # the children need not copy what is ours
    for n in range(first, STATEMENTS_MAX, stride):
        book = folder / f"killed-{n}.sqlite"
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                die_at(n)
                play(scenario, rules, book, played=0, tell=writing)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading, "rb") as pipe:
            played = len(pipe.read())
        left, found = play(scenario, rules, book, played=played)
        sys.stdout.write(f"{n} {status} {played} {left} {found}\n")
        for path in folder.glob(f"killed-{n}.sqlite*"):
            path.unlink()
        if status == 0:
            return
    raise SystemExit("no child came through")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
