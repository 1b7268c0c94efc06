"""Price bars on a UTC grid: from irregular ticks, from finer bars, and the moves within them.

A bar that nobody traded in is missing: it is never filled, and no return is taken across the hole.
Times are unix seconds, prices quote per base, volumes in base units. docs/maths.md section 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.core.errors import MarketDataError
from bot.core.units import DAY_S

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

SOURCE = "price bars"
PRICE_MIN, PRICE_MAX = 1e-150, 1e150
"""No price is outside; within, no ratio of two prices overflows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """Bars in order of time; the arrays are read-only.

    step_s: length of a bar, a divisor of the UTC day. start_s: the bar's open, a multiple of it.
    parts: how many ticks or finer bars it was built from, so that a bar with a hole in it shows.
    """

    step_s: int
    start_s: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    parts: Times

    def __post_init__(self) -> None:
        if self.step_s < 1 or DAY_S % self.step_s:
            raise _bad(f"a bar of {self.step_s} s does not divide the day")
        for field in fields(self)[1:]:
            kind = np.int64 if field.name in {"start_s", "parts"} else np.float64
            column = np.array(getattr(self, field.name), dtype=kind)
            column.flags.writeable = False
            object.__setattr__(self, field.name, column)
            if column.shape != (len(self.start_s),):
                raise _bad(f"column {field.name} is not as long as the times")
        _refuse_impossible(self)

    def __len__(self) -> int:
        return len(self.start_s)

    def between(self, from_s: int, until_s: int) -> Bars:
        """The bars that open in [from_s, until_s)."""
        first, last = np.searchsorted(self.start_s, (from_s, until_s)).tolist()
        return _bars(self.step_s, *(column[first:last] for column in _columns(self)))

    def missing_start_s(self) -> Times:
        """Where bars are missing between the first and the last one."""
        if not len(self):
            return self.start_s
        grid = np.arange(self.start_s[0], self.start_s[-1] + 1, self.step_s, dtype=np.int64)
        return np.setdiff1d(grid, self.start_s, assume_unique=True)


class Tick(NamedTuple):
    """One trade: unix seconds (a fraction is allowed), quote per base, base units."""

    time_s: float
    price: float
    volume: float


@dataclass(slots=True, kw_only=True)
class BarBuilder:
    """Bars tick by tick. `add` returns the bar before, as soon as a tick opens a later one.

    The same ticks in one batch give the same bits: volumes are added in order in both.
    """

    step_s: int
    _start_s: int = 0
    _last_s: float = -np.inf
    _bar: list[float] | None = None

    def add(self, tick: Tick) -> Bars | None:
        """Take one tick, in order of time; ticks of one second may come in any number."""
        _refuse_ticks(*(np.array([value], dtype=np.float64) for value in tick))
        if tick.time_s < self._last_s:
            raise _bad(f"the tick at {tick.time_s} comes after the one at {self._last_s}")
        start_s = int(tick.time_s // self.step_s) * self.step_s
        done = self.close() if self._bar is not None and start_s > self._start_s else None
        self._last_s = tick.time_s
        if self._bar is None:
            self._start_s = start_s
            self._bar = [tick.price, tick.price, tick.price, tick.price, 0.0, 0]
        bar = self._bar
        bar[1], bar[2] = max(bar[1], tick.price), min(bar[2], tick.price)
        bar[3], bar[4], bar[5] = tick.price, bar[4] + tick.volume, bar[5] + 1
        return done

    def close(self) -> Bars | None:
        """The bar that is open, as it stands; None without one."""
        if self._bar is None:
            return None
        bar, self._bar = self._bar, None
        return _bars(self.step_s, *([value] for value in (self._start_s, *bar)))


def bars_from_ticks(*, time_s: Any, price: Any, volume: Any, step_s: int) -> Bars:
    """Bars of irregular ticks in order of time (arrays of one length)."""
    times, prices, volumes = (np.asarray(each, np.float64) for each in (time_s, price, volume))
    if not times.shape == prices.shape == volumes.shape == (times.size,):
        raise _bad("times, prices and volumes are not of one length")
    _refuse_ticks(times, prices, volumes)
    if late := np.flatnonzero(np.diff(times) < 0.0).tolist():
        raise _bad(f"the tick at {times[late[0] + 1]} comes after the one at {times[late[0]]}")
    starts = np.floor_divide(times, step_s).astype(np.int64) * step_s
    return _grouped(step_s, starts, prices, prices, prices, prices, volumes, np.ones_like(starts))


def resampled(bars: Bars, step_s: int) -> Bars:
    """Coarser bars: first open, highest high, lowest low, last close, volumes added in order.

    `parts` counts the finer bars in each: fewer than step_s / bars.step_s means a hole inside.
    """
    if step_s % bars.step_s:
        raise _bad(f"bars of {bars.step_s} s do not make bars of {step_s} s")
    if step_s == bars.step_s:
        return bars
    starts = bars.start_s // step_s * step_s
    ones = np.ones_like(starts)
    return _grouped(step_s, starts, bars.open, bars.high, bars.low, bars.close, bars.volume, ones)


class Moves(NamedTuple):
    """Logarithms per bar: gap ln(O/C before), up ln(H/O), down ln(L/O), body ln(C/O)."""

    gap: Floats
    up: Floats
    down: Floats
    body: Floats

    @property
    def close_to_close(self) -> Floats:
        """ln(C/C before)."""
        return self.gap + self.body


def moves(bars: Bars) -> Moves:
    """The moves of every bar that has the bar before it: the first, and the first after a hole,
    only give a previous close."""
    follows = np.flatnonzero(np.diff(bars.start_s) == bars.step_s) + 1
    opened = bars.open[follows]
    return Moves(
        gap=np.log(opened / bars.close[follows - 1]),
        up=np.log(bars.high[follows] / opened),
        down=np.log(bars.low[follows] / opened),
        body=np.log(bars.close[follows] / opened),
    )


def _grouped(step_s: int, starts: Times, *columns: Any) -> Bars:
    """One bar for each run of equal starts; columns: open, high, low, close, volume, parts."""
    opens, highs, lows, closes, volumes, parts = columns
    if not starts.size:
        return _bars(step_s, starts, opens, highs, lows, closes, volumes, parts)
    first = np.flatnonzero(np.concatenate(([True], np.diff(starts) != 0)))
    last = np.concatenate((first[1:], [starts.size])) - 1
    group = np.repeat(np.arange(first.size), last - first + 1)
    return _bars(
        step_s,
        starts[first],
        opens[first],
        np.maximum.reduceat(highs, first),
        np.minimum.reduceat(lows, first),
        closes[last],
        np.bincount(group, weights=volumes),  # adds in order, unlike a pairwise sum
        np.add.reduceat(parts, first),
    )


def _bars(step_s: int, *columns: Any) -> Bars:
    names = [field.name for field in fields(Bars)[1:]]
    return Bars(step_s=step_s, **dict(zip(names, columns, strict=True)))


def _columns(bars: Bars) -> list[Any]:
    return [getattr(bars, field.name) for field in fields(bars)[1:]]


def _refuse_ticks(times: Floats, prices: Floats, volumes: Floats) -> None:
    if not (np.isfinite(times) & (np.abs(times) < 2.0**53)).all():
        raise _bad("a tick without a time")
    if not (np.isfinite(prices) & (prices > 0.0)).all():
        raise _bad("a tick's price is not a finite number above 0")
    if not (np.isfinite(volumes) & (volumes >= 0.0)).all():
        raise _bad("a tick's volume is not a finite number of 0 or more")


def _refuse_impossible(bars: Bars) -> None:
    """Refuse what no market can have printed; the first offender is named by its time."""
    if (bars.start_s % bars.step_s).any():
        raise _bad(f"bars do not start on the UTC grid of {bars.step_s} s")
    order = np.diff(bars.start_s, prepend=bars.start_s[:1] - 1)
    prices = np.stack([bars.open, bars.high, bars.low, bars.close])
    inside = np.minimum(bars.open, bars.close) >= bars.low
    inside &= np.maximum(bars.open, bars.close) <= bars.high
    checks = (
        (order != 0, "this time is there twice"),
        (order >= 0, "this time comes after a later one"),
        ((np.isfinite(prices) & (prices > 0.0)).all(axis=0), "a price is not a number above 0"),
        (((prices >= PRICE_MIN) & (prices <= PRICE_MAX)).all(axis=0), "a price is out of range"),
        (bars.high >= bars.low, "high is below low"),
        (inside, "open or close lies outside low to high"),
        (np.isfinite(bars.volume) & (bars.volume >= 0.0), "volume is not a number of 0 or more"),
        (bars.parts > 0, "a bar of no parts"),
    )
    for good, problem in checks:
        if not good.all():
            time = np.datetime64(bars.start_s[np.argmin(good)].item(), "s")
            raise _bad(f"bar {time}Z: {problem}")


def _bad(problem: str) -> MarketDataError:
    return MarketDataError(source=SOURCE, problem=problem)
