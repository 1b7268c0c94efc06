"""ledger, journal, report, health: the books themselves."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from bot.commands.shelf import book_path, opened, read_book
from bot.commands.terminal import Terminal
from bot.core.errors import BookWriteError, UsageError
from bot.report.figures import duration, moment

EXIT_UNHEALTHY = 1


def ledger_check(args: Namespace, terminal: Terminal) -> int:
    """Derive both chains and every balance anew; any fault is an error."""
    with opened(args) as (store, path):
        found = store.check()
    ledger = found.ledger
    if terminal.wants_json:
        terminal.emit(
            {
                "book": str(path),
                "ok": True,
                "rows": found.tip.journal_seq,
                "entries": ledger.head.seq,
                "head": ledger.head.hash,
                "kinds": dict(ledger.kinds),
                "trial_balance": {symbol: str(atoms) for symbol, atoms in ledger.trial.items()},
            }
        )
        return 0
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(ledger.kinds.items()))
    terminal.say(f"{path}: whole. {found.tip.journal_seq:,} rows, {ledger.head.seq:,} entries")
    terminal.say(f"entries: {kinds}")
    if ledger.head.seq:
        first, last = moment(ledger.first_time_s), moment(ledger.last_time_s)
        terminal.say(f"from {first} to {last}; every currency sums to zero")
    terminal.say(f"head {ledger.head.hash}")
    return 0


def ledger_show(args: Namespace, terminal: Terminal) -> int:
    """Balances, and the last entries with their postings."""
    from bot.report.ledger_view import amount_text, balance_lines, entry_lines

    with opened(args) as (store, path):
        decimals = read_book(store, path).head.decimals
        balances = balance_lines(store.balances(), decimals=decimals)
        after_seq = max(0, store.tip.ledger.seq - args.n)
        entries = entry_lines(store.entries(after_seq=after_seq), decimals=decimals)
    if terminal.wants_json:
        terminal.emit(
            {
                "book": str(path),
                "balances": [line.to_json() for line in balances],
                "entries": [line.to_json() for line in entries],
            }
        )
        return 0
    terminal.table(
        ("account", "amount", "currency"),
        [(line.account, amount_text(line.amount), line.currency) for line in balances],
        title="Balances",
        right=("amount",),
    )
    rows = [
        (str(entry.seq), entry.time, entry.kind, p.account, amount_text(p.amount), p.currency)
        for entry in entries
        for p in entry.postings
    ]
    columns = ("entry", "time", "kind", "account", "amount", "currency")
    terminal.table(columns, rows, title=f"Last {len(entries)} entries", right=("amount",))
    return 0


def ledger_export(args: Namespace, terminal: Terminal) -> int:
    """Write every entry in a format that other programs read."""
    if args.format == "parquet" and not args.output:
        raise UsageError(problem="parquet is no text: give -o FILE", command="ledger export")
    with opened(args) as (store, path):
        decimals = read_book(store, path).head.decimals
        if args.format == "parquet":
            from bot.report.ledger_parquet import export_parquet

            _creatable(Path(args.output))
            export_parquet(store.entries(), Path(args.output), decimals=decimals)
        else:
            from bot.report import ledger_export as formats

            export = formats.export_beancount if args.format == "beancount" else formats.export_csv
            _write_lines(export(store.entries(), decimals=decimals), args.output, terminal)
    if args.output:
        if terminal.wants_json:
            terminal.emit({"book": str(path), "format": args.format, "output": args.output})
        else:
            terminal.say(f"{args.output}: the ledger of {path} as {args.format}")
    return 0


def journal_verify(args: Namespace, terminal: Terminal) -> int:
    """Decide every recorded tick again and compare byte by byte."""
    from bot.commands.runs import verified

    return verified(book_path(args), terminal)


def report(args: Namespace, terminal: Terminal) -> int:
    """Write the report of a book."""
    from bot.report.page import write_report

    with opened(args) as (store, path):
        output = Path(args.output) if args.output else path.with_suffix(".html")
        write_report(store, output)
    if terminal.wants_json:
        terminal.emit({"book": str(path), "report": str(output)})
    else:
        terminal.say(f"{output}: open it in a browser; it needs no network")
    return 0


def health(args: Namespace, terminal: Terminal) -> int:
    """0 while the run's heartbeat is young, 1 when it is old or there is none."""
    with opened(args) as (store, path):
        values = store.health()
    beat = values.get("beat_s")
    # Wall time: a heartbeat says whether a process lives, which block time cannot.
    age_s = int(time.time()) - beat if isinstance(beat, int) else None
    is_alive = age_s is not None and age_s <= args.max_age
    if terminal.wants_json:
        terminal.emit({"book": str(path), "alive": is_alive, "age_s": age_s, **values})
    elif age_s is None:
        terminal.say(f"{path}: no heartbeat; no run has kept this book")
    else:
        state = "alive" if is_alive else f"silent, limit {duration(args.max_age)}"
        terminal.say(f"{path}: {state}, last heartbeat {duration(age_s)} ago")
        if values.get("last_error"):
            terminal.say(f"last error: {values['last_error']}")
    return 0 if is_alive else EXIT_UNHEALTHY


def _write_lines(lines: Iterator[str], output: str | None, terminal: Terminal) -> None:
    if output is None:
        for line in lines:
            terminal.stdout.write(_ended(line))
        return
    try:
        with Path(output).open("w", encoding="utf-8", newline="") as file:
            for line in lines:
                file.write(_ended(line))
    except OSError as error:
        raise BookWriteError(file=output, problem=str(error.strerror)) from error


def _creatable(path: Path) -> None:
    """Refuse a place where nothing can be written, in our words."""
    try:
        path.open("wb").close()
    except OSError as error:
        raise BookWriteError(file=str(path), problem=str(error.strerror)) from error


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"
