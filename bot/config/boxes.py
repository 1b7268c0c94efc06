"""Where a condition holds: a union of boxes, one interval for each metric that matters, edges told.

Metrics count as free of each other, so two conditions that share no box can never both be true.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import inf
from typing import TypeAlias

from bot.core.conditions import AnyOf, Comparison, Condition, NotOf

Bound: TypeAlias = tuple[str, str, float]
"""metric, `above` or `below`, threshold."""
Edge: TypeAlias = tuple[float, int]
"""A threshold, and on which side of it the interval ends: 0 on it, 1 just above, -1 just below."""
Box: TypeAlias = dict[str, tuple[Edge, Edge]]
"""Metric -> its least and its greatest value; a single value where both are the same."""

MIRROR = {"above": "below", "below": "above"}
LEAST, GREATEST = (-inf, 0), (inf, 0)


def bounds(condition: Condition, *, positive: bool = True) -> Iterator[Bound]:
    """Every threshold of a condition, as if it stood under no `not`.

    >>> list(bounds(NotOf(part=Comparison(metric="il_bps", above=5.0))))
    [('il_bps', 'below', 5.0)]
    """
    if isinstance(condition, Comparison):
        for side, threshold in (("above", condition.above), ("below", condition.below)):
            if threshold is not None:
                yield condition.metric, side if positive else MIRROR[side], threshold
    elif isinstance(condition, NotOf):
        yield from bounds(condition.part, positive=not positive)
    else:
        for part in condition.parts:
            yield from bounds(part, positive=positive)


def boxes(condition: Condition, *, positive: bool = True) -> list[Box]:
    """The condition as a union of boxes.

    >>> boxes(NotOf(part=Comparison(metric="il_bps", above=5.0)))
    [{'il_bps': ((-inf, 0), (5.0, 0))}]
    """
    if isinstance(condition, NotOf):
        return boxes(condition.part, positive=not positive)
    if isinstance(condition, Comparison):
        return [{condition.metric: each} for each in _intervals(condition, positive=positive)]
    parts = [boxes(part, positive=positive) for part in condition.parts]
    if isinstance(condition, AnyOf) is positive:
        return [box for part in parts for box in part]
    return [met for combination in product(*parts) if (met := meet(*combination)) is not None]


def meet(*many: Box) -> Box | None:
    """Where all boxes overlap; None for nowhere."""
    met: Box = {}
    for box in many:
        for metric, (low, high) in box.items():
            other_low, other_high = met.get(metric, (LEAST, GREATEST))
            met[metric] = max(low, other_low), min(high, other_high)
    return met if all(low <= high for low, high in met.values()) else None


def spoken(box: Box) -> str:
    """A box in words.

    >>> spoken({"rsi": ((30.0, 1), (50.0, 0)), "macd_cross": ((1.0, 0), (1.0, 0))})
    'rsi > 30 and rsi <= 50 and macd_cross = 1'
    """
    words = []
    for metric, (low, high) in box.items():
        if low == high:
            words.append(f"{metric} = {low[0]:g}")
            continue
        words += [f"{metric} {'>' if low[1] else '>='} {low[0]:g}"] if low > LEAST else []
        words += [f"{metric} {'<' if high[1] else '<='} {high[0]:g}"] if high < GREATEST else []
    return " and ".join(words)


def _intervals(comparison: Comparison, *, positive: bool) -> list[tuple[Edge, Edge]]:
    """Strictly between its thresholds; or, under a `not`, on them and outside."""
    above, below = comparison.above, comparison.below
    if positive:
        low = LEAST if above is None else (above, 1)
        high = GREATEST if below is None else (below, -1)
        return [(low, high)] if low <= high else []
    outside: list[tuple[Edge, Edge]] = []
    if above is not None:
        outside.append((LEAST, (above, 0)))
    if below is not None:
        outside.append(((below, 0), GREATEST))
    return outside
