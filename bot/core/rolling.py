"""The spread of the last so many numbers, exact in every order of sums: whole trillionths.

A logarithm is the only figure here that machines may differ in, by its last bit; it is rounded to
a whole number of grains at once. From there on sums are integers, so adding at one end and taking
away at the other leaves no trace, tick by tick and in one batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from struct import Struct

from bot.core.units import YEAR_S

GRAIN = Struct("q")
"""A value in this machine's own bytes, which are never written down. No logarithm of two prices
that a pool can have comes near its 2**63."""
GRAINS = 10**12
"""Grains in one: a log change of 1 % is 9,950,330,853 of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """The last values in grains, oldest first, their sum, and the sum of their squares.

    packed: the values as GRAIN packs them, so that a long window is copied in no time.
    """

    packed: bytes = b""
    total: int = 0
    squares: int = 0

    @property
    def values(self) -> tuple[int, ...]:
        """The values unpacked."""
        return tuple(value for (value,) in GRAIN.iter_unpack(self.packed))


EMPTY = Rolling()


def log_grains(ratio: float) -> int:
    """ln of a ratio > 0, in grains.

    >>> log_grains(1.01)
    9950330853
    """
    return round(log(ratio) * GRAINS)


def pushed(window: Rolling, value: int, *, length: int) -> Rolling:
    """The window with one more value, and without the oldest when it was full."""
    packed, gone = window.packed, 0
    if len(packed) == length * GRAIN.size:
        (gone,) = GRAIN.unpack_from(packed)
        packed = packed[GRAIN.size :]
    return Rolling(
        packed=packed + GRAIN.pack(value),
        total=window.total + value - gone,
        squares=window.squares + value * value - gone * gone,
    )


def deviation(window: Rolling, *, length: int, step_s: int) -> float | None:
    """Annualised sample deviation (n - 1), a fraction; None until the window is full.

    step_s: seconds from value to value. One division and one root of whole numbers, each correctly
    rounded.
    """
    if len(window.packed) < length * GRAIN.size:
        return None
    spread = length * window.squares - window.total * window.total
    return sqrt(spread * YEAR_S / (length * (length - 1) * step_s)) / GRAINS


def root_mean_square(window: Rolling, *, length: int, step_s: int) -> float | None:
    """Annualised root of the mean square, a fraction; None until the window is full."""
    if len(window.packed) < length * GRAIN.size:
        return None
    return sqrt(window.squares * YEAR_S / (length * step_s)) / GRAINS
