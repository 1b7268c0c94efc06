"""The spread of the last so many numbers, exact in every order of sums: whole trillionths.

A logarithm is the only figure here that machines may differ in, by its last bit; it is rounded to
a whole number of grains at once. From there on sums are integers, so adding at one end and taking
away at the other leaves no trace, tick by tick and in one batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

from bot.core.units import YEAR_S

GRAINS = 10**12
"""Grains in one: a log change of 1 % is 9,950,330,853 of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """The last values in grains, oldest first, their sum, and the sum of their squares."""

    values: tuple[int, ...] = ()
    total: int = 0
    squares: int = 0


EMPTY = Rolling()


def log_grains(ratio: float) -> int:
    """ln of a ratio > 0, in grains.

    >>> log_grains(1.01)
    9950330853
    """
    return round(log(ratio) * GRAINS)


def pushed(window: Rolling, value: int, *, length: int) -> Rolling:
    """The window with one more value, and without the oldest when it was full."""
    gone = window.values[0] if len(window.values) == length else 0
    return Rolling(
        values=window.values[1 - length :] + (value,),  # noqa: RUF005 - three times as fast
        total=window.total + value - gone,
        squares=window.squares + value * value - gone * gone,
    )


def deviation(window: Rolling, *, length: int, step_s: int) -> float | None:
    """Annualised sample deviation (n - 1), a fraction; None until the window is full.

    step_s: seconds from value to value. One division and one root of whole numbers, each correctly
    rounded.
    """
    if len(window.values) < length:
        return None
    spread = length * window.squares - window.total * window.total
    return sqrt(spread * YEAR_S / (length * (length - 1) * step_s)) / GRAINS


def root_mean_square(window: Rolling, *, length: int, step_s: int) -> float | None:
    """Annualised root of the mean square, a fraction; None until the window is full."""
    if len(window.values) < length:
        return None
    return sqrt(window.squares * YEAR_S / (length * step_s)) / GRAINS
