"""A half-open range of UTC time, written `20200301-20200401`; either end may be left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.errors import UsageError

FOREVER_S = 2**62
WRITTEN = re.compile(r"(\d{8}|\d{10}|\d{13})?-(\d{8}|\d{10}|\d{13})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timerange:
    """from_s <= time < until_s, unix seconds."""

    from_s: int = -FOREVER_S
    until_s: int = FOREVER_S


def parse_timerange(text: str, *, command: str) -> Timerange:
    """`A-B`, each a UTC day YYYYMMDD, unix seconds (10 digits) or milliseconds (13 digits).

    >>> parse_timerange("20210501-20210601", command="calc vol")
    Timerange(from_s=1619827200, until_s=1622505600)
    """
    found = WRITTEN.fullmatch(text)
    if found is None or text == "-":
        problem = f"timerange {text!r} is not written as 20200301-20200401"
        raise UsageError(problem=problem, command=command)
    start, end = found.groups()
    try:
        wanted = Timerange(
            from_s=-FOREVER_S if start is None else _second(start),
            until_s=FOREVER_S if end is None else _second(end),
        )
    except ValueError:
        problem = f"timerange {text!r} names a day that is in no calendar"
        raise UsageError(problem=problem, command=command) from None
    if wanted.from_s >= wanted.until_s:
        raise UsageError(problem=f"timerange {text!r} is empty", command=command)
    return wanted


def _second(digits: str) -> int:
    if len(digits) == 8:
        return int(datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).timestamp())
    return int(digits) if len(digits) == 10 else int(digits) // 1000
