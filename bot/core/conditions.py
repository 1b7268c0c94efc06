"""Conditions of a rule: comparisons of metrics, composed with all, any and not.

Three-valued logic: a metric that is not warm yet is unknown, and what depends on it is unknown
too, unless the rest already decides. An unknown condition never fires.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, Union

Metrics: TypeAlias = Mapping[str, float | None]
"""Metric name -> value, rounded on its own island; None means not warm yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`metric` strictly above and/or strictly below a threshold."""

    metric: str
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """True when every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when one part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOf:
    """The opposite; unknown stays unknown."""

    part: Condition


Condition: TypeAlias = Union[Comparison, AllOf, AnyOf, NotOf]  # noqa: UP007 - recursive alias


def holds(condition: Condition, metrics: Metrics) -> bool | None:
    """True, False, or None for unknown.

    >>> holds(Comparison(metric="il_bps", above=100.0), {"il_bps": 120.0})
    True
    >>> holds(Comparison(metric="rsi", below=30.0), {"rsi": None}) is None
    True
    """
    if isinstance(condition, Comparison):
        return _compare(condition, metrics[condition.metric])
    if isinstance(condition, NotOf):
        inner = holds(condition.part, metrics)
        return None if inner is None else not inner
    verdicts = [holds(part, metrics) for part in condition.parts]
    decisive = isinstance(condition, AnyOf)
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison inside a condition, in reading order."""
    if isinstance(condition, Comparison):
        yield condition
        return
    parts = (condition.part,) if isinstance(condition, NotOf) else condition.parts
    for part in parts:
        yield from comparisons(part)


def _compare(comparison: Comparison, value: float | None) -> bool | None:
    if value is None:
        return None
    if comparison.above is not None and value <= comparison.above:
        return False
    return comparison.below is None or value < comparison.below
