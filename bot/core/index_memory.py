"""What a pool's memory keeps of its volatility index: what was seen of it, and the vol token.

The index is known only where a tick looked: what a tick saw stands until the next one. Kept only
where a rule uses contracts on the index. docs/maths.md section 4.8.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from bot.core.errors import ObservationsMissingError
from bot.core.vol_token import TokenSeen

_TIME_S = attrgetter("time_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSeen:
    """The index on a tick, quote atoms a contract: one quote token a vol point."""

    time_s: int
    index_atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexMemory:
    """seen: in ascending time, from before the settlement window up to now. token: see TokenSeen;
    None before the first tick."""

    seen: tuple[IndexSeen, ...] = ()
    token: TokenSeen | None = None


NO_INDEX = IndexMemory()


def remember(seen: Sequence[IndexSeen], new: IndexSeen, *, window_s: int) -> tuple[IndexSeen, ...]:
    """Append what a tick saw and drop what a window of `window_s`, ending at the tick before the
    new one or later, cannot need: one at or before the window's start stays."""
    kept = (*seen[: bisect_left(seen, new.time_s, key=_TIME_S)], new)
    last_s = kept[-2].time_s if len(kept) > 1 else new.time_s
    before = bisect_right(kept, last_s - window_s, key=_TIME_S)
    return kept[max(0, before - 1) :]


def average_atoms(seen: Sequence[IndexSeen], *, window_start_s: int, window_end_s: int) -> int:
    """The index averaged over a window by time, each sight standing until the next; rounded down.

    seen: from the window's start (or before) to its end (or after); else ObservationsMissingError,
    and whoever asks waits. A window within one gap is the sight before it.
    >>> sights = (IndexSeen(time_s=0, index_atoms=60), IndexSeen(time_s=10, index_atoms=90))
    >>> average_atoms(sights, window_start_s=7, window_end_s=10)
    60
    """
    if not seen or seen[0].time_s > window_start_s or seen[-1].time_s < window_end_s:
        raise ObservationsMissingError(
            first_s=seen[0].time_s if seen else None,
            last_s=seen[-1].time_s if seen else None,
            start_s=window_start_s,
            end_s=window_end_s,
        )
    ends = (*(one.time_s for one in seen[1:]), window_end_s)
    total = sum(
        one.index_atoms * max(0, min(end, window_end_s) - max(one.time_s, window_start_s))
        for one, end in zip(seen, ends, strict=True)
    )
    return total // (window_end_s - window_start_s)
