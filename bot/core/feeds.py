"""Facts of the world that are not in the pools: gas, reference prices, lending rates.

A feed is a name with its unit and a whole number. Feeds come with the snapshot and stand in the
record, so a replay needs no file. docs/rules.md lists the names; docs/adr/0020-feeds.md says why.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bot.core.errors import MarketDataError
from bot.core.ports import SnapshotSource
from bot.core.snapshot import Block, Snapshot
from bot.core.units import MILLION

Feeds: TypeAlias = Mapping[str, int]
"""Value by name, as of one block."""

GAS_WEI = "gas_wei"
E18 = 10**18
VALUE_MAX = 10**48

FEED_KINDS: Mapping[str, str] = {
    GAS_WEI: "base fee of the block, wei per unit of gas",
    "reference_e18:POOL": "price elsewhere of that pool's pair, whole quote per whole base, e-18",
    "lend_ppm:SYMBOL": "what lending that token brings a year, millionths; may be below 0",
    "borrow_ppm:SYMBOL": "what borrowing that token costs a year, millionths; may be below 0",
}
"""Every name of a feed, with what stands for a pool or a token in capitals."""
_PREFIXES = {name.partition(":")[0]: ":" in name for name in FEED_KINDS}
_RATES = ("lend_ppm", "borrow_ppm")


def feed_problem(name: str, value: int) -> str | None:
    """What is wrong with a feed of this name and value; None when nothing is.

    >>> feed_problem("gas_wei", -1)
    'gas_wei is -1, not within 0 to 10**48'
    """
    prefix, colon, subject = name.partition(":")
    if prefix not in _PREFIXES or _PREFIXES[prefix] != bool(colon and subject):
        return f"{name} is no feed; the feeds are {', '.join(FEED_KINDS)}"
    if prefix in _RATES:
        if not -MILLION < value <= 1_000 * MILLION:
            return f"{name} is {value} millionths a year, not within -999,999 to 1,000,000,000"
    elif not 0 <= value <= VALUE_MAX:
        return f"{name} is {value}, not within 0 to 10**48"
    return None


def reference_atoms(feeds: Feeds, *, pool: str, quote_decimals: int) -> int | None:
    """The reference price in quote atoms per whole base token, rounded down; None if not fed.

    >>> feeds = {"reference_e18:WETH-USDC": 2_000 * 10**18}
    >>> reference_atoms(feeds, pool="WETH-USDC", quote_decimals=6)
    2000000000
    """
    value = feeds.get(f"reference_e18:{pool}")
    if value is None:
        return None
    unit: int = 10**quote_decimals
    return value * unit // E18


def lend_rate(feeds: Feeds, symbol: str) -> float | None:
    """What lending a token brings a year, a fraction; None if not fed."""
    return _rate(feeds, f"lend_ppm:{symbol}")


def borrow_rate(feeds: Feeds, symbol: str) -> float | None:
    """What borrowing a token costs a year, a fraction; None if not fed."""
    return _rate(feeds, f"borrow_ppm:{symbol}")


def rate_differential(feeds: Feeds, *, base: str, quote: str) -> float | None:
    """What lending the base token brings above lending the quote token, a year, a fraction."""
    rate_base, rate_quote = lend_rate(feeds, base), lend_rate(feeds, quote)
    if rate_base is None or rate_quote is None:
        return None
    return rate_base - rate_quote


def _rate(feeds: Feeds, name: str) -> float | None:
    value = feeds.get(name)
    return None if value is None else value / MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTimeline:
    """Feeds over time. times_s, values: by name, ascending in time, each from its time on.

    age_s_max: a value older than this is unknown; None for one that holds until the next.
    """

    times_s: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    age_s_max: int | None = None

    def __bool__(self) -> bool:
        return bool(self.times_s)

    def at(self, time_s: int) -> dict[str, int]:
        """The last value of each feed at or before a moment, unless it is too old."""
        found: dict[str, int] = {}
        for name, times_s in self.times_s.items():
            place = bisect_right(times_s, time_s) - 1
            if place < 0:
                continue
            if self.age_s_max is None or time_s - times_s[place] <= self.age_s_max:
                found[name] = self.values[name][place]
        return found


def timeline_of(
    rows: Iterable[tuple[int, str, int]], *, source: str, age_s_max: int | None = None
) -> FeedTimeline:
    """A timeline from (unix time, name, value), in any order; one value a name and moment.

    source: who told them, for the refusal.
    """
    by_name: dict[str, dict[int, int]] = {}
    for time_s, name, value in rows:
        if problem := feed_problem(name, value):
            raise MarketDataError(source=source, problem=problem)
        told = by_name.setdefault(name, {})
        if told.setdefault(time_s, value) != value:
            raise MarketDataError(
                source=source,
                problem=f"{name} is {told[time_s]} and {value} at the same time {time_s}",
            )
    ordered = {name: dict(sorted(by_name[name].items())) for name in sorted(by_name)}
    return FeedTimeline(
        times_s={name: tuple(told) for name, told in ordered.items()},
        values={name: tuple(told.values()) for name, told in ordered.items()},
        age_s_max=age_s_max,
    )


NO_FEEDS = FeedTimeline()


class FedSource:
    """A SnapshotSource whose snapshots carry the feeds of a timeline, as of their block's time.

    timeline: asked for at each read. What the source itself says of a block, such as its base
    fee, stands.
    """

    def __init__(self, source: SnapshotSource, timeline: Callable[[], FeedTimeline]) -> None:
        self._source = source
        self._timeline = timeline

    @property
    def genesis_hash(self) -> str | None:
        """See SnapshotSource."""
        return self._source.genesis_hash

    def read(self) -> Snapshot:
        """See SnapshotSource."""
        snapshot = self._source.read()
        fed = self._timeline().at(snapshot.block.time_s)
        return replace(snapshot, feeds={**fed, **snapshot.feeds})

    def is_canonical(self, block: Block) -> bool:
        """See SnapshotSource."""
        return self._source.is_canonical(block)

    def rewind(self, snapshot: Snapshot | None) -> None:
        """See SnapshotSource."""
        self._source.rewind(snapshot)
