"""A file of feeds: CSV (also .csv.gz) or Parquet with the columns time, name, value.

time is when a value was known, ISO 8601 (UTC where it names no zone) or unix seconds; name and
unit are those of core/feeds.py; value is a whole number, as a text where 63 bits do not hold it.
The file is read again when it has changed, so that another program may keep it up to date.
"""

from __future__ import annotations

import re
from pathlib import Path

from bot.core.errors import FeedUnreadableError, MarketDataError
from bot.core.feeds import FeedTimeline, timeline_of
from bot.edges.price_files import read_table, unix_second

COLUMNS = ("time", "name", "value")
WHOLE = re.compile(r"[+-]?[0-9]{1,60}")


class FeedFile:
    """Feeds that follow a file. age_s_max: an older value is unknown."""

    def __init__(self, path: Path, *, age_s_max: int) -> None:
        self._path = path
        self._age_s_max = age_s_max
        self._mark = self._marked()
        self._timeline = read_feeds(path, age_s_max=age_s_max)

    def timeline(self) -> FeedTimeline:
        """The feeds as the file has them now."""
        try:
            mark = self._marked()
            if mark != self._mark:
                self._timeline = read_feeds(self._path, age_s_max=self._age_s_max)
                self._mark = mark
        except MarketDataError as error:
            raise FeedUnreadableError(problem=str(error)) from None
        return self._timeline

    def _marked(self) -> tuple[int, int]:
        """What tells one state of the file from another: its time of change and its size."""
        try:
            found = self._path.stat()
        except OSError as error:
            problem = error.strerror or type(error).__name__
            raise MarketDataError(source=str(self._path), problem=problem) from None
        return found.st_mtime_ns, found.st_size


def read_feeds(path: Path, *, age_s_max: int | None = None) -> FeedTimeline:
    """The feeds of a file."""
    file = str(path)
    table = read_table(file, texts=COLUMNS, numbers=())
    columns = (table[name].to_pylist() for name in COLUMNS)
    rows = [
        _row(file, number, *cells)
        for number, cells in enumerate(zip(*columns, strict=True), start=1)
    ]
    return timeline_of(rows, source=file, age_s_max=age_s_max)


def _row(file: str, number: int, time: object, name: object, value: object) -> tuple[int, str, int]:
    moment = time if isinstance(time, str | int | float) else str(time)
    try:
        second = unix_second(moment)
    except (TypeError, ValueError, OverflowError):
        problem = f"row {number}: time {time!r} is no UTC time"
        raise MarketDataError(source=file, problem=problem) from None
    if second != int(second):
        raise MarketDataError(source=file, problem=f"row {number}: {time!r} is no whole second")
    if isinstance(value, bool) or not WHOLE.fullmatch(str(value)):
        problem = f"row {number}: value {value!r} is no whole number"
        raise MarketDataError(source=file, problem=problem)
    return int(second), str(name), int(str(value))
