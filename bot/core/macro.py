"""Macro windows: how far the next and the last scheduled event are, by a calendar of facts.

A calendar that ends does not read as calm: beyond what it covers everything is unknown.
docs/maths.md section 6.5.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroEvent:
    """A scheduled event: unix time of its release, and its kind, such as FOMC."""

    time_s: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroFigures:
    """Hours to the next event and since the last; in_window: within the hours around one.

    Each is None where the calendar cannot tell.
    """

    hours_to: float | None
    hours_since: float | None
    in_window: bool | None


def ordered(events: Iterable[MacroEvent]) -> tuple[MacroEvent, ...]:
    """Events by time and kind, each once."""
    return tuple(sorted(set(events), key=lambda event: (event.time_s, event.kind)))


def covered_s(calendar: tuple[MacroEvent, ...]) -> tuple[int, int]:
    """(from, to) in unix time between which every kind of the calendar is known, both included.

    A kind is known from its first event to its last. An empty calendar covers nothing.
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for event in calendar:
        first.setdefault(event.kind, event.time_s)
        last[event.kind] = event.time_s
    return max(first.values(), default=1), min(last.values(), default=0)


def macro_figures(
    calendar: tuple[MacroEvent, ...],
    *,
    covered: tuple[int, int],
    time_s: int,
    before_s: int,
    after_s: int,
) -> MacroFigures:
    """What an ordered calendar says of a moment.

    covered: `covered_s` of it, worked out once.
    before_s, after_s: the window around an event, both ends included. An event now is 0 hours
    since and no longer to come. Within the window of a listed event the answer is yes even beyond
    what is covered; there, a no is unknown.
    """
    start_s, end_s = covered
    place = bisect_right(calendar, time_s, key=lambda event: event.time_s)
    since_s = time_s - calendar[place - 1].time_s if place else None
    to_s = calendar[place].time_s - time_s if place < len(calendar) else None
    knows_past = start_s <= time_s <= end_s
    knows_future = start_s <= time_s < end_s
    inside = (since_s is not None and since_s <= after_s) or (to_s is not None and to_s <= before_s)
    # A window reaches `before_s` ahead: a no needs the calendar to be complete as far as that.
    knows_window = start_s <= time_s - after_s and time_s + before_s <= end_s
    return MacroFigures(
        hours_to=round(to_s / 3_600, 6) if knows_future and to_s is not None else None,
        hours_since=round(since_s / 3_600, 6) if knows_past and since_s is not None else None,
        in_window=True if inside else False if knows_window else None,
    )
