"""Charts by hand: one inline SVG for the lines, HTML for everything that must not be stretched.

The SVG fills its box whatever the screen's width; labels and markers stand beside and upon it in
per cent, so they keep their size on a phone. No library: plotly would add 4.5 MB to each report.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import ceil, floor, log10

from bot.core.units import DAY_S, YEAR_S
from bot.report.figures import MINUS

POINTS_MAX = 600
SIDE = 1_000
"""The SVG's own units in each direction."""

LABELS_MAX = 6
STEPS_S = (600, 1_800, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600,
           DAY_S, 2 * DAY_S, 7 * DAY_S, 14 * DAY_S, 30 * DAY_S, 91 * DAY_S, YEAR_S)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line: a value for each of the chart's times; None leaves a gap. tone: CSS class."""

    name: str
    tone: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A point worth pointing at. tone: CSS class. text: shown on hover."""

    time_s: int
    value: float
    tone: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time in a lane. tone: CSS class. text: shown on hover."""

    start_s: int
    end_s: int
    tone: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines over block time, and lanes of spans under them. unit: what the values are in."""

    title: str
    unit: str
    times_s: Sequence[int]
    series: Sequence[Series]
    markers: Sequence[Marker] = ()
    lanes: Sequence[tuple[str, Sequence[Span]]] = ()
    with_zero: bool = False


def draw(chart: Chart) -> str:
    """The chart as HTML; nothing for a chart without a single value."""
    kept = _kept(chart)
    times_s = [chart.times_s[index] for index in kept]
    lines = [
        Series(name=one.name, tone=one.tone, values=[one.values[index] for index in kept])
        for one in chart.series
    ]
    known = [value for line in lines for value in line.values if value is not None]
    if not known:
        return ""
    low, high, step = _scale(
        [*known, *(marker.value for marker in chart.markers), *([0.0] if chart.with_zero else [])]
    )
    frame = _Frame(start_s=times_s[0], end_s=times_s[-1], low=low, high=high)
    grid = _grid_values(low, high, step)
    return "".join(
        (
            f'<figure class="chart"><figcaption>{escape(chart.title)} '
            f"<small>{escape(chart.unit)}</small></figcaption>{_legend(lines)}",
            f'<div class="plot"><div class="y">{_y_labels(grid, frame, step)}</div>',
            '<div class="area">',
            _svg(lines, times_s, grid, frame),
            "".join(_marker(marker, frame) for marker in chart.markers),
            '<i class="cursor"></i></div>',
            "".join(_lane(name, spans, frame) for name, spans in chart.lanes),
            f'<div class="x">{_x_labels(frame)}</div></div>',
            '<output class="readout">&nbsp;</output>',
            _hover_data(lines, times_s),
            "</figure>",
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What the plot's box spans."""

    start_s: int
    end_s: int
    low: float
    high: float

    def across(self, time_s: float) -> float:
        """Distance from the left, 0 to 1."""
        return min(1.0, max(0.0, (time_s - self.start_s) / max(1, self.end_s - self.start_s)))

    def down(self, value: float) -> float:
        """Distance from the top, 0 to 1."""
        return (self.high - value) / (self.high - self.low)


def _kept(chart: Chart) -> list[int]:
    """Indices to draw: all of a short chart; of a long one each bucket's first, low and high."""
    count = len(chart.times_s)
    if count <= POINTS_MAX:
        return list(range(count))
    per_bucket = 1 + 2 * len(chart.series)
    size = ceil(count * per_bucket / POINTS_MAX)
    kept = {count - 1}
    for start in range(0, count, size):
        bucket = range(start, min(count, start + size))
        kept.add(start)
        for one in chart.series:
            ranked = sorted(
                (value, index) for index in bucket if (value := one.values[index]) is not None
            )
            kept |= {index for _, index in ranked[:1] + ranked[-1:]}
    return sorted(kept)


def _scale(values: Iterable[float]) -> tuple[float, float, float]:
    """(low, high, step) that hold the values on round numbers.

    >>> _scale([1105.0, 2060.0])
    (1000.0, 2200.0, 200.0)
    """
    known = list(values)
    low, high = min(known), max(known)
    if low == high:
        low, high = low - (abs(low) * 0.01 or 1.0), high + (abs(high) * 0.01 or 1.0)
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return floor(low / step) * step, ceil(high / step) * step, step


def _grid_values(low: float, high: float, step: float) -> list[float]:
    return [low + step * count for count in range(round((high - low) / step) + 1)]


def _svg(
    lines: Sequence[Series], times_s: Sequence[int], grid: Sequence[float], frame: _Frame
) -> str:
    rules = "".join(
        f'<line class="{"zero" if abs(value) < 1e-12 else "rule"}" x1="0" x2="{SIDE}" '
        f'y1="{_place(frame.down(value))}" y2="{_place(frame.down(value))}"/>'
        for value in grid
    )
    paths = "".join(
        f'<path class="{line.tone}" d="{_path(line.values, times_s, frame)}"/>' for line in lines
    )
    return (
        f'<svg viewBox="0 0 {SIDE} {SIDE}" preserveAspectRatio="none" aria-hidden="true">'
        f"{rules}{paths}</svg>"
    )


def _path(values: Sequence[float | None], times_s: Sequence[int], frame: _Frame) -> str:
    parts: list[str] = []
    pen = "M"
    for time_s, value in zip(times_s, values, strict=True):
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{_place(frame.across(time_s))} {_place(frame.down(value))}")
        pen = "L"
    return "".join(parts)


def _place(share: float) -> str:
    return f"{share * SIDE:.1f}".removesuffix(".0")


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"


def _marker(marker: Marker, frame: _Frame) -> str:
    left, top = _percent(frame.across(marker.time_s)), _percent(frame.down(marker.value))
    text = escape(marker.text)
    return f'<b class="mark {marker.tone}" style="left:{left};top:{top}" title="{text}"></b>'


def _lane(name: str, spans: Sequence[Span], frame: _Frame) -> str:
    parts = "".join(
        f'<i class="{span.tone}" style="left:{_percent(frame.across(span.start_s))};'
        f'width:{_percent(frame.across(span.end_s) - frame.across(span.start_s))}" '
        f'title="{escape(span.text)}"></i>'
        for span in spans
    )
    return f'<div class="lane-name">{escape(name)}</div><div class="lane">{parts}</div>'


def _legend(lines: Sequence[Series]) -> str:
    items = "".join(f'<li class="{line.tone}">{escape(line.name)}</li>' for line in lines)
    return f'<ul class="legend">{items}</ul>'


def _y_labels(grid: Sequence[float], frame: _Frame, step: float) -> str:
    places = max(0, -floor(log10(step) + 1e-9)) + (1 if f"{step:.1e}".startswith("2.5") else 0)
    places = 0 if step >= 1 and step == int(step) else places
    return "".join(
        f'<span style="top:{_percent(frame.down(value))}">'
        f"{f'{value + 0.0:,.{places}f}'.replace('-', MINUS)}</span>"
        for value in grid
    )


def _x_labels(frame: _Frame) -> str:
    span_s = frame.end_s - frame.start_s
    step_s = next((step for step in STEPS_S if span_s / step <= LABELS_MAX), STEPS_S[-1])
    pattern = "%b %d" if step_s >= DAY_S else "%b %d %H:%M"
    first = ceil(frame.start_s / step_s) * step_s
    return "".join(
        f'<span style="left:{_percent(frame.across(time_s))}">'
        f"{datetime.fromtimestamp(time_s, tz=UTC).strftime(pattern)}</span>"
        for time_s in range(first, frame.end_s + 1, step_s)
    )


def _hover_data(lines: Sequence[Series], times_s: Sequence[int]) -> str:
    data = {
        "t": list(times_s),
        "s": [
            {
                "n": line.name,
                "v": [None if value is None else float(f"{value:.7g}") for value in line.values],
            }
            for line in lines
        ],
    }
    # "<" never appears, so no symbol can end the script element.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json">{text}</script>'
