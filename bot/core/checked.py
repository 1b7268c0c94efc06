"""Arrays that float formulas take: made from numbers or arrays, impossible ones refused by name."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.core.errors import OptionInputError

Floats: TypeAlias = NDArray[np.float64]


HUGE = 1e30
TINY = 1e-30
"""Within these no product of prices, money, volatility and time leaves a float's range."""


def positive(name: str, values: ArrayLike) -> Floats:
    """The values as floats; OptionInputError names the first that is not above 0."""
    array = np.asarray(values, dtype=np.float64)
    return _all_or_refuse(
        name,
        array,
        is_good=(array >= TINY) & (array <= HUGE),
        problem=f"it must be above 0, within {TINY} to {HUGE}",
    )


def not_negative(name: str, values: ArrayLike) -> Floats:
    """The values as floats; OptionInputError names the first that is not 0 or more."""
    array = np.asarray(values, dtype=np.float64)
    return _all_or_refuse(
        name,
        array,
        is_good=(array >= 0.0) & (array <= HUGE),
        problem=f"it must be 0 or more, up to {HUGE}",
    )


def price_range(lower: ArrayLike, upper: ArrayLike) -> tuple[Floats, Floats]:
    """Range ends, 0 <= lower < upper; 0 and infinity are a full range."""
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    _all_or_refuse("lower", low, is_good=low >= 0.0, problem="it must be 0 or more")
    _all_or_refuse("upper", high, is_good=high > 0.0, problem="it must be above 0")
    low, high = np.broadcast_arrays(low, high)
    _all_or_refuse("lower", low, is_good=low < high, problem="it must be below upper")
    return low, high


def _all_or_refuse(
    name: str, values: Floats, *, is_good: NDArray[np.bool_], problem: str
) -> Floats:
    if not np.all(is_good):
        worst = np.ravel(values)[np.argmin(np.ravel(is_good))].item()
        raise OptionInputError(name=name, value=worst, problem=problem)
    return values
