"""Timeranges as people write them."""

from __future__ import annotations

import pytest

from bot.core.errors import UsageError
from bot.core.timerange import FOREVER_S, parse_timerange


@pytest.mark.parametrize(
    ("text", "from_s", "until_s"),
    [
        ("20210501-20210601", 1_619_827_200, 1_622_505_600),
        ("1619827200-1622505600", 1_619_827_200, 1_622_505_600),
        ("1619827200000-20210601", 1_619_827_200, 1_622_505_600),
        ("20210501-", 1_619_827_200, FOREVER_S),
        ("-20210601", -FOREVER_S, 1_622_505_600),
    ],
)
def test_days_seconds_and_milliseconds_are_read_and_either_end_may_be_left_out(
    text: str, from_s: int, until_s: int
) -> None:
    found = parse_timerange(text, command="calc vol")
    assert (found.from_s, found.until_s) == (from_s, until_s)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("20210601-20210501", "is empty"),
        ("20210501-20210501", "is empty"),
        ("20210230-20210501", "names a day that is in no calendar"),
        ("2021-05-01", "is not written as"),
        ("-", "is not written as"),
        ("", "is not written as"),
        ("may", "is not written as"),
        ("20210501-20210601-20210701", "is not written as"),
    ],
)
def test_what_is_no_range_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_timerange(text, command="calc vol")
