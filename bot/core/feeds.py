"""Facts of the world that are not in the pools: gas, reference prices, lending rates.

A feed is a name with its unit and a whole number. Feeds come with the snapshot and stand in the
record, so a replay needs no file. docs/rules.md lists the names.
Why so: docs/adr/0022-facts-beside-the-pools.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.core.errors import MarketDataError
from bot.core.ports import SnapshotSource
from bot.core.snapshot import Block, Snapshot
from bot.core.units import MILLION

Feeds: TypeAlias = Mapping[str, int]
"""Value by name, as of one block."""

GAS_WEI = "gas_wei"
ENGINE_GATE_S = "engine_gate_s"
E18 = 10**18
VALUE_MAX = 10**48
TIME_S_MAX = 253_402_300_799  # 9999-12-31T23:59:59Z

FEED_KINDS: Mapping[str, str] = {
    GAS_WEI: "base fee of the block, wei per unit of gas",
    "reference_e18:POOL": "price elsewhere of that pool's pair, whole quote per whole base, e-18",
    ENGINE_GATE_S: "until when a multisig lets the second engine act, unix time; 0 never yet",
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
    elif prefix == ENGINE_GATE_S:
        if not 0 <= value <= TIME_S_MAX:
            return f"{name} is {value}, not a unix time within 0 to {TIME_S_MAX}"
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
class FeedLine:
    """One feed over time: each value from its time on, times rising."""

    name: str
    times_s: tuple[int, ...]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTimeline:
    """Feeds over time, by name. age_s_max: an older value is unknown; None holds it for ever."""

    lines: tuple[FeedLine, ...] = ()
    age_s_max: int | None = None

    def __bool__(self) -> bool:
        """Whether anything is fed at all."""
        return bool(self.lines)

    def at(self, time_s: int) -> dict[str, int]:
        """The last value of each feed at or before a moment, unless it is too old."""
        found: dict[str, int] = {}
        for line in self.lines:
            place = bisect_right(line.times_s, time_s) - 1
            if place < 0:
                continue
            if self.age_s_max is None or time_s - line.times_s[place] <= self.age_s_max:
                found[line.name] = line.values[place]
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
    lines = (
        FeedLine(
            name=name, times_s=tuple(sorted(told)), values=tuple(told[t] for t in sorted(told))
        )
        for name, told in sorted(by_name.items())
    )
    return FeedTimeline(lines=tuple(lines), age_s_max=age_s_max)


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
