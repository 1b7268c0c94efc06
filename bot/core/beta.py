"""CAPM beta of a pool to an index pool: a rolling regression in whole numbers.

Returns are kept in grains (bot/core/rolling.py), so that sums are exact: adding and taking away
gives to the bit what summing the whole window gives. docs/maths.md section 6.7.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaWindow:
    """The last returns of (index, pool), oldest first, and their sums, all in grains.

    sum_xx, sum_xy: of products, in grains squared.
    """

    returns: tuple[tuple[int, int], ...] = ()
    sum_x: int = 0
    sum_y: int = 0
    sum_xx: int = 0
    sum_xy: int = 0


EMPTY_WINDOW = BetaWindow()


def beta_step(window: BetaWindow, *, index: int, pool: int, bars: int) -> BetaWindow:
    """The window with one more pair of returns, and without those beyond `bars`."""
    gone = window.returns[: max(0, len(window.returns) + 1 - bars)]
    return BetaWindow(
        returns=(*window.returns[len(gone) :], (index, pool)),
        sum_x=window.sum_x + index - sum(x for x, _ in gone),
        sum_y=window.sum_y + pool - sum(y for _, y in gone),
        sum_xx=window.sum_xx + index * index - sum(x * x for x, _ in gone),
        sum_xy=window.sum_xy + index * pool - sum(x * y for x, y in gone),
    )


def beta_of(window: BetaWindow, *, bars: int) -> float | None:
    """Slope of the pool's returns on the index's, with intercept; None until the window is full.

    None too while the index has not moved: nothing can be said of how the pool follows it.

    >>> moves = ((10, 20), (-5, -10), (3, 6))
    >>> window = BetaWindow()
    >>> for x, y in moves:
    ...     window = beta_step(window, index=x, pool=y, bars=3)
    >>> beta_of(window, bars=3)
    2.0
    """
    count = len(window.returns)
    if count < bars:
        return None
    spread = count * window.sum_xx - window.sum_x**2
    if spread == 0:
        return None
    return (count * window.sum_xy - window.sum_x * window.sum_y) / spread
