"""Timing in pairs, and the one line of JSON that a benchmark prints."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One benchmark's outcome, times in `unit`.

    floor: the least work that any correct program must do. peer: what people do today, or None.
    ratio: ours over the floor. target: what `ratio` may be at most or, with target_of "ours",
    what `ours` may be; None where nothing is promised. ratio_iqr: quartiles of the ratio over
    the pairs. more: further figures, by name.
    """

    bench: str
    unit: str
    ours: float
    floor: float | None
    ratio: float | None
    target: float | None
    target_of: str = "ratio"
    peer: float | None = None
    ratio_iqr: tuple[float, float] | None = None
    note: str = ""
    more: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None without one."""
        value = self.ours if self.target_of == "ours" else self.ratio
        return None if self.target is None or value is None else value <= self.target

    def json(self) -> str:
        """The line itself."""
        values = {
            "bench": self.bench,
            "unit": self.unit,
            "ours": self.ours,
            "floor": self.floor,
            "peer": self.peer,
            "ratio": self.ratio,
            "ratio_iqr": self.ratio_iqr,
            "target": self.target,
            "target_of": self.target_of,
            "ok": self.ok,
            **self.more,
            "note": self.note,
        }
        return json.dumps({name: _short(value) for name, value in values.items()})


@dataclass(slots=True)
class Pairs:
    """Seconds of ours and of the floor, taken one after the other on the same machine."""

    ours_s: list[float] = field(default_factory=list)
    floor_s: list[float] = field(default_factory=list)

    def take(self, ours: Callable[[], object], floor: Callable[[], object]) -> None:
        """Time one pair; which goes first alternates."""
        sides = [(ours, self.ours_s), (floor, self.floor_s)]
        for work, seconds in sides if len(self.ours_s) % 2 else reversed(sides):
            seconds.append(timed(work))

    @property
    def ours(self) -> float:
        """Median of ours, seconds."""
        return median(self.ours_s)

    @property
    def floor(self) -> float:
        """Median of the floor, seconds."""
        return median(self.floor_s)

    @property
    def ratio(self) -> float:
        """Ours over the floor, by medians."""
        return self.ours / self.floor

    @property
    def ratio_iqr(self) -> tuple[float, float]:
        """First and third quartile of the pairs' own ratios."""
        ratios = [ours / floor for ours, floor in zip(self.ours_s, self.floor_s, strict=True)]
        low, _, high = quantiles(ratios, n=4)
        return low, high


def timed(work: Callable[[], object]) -> float:
    """Seconds that one run takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection of what the set-up left, neither in ours nor in the floor."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _short(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, tuple):
        return [_short(part) for part in value]
    return value
