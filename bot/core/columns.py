"""Columns of a whole history, and the one order in which floats are worked out in them.

A column has a float for every tick, nan where the tick finds it unknown. That it has a run's values
to the bit rests on these rules, kept here: + - * / and roots are IEEE 754's, in numpy as in Python;
whole numbers are divided as whole numbers and rounded once; logarithms and exponentials are the C
library's, one by one, since numpy's own differ in the last bit from machine to machine; a metric is
rounded as Python rounds; floats are summed exactly (math.fsum), or in the order of the tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from math import exp, isfinite, log

import numpy as np

from bot.core.bars import Floats, Times
from bot.core.units import BPS

PLACES = 6
"""Decimals that a metric has."""
UNIT = 10.0**PLACES
PLAIN_MAX = 2.0**44
TIE = 2.0**-8
"""So near to a tie a product with UNIT below PLAIN_MAX does not tell: it is off by up to 2**-9."""


def column_of(values: Iterable[float | None]) -> Floats:
    """A column of these values; None is unknown."""
    return np.array([*values], dtype=np.float64)


def quotients(parts: Iterable[int | None], wholes: Iterable[int | None] | int) -> Floats:
    """Parts over wholes (or one whole), each correctly rounded from whole numbers.

    Unknown where a part is unknown, or a whole is or is 0.

    >>> quotients([1, None, 10**30], [3, 1, 10**30]).tolist()
    [0.3333333333333333, nan, 1.0]
    """
    many = repeat(wholes) if isinstance(wholes, int) else wholes
    return column_of(
        part / whole if part is not None and whole else None
        for part, whole in zip(parts, many, strict=not isinstance(wholes, int))
    )


def logs(values: Floats) -> Floats:
    """Natural logarithms; unknown of what is unknown or not above 0."""
    return column_of(log(value) if value > 0.0 else None for value in values.tolist())


def exps(values: Floats) -> Floats:
    """e to the power of each."""
    return column_of(map(exp, values.tolist()))


def gaps_bps(left: Sequence[int], right: Sequence[int | None]) -> Floats:
    """How far whole numbers are from others, bps, >= 0; unknown against nothing."""
    gaps: Floats = np.abs(quotients(left, right) - 1.0) * BPS
    return gaps


def rounded(values: Floats) -> Floats:
    """A column as metrics are recorded: round(value, 6) of each.

    Where times 10**6 is clear of a tie the nearest whole number over 10**6 is that; the few others
    are rounded one by one.

    >>> rounded(np.array([0.0018925, 2 / 3, np.nan])).tolist()  # numpy alone: 0.001892
    [0.001893, 0.666667, nan]
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large goes one by one
        scaled = values * UNIT
        found: Floats = np.rint(scaled) / UNIT
        tied = np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) <= TIE
    for place in np.flatnonzero(tied | (np.abs(scaled) >= PLAIN_MAX)).tolist():
        value = values[place].item()
        found[place] = round(value, PLACES) if isfinite(value) else value
    return found


def held(values: Floats, at: Times, size: int) -> Floats:
    """Values of some ticks, each at every tick up to the next of them; unknown before the first.

    at: places of these ticks, ascending. size: of the history.
    """
    index = np.searchsorted(at, np.arange(size), side="right") - 1
    return np.append(values, np.nan)[index]
