"""A calendar of macro events: CSV with the columns time (ISO 8601, UTC) and event.

The shipped one holds dates as the Federal Reserve (FOMC) and the Bureau of Labor Statistics (CPI,
NFP) made them known. docs/rules.md says how far it reaches.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.config.places import Place
from bot.core.macro import MacroEvent, ordered

SHIPPED_CALENDAR = Path(__file__).resolve().parents[1] / "data" / "macro_calendar.csv"
COLUMNS = ["time", "event"]
KIND = re.compile(r"[A-Z][A-Z0-9_]*")
EVENTS_MAX = 10_000


def read_calendar(path: Path, place: Place) -> tuple[MacroEvent, ...]:
    """The events of a file in order; () with a report when it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(line for line in file if not line.startswith("#"))
            return _events(rows)
    except OSError as error:
        place.report(f"{path}: {error.strerror}", "check the path and its permissions")
    except (ValueError, csv.Error) as error:
        place.report(
            f"{path}: {error}", "write the columns time,event, like 2026-01-28T19:00Z,FOMC"
        )
    return ()


def _events(rows: Iterator[list[str]]) -> tuple[MacroEvent, ...]:
    if next(rows, None) != COLUMNS:
        raise ValueError("the first row is not time,event")
    events = [_event(row, number) for number, row in enumerate(rows, start=1)]
    if not 0 < len(events) <= EVENTS_MAX:
        raise ValueError(f"{len(events)} events, not 1 to {EVENTS_MAX}")
    return ordered(events)


def _event(row: list[str], number: int) -> MacroEvent:
    """One event. Its time names its zone: half past eight in New York is two times in UTC."""
    try:
        time_text, kind = row
        moment = datetime.fromisoformat(time_text)
    except ValueError:
        raise ValueError(f"event {number}: {','.join(row)!r} is no time and event") from None
    if moment.tzinfo is None or moment.second or moment.microsecond:
        raise ValueError(f"event {number}: {time_text} is no whole minute with its zone")
    if not KIND.fullmatch(kind):
        raise ValueError(f"event {number}: {kind!r} is no name in capital letters")
    return MacroEvent(time_s=int(moment.astimezone(UTC).timestamp()), kind=kind)
