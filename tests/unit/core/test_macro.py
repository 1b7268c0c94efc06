"""Macro windows: what a calendar says of a moment, and where it must be silent."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.config.calendar_file import SHIPPED_CALENDAR, read_calendar
from bot.config.places import Place, Source
from bot.core.macro import MacroEvent, MacroFigures, covered_s, macro_figures, ordered
from tests.builders.shared_data import shared_data

HOUR_S = 3_600


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def calendar(**kinds: tuple[int, ...]) -> tuple[MacroEvent, ...]:
    """A calendar from hours by kind."""
    return ordered(
        MacroEvent(time_s=hour * HOUR_S, kind=kind)
        for kind, hours in kinds.items()
        for hour in hours
    )


def figures(events: tuple[MacroEvent, ...], hour: float) -> MacroFigures:
    """With a window from 10 hours before to 5 hours after."""
    return looked(events, hour, before=10, after=5)


def looked(events: tuple[MacroEvent, ...], hour: float, *, before: int, after: int) -> MacroFigures:
    return macro_figures(
        events,
        covered=covered_s(events),
        time_s=int(hour * HOUR_S),
        before_s=before * HOUR_S,
        after_s=after * HOUR_S,
    )


TWO_KINDS = calendar(FOMC=(100, 300, 500), CPI=(150, 400))


@pytest.mark.parametrize(
    ("hour", "to", "since", "inside"),
    [
        (100, 50, 0, True),  # CPI has not begun: unknown, but inside the FOMC's window
        (160, 140, 10, False),
        (290, 10, 140, True),
        (289.5, 10.5, 139.5, False),
        (305, 95, 5, True),
        (305.5, 94.5, 5.5, False),
    ],
)
def test_hours_and_windows_within_what_is_covered(
    hour: float, to: float, since: float, inside: bool
) -> None:
    assert covered_s(TWO_KINDS) == (150 * HOUR_S, 400 * HOUR_S)
    found = figures(TWO_KINDS, hour)
    if hour < 150:
        assert found == MacroFigures(hours_to=None, hours_since=None, in_window=inside)
    else:
        assert found == MacroFigures(hours_to=to, hours_since=since, in_window=inside)


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (90, MacroFigures(hours_to=None, hours_since=None, in_window=True)),
        (120, MacroFigures(hours_to=None, hours_since=None, in_window=None)),
        (152, MacroFigures(hours_to=148, hours_since=2, in_window=True)),
        (400, MacroFigures(hours_to=None, hours_since=0, in_window=True)),
        (406, MacroFigures(hours_to=None, hours_since=None, in_window=None)),
        (495, MacroFigures(hours_to=None, hours_since=None, in_window=True)),
        (600, MacroFigures(hours_to=None, hours_since=None, in_window=None)),
    ],
)
def test_a_calendar_that_has_not_begun_or_has_ended_never_reads_as_calm(
    hour: float, expected: MacroFigures
) -> None:
    """CPI's last is at 400, the FOMC's at 500: from 400 on the next CPI is not known."""
    assert figures(TWO_KINDS, hour) == expected


def test_calm_is_known_as_far_as_the_calendar_is_complete() -> None:
    """CPI's last is at 400 and the FOMC's next at 500: who looks 15 hours ahead may look to 385."""
    looks = [looked(TWO_KINDS, hour, before=15, after=0).in_window for hour in (384, 385, 401)]
    assert looks == [False, True, None]


def test_an_empty_calendar_knows_nothing() -> None:
    assert figures((), 5) == MacroFigures(hours_to=None, hours_since=None, in_window=None)


# -- the shipped calendar --------------------------------------------------------------------------


def shipped() -> tuple[MacroEvent, ...]:
    source = Source(name="test", folder=SHIPPED_CALENDAR.parent)
    place = Place(key="calendar", source=source, problems=[])
    events = read_calendar(SHIPPED_CALENDAR, place)
    assert place.problems == []
    return events


def test_the_shipped_calendar_has_eight_meetings_and_twelve_prints_a_year() -> None:
    """The year without 12 prints each is 2025: no October figures after the lapse of funds."""
    counts: dict[tuple[str, int], int] = {}
    for event in shipped():
        key = (event.kind, datetime.fromtimestamp(event.time_s, UTC).year)
        counts[key] = counts.get(key, 0) + 1
    years = range(2020, 2027)
    assert [counts["FOMC", year] for year in years] == [8] * 7
    for kind in ("CPI", "NFP"):
        assert [counts[kind, year] for year in years] == [12, 12, 12, 12, 12, 11, 12]


def test_the_shipped_times_are_two_and_half_past_eight_in_new_york() -> None:
    for event in shipped():
        moment = datetime.fromtimestamp(event.time_s, ZoneInfo("America/New_York"))
        wanted = (14, 0) if event.kind == "FOMC" else (8, 30)
        assert (moment.hour, moment.minute) == wanted, moment
        assert moment.weekday() < 5, moment


def test_the_shipped_calendar_agrees_with_another_compilation() -> None:
    """Another's list of 2020 up to 2026, which has the two emergency meetings and one slip."""
    known = {(event.time_s, event.kind) for event in shipped()}
    with shared_data("macro/events_fomc_cpi_nfp.csv").open(encoding="utf-8") as file:
        rows = [line.strip().split(",") for line in file][1:]
    theirs = {(at(row[3]), row[1]) for row in rows if row[0] >= "2020"}
    missing = {(datetime.fromtimestamp(s, UTC).date().isoformat(), k) for s, k in theirs - known}
    assert missing == {("2020-03-03", "FOMC"), ("2020-03-15", "FOMC"), ("2024-01-10", "NFP")}
