"""The advance-decline line over the watched pools, bar by bar. docs/maths.md section 6.6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """Counts at the last close. line: advances less declines, summed over all closes so far.

    closes: bars compared so far; nothing is known before the first.
    """

    line: int = 0
    advances: int = 0
    declines: int = 0
    closes: int = 0


NO_BREADTH = Breadth()


def breadth_step(
    breadth: Breadth, before: Sequence[float | None], now: Sequence[float | None]
) -> Breadth:
    """The line with one more close. before, now: prices in the same order; None for no price."""
    pairs = [
        (then, price)
        for then, price in zip(before, now, strict=True)
        if then is not None and price is not None
    ]
    advances = sum(price > then for then, price in pairs)
    declines = sum(price < then for then, price in pairs)
    return Breadth(
        line=breadth.line + advances - declines,
        advances=advances,
        declines=declines,
        closes=breadth.closes + 1,
    )


def advancing_share(breadth: Breadth) -> float | None:
    """Advances over all that moved at the last close, 0 to 1, and 0.5 when none did; None before.

    >>> advancing_share(Breadth(advances=3, declines=1, closes=1))
    0.75
    """
    if not breadth.closes:
        return None
    moved = breadth.advances + breadth.declines
    return breadth.advances / moved if moved else 0.5
