"""How two pools move together: returns of both in grains, so that sums are exact.

docs/maths.md section 6.13.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWindow:
    """The last pairs of log returns (own, other), oldest first, in grains."""

    returns: tuple[tuple[int, int], ...] = ()


NO_PAIRS = PairWindow()


def pair_step(window: PairWindow, *, own: int, other: int, length: int) -> PairWindow:
    """The window with one more pair, and without those beyond `length`."""
    return PairWindow(returns=(*window.returns, (own, other))[-length:])


def correlation(window: PairWindow, *, length: int) -> float | None:
    """Pearson's, -1 to 1; None until the window is full, or while one of both stands still.

    >>> window = PairWindow(returns=((1, 2), (2, 4), (4, 8)))
    >>> round(correlation(window, length=3), 12)
    1.0
    """
    count = len(window.returns)
    if count < length:
        return None
    sum_x = sum(x for x, _ in window.returns)
    sum_y = sum(y for _, y in window.returns)
    spread_x = count * sum(x * x for x, _ in window.returns) - sum_x * sum_x
    spread_y = count * sum(y * y for _, y in window.returns) - sum_y * sum_y
    if not (spread_x and spread_y):
        return None
    both = count * sum(x * y for x, y in window.returns) - sum_x * sum_y
    # Roots apart: a product of both spreads is beyond a float.
    return max(-1.0, min(1.0, both / sqrt(spread_x) / sqrt(spread_y)))


def vol_ratio(window: PairWindow, *, length: int) -> float | None:
    """How many times as volatile the other pool was: the root of its mean squared return over the
    own pool's. None until the window is full, or while the own pool stands still.

    However long a return waited for its sample, both waited as long.

    >>> vol_ratio(PairWindow(returns=((3, 6), (-4, 8), (0, 0))), length=3)
    2.0
    """
    if len(window.returns) < length:
        return None
    own, other = (sum(one * one for one in side) for side in zip(*window.returns, strict=True))
    return sqrt(other) / sqrt(own) if own else None
