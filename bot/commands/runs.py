"""demo, run, replay, inspect: what moves the world, and the summary at the end."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.shelf import new_book_path, remember
from bot.commands.terminal import Terminal
from bot.core.errors import BotError, UsageError
from bot.core.ports import Row
from bot.core.watcher import EndCause
from bot.report.live import JsonView, LiveView, PlainView, Rows, View

if TYPE_CHECKING:
    from bot.core.scenario import Scenario
    from bot.edges.store import SqliteStore

EXIT_INTERRUPTED = 130
RULES_FOLDER = Path(__file__).resolve().parents[2] / "rules"
PACE_S = 0.15
"""Of the demo by default: a crash of 288 steps takes three quarters of a minute."""


def demo(args: Namespace, terminal: Terminal) -> int:
    """Play a scenario on a local chain, hedge it, report."""
    from bot import wiring
    from bot.config.scenario_file import load_scenario

    scenario = load_scenario(args.scenario)
    book = new_book_path(args, kind=f"demo-{scenario.name}")
    report = Path(args.report) if args.report else book.with_suffix(".html")
    pace_s = 0.0 if args.fast else PACE_S if args.pace is None else args.pace
    view = _view(
        terminal,
        title=f"demo · {scenario.name} · {args.node}",
        ticks_total=scenario.steps_count + 1,
    )
    with _remembering(book), view:
        wiring.run_demo(
            args.scenario,
            node=args.node,
            rules=_rules(args, scenario),
            book=book,
            watcher=view,
            pace_s=pace_s,
        )
    _write_report(book, report)
    return _closing(terminal, view, book, report=report)


def run(args: Namespace, terminal: Terminal) -> int:
    """Tick on a real chain until the end that was asked for."""
    from bot import wiring
    from bot.config import load_run

    config = load_run(args.config)
    if args.book is not None:
        config = replace(config, book=Path(args.book))
    ticks_total = 1 if args.once else args.max_ticks
    view = _view(
        terminal,
        title=f"run · {config.rules.name}",
        ticks_total=ticks_total,
        so_far=lambda: _rows_of(config.book),
        is_plain=args.no_live,
    )
    with _remembering(config.book), view:
        wiring.run_live(
            config,
            watcher=view,
            ticks_max=args.max_ticks,
            once=args.once,
            fork_url=args.fork_url,
            announce=terminal.note,
        )
    return _closing(terminal, view, config.book, report=None)


def replay(args: Namespace, terminal: Terminal) -> int:
    """Play a scenario into a book of its own, or walk a recorded journal again."""
    from bot import wiring

    if args.journal is not None:
        return verified(Path(args.journal), terminal)
    from bot.config.scenario_file import load_scenario

    scenario = load_scenario(args.scenario)
    book = new_book_path(args, kind=f"replay-{scenario.name}")
    title = f"replay · {scenario.name} · {args.engine}"
    view = _view(terminal, title=title, ticks_total=scenario.steps_count + 1)
    with _remembering(book), view:
        wiring.run_replay(
            args.scenario, engine=args.engine, rules=_rules(args, scenario), book=book, watcher=view
        )
    return _closing(terminal, view, book, report=None)


def verified(path: Path, terminal: Terminal) -> int:
    """Decide every tick of a journal again; any difference is an error."""
    from bot import wiring

    ticks = wiring.verify_journal(path)
    if terminal.wants_json:
        terminal.emit({"book": str(path), "ticks": ticks, "identical": True})
    else:
        terminal.say(f"{path}: {ticks} ticks decided again, every byte the same")
    return 0


def inspect(args: Namespace, terminal: Terminal) -> int:
    """Look at the newest block, plan, and book nothing."""
    from bot import wiring
    from bot.config import load_run
    from bot.core.record import read_body
    from bot.report.reading import read_story

    config = load_run(args.config)
    if args.book is not None:
        config = replace(config, book=Path(args.book))
    rows = list(wiring.inspect_once(config, fork_url=args.fork_url))
    if terminal.wants_json:
        terminal.emit(read_body(rows[-1].body))
        return 0
    story = read_story(rows)
    if story is None or story.last is None:
        raise UsageError(problem="there was nothing to look at", command="inspect")
    from bot.commands.looks import show_tick

    show_tick(terminal, story, story.last)
    terminal.say("Looked at, not booked.")
    return 0


def _view(
    terminal: Terminal,
    *,
    title: str,
    ticks_total: int | None = None,
    so_far: Rows | None = None,
    is_plain: bool = False,
) -> View:
    """The view that fits the output: JSON lines, a live picture, or a line an event."""
    if terminal.wants_json:
        return JsonView(terminal.stdout)
    if terminal.is_live and not is_plain:
        return LiveView(terminal.console(), title=title, ticks_total=ticks_total, so_far=so_far)
    return PlainView(terminal.stdout, title=title, so_far=so_far)


def _rules(args: Namespace, scenario: Scenario) -> Path:
    """The file that was asked for, or the shipped one that the scenario names."""
    return RULES_FOLDER / f"{scenario.rules}.toml" if args.rules is None else Path(args.rules)


@contextmanager
def _remembering(book: Path) -> Iterator[None]:
    """Make the book the newest one if it is there in the end, however the run ended."""
    try:
        yield
    finally:
        if book.exists():
            remember(book)


def _write_report(book: Path, report: Path) -> None:
    """The report of a book that was opened; a run that ended before has none."""
    from bot.edges.store import SqliteStore
    from bot.report.page import write_report

    if book.exists():
        with SqliteStore(book, create=False, readonly=True) as store:
            if store.tip.journal_seq:
                write_report(store, report)


def _rows_of(book: Path) -> Iterator[Row]:
    """The rows of a book that stands already."""
    from bot.edges.store import SqliteStore

    with SqliteStore(book, create=False, readonly=True) as store:
        yield from store.rows()


def _closing(terminal: Terminal, view: View, book: Path, *, report: Path | None) -> int:
    """Show the summary of the whole book and how it ended."""
    from bot.edges.store import SqliteStore
    from bot.report.reading import read_story
    from bot.report.summary import summarise

    interrupted = view.end is not None and view.end.cause is EndCause.INTERRUPTED
    code = EXIT_INTERRUPTED if interrupted else 0
    if not book.exists():
        return code
    with SqliteStore(book, create=False, readonly=True) as store:
        story = read_story(store.rows())
        if story is None:
            return code
        ledger = _ledger_line(store)
    summary = summarise(story)
    found = report is not None and report.exists()
    if terminal.wants_json:
        places = {"book": str(book), "report": str(report) if found else None}
        terminal.emit({"event": "summary", **places, "ledger_check": ledger, **summary.to_json()})
        return code
    from bot.report.closing import closing

    notes = [f"ledger: {ledger}", f"book:   {book}"]
    notes += [f"report: {report}"] if found else ["report: `layerhedge report` writes it"]
    notes += ["interrupted: the books are closed and whole"] if interrupted else []
    terminal.draw(closing(summary, notes=notes))
    return code


def _ledger_line(store: SqliteStore) -> str:
    """The ledger derived anew: what it found, or what is wrong with it."""
    try:
        found = store.check()
    except BotError as error:
        return f"WRONG: {error.line}"
    return f"checked, {found.ledger.head.seq} entries, head {found.ledger.head.hash[:12]}"
