"""RSI and MACD in exact fractions: each average is written out as a weighted sum, no recursion."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction


def exact_average(values: Sequence[Fraction], *, length: int, weight: Fraction) -> Fraction:
    """Mean of the first `length` values, then each newer one with this weight on it."""
    newer = values[length:]
    keep = 1 - weight
    seed = sum(values[:length], Fraction(0)) / length
    return seed * keep ** len(newer) + sum(
        (weight * keep**age * value for age, value in enumerate(reversed(newer))), Fraction(0)
    )


def exact_rsi(closes: Sequence[float], *, length: int) -> Fraction | None:
    """Wilder's index after the last close; None too early, and where nothing moved."""
    exact = [Fraction(close) for close in closes]
    moves = [new - old for old, new in itertools.pairwise(exact)]
    if len(moves) < length:
        return None
    weight = Fraction(1, length)
    up = exact_average([max(move, Fraction(0)) for move in moves], length=length, weight=weight)
    down = exact_average([max(-move, Fraction(0)) for move in moves], length=length, weight=weight)
    return None if up + down == 0 else 100 * up / (up + down)


def exact_macd(
    closes: Sequence[float], *, fast: int, slow: int, signal: int
) -> tuple[Fraction, Fraction] | None:
    """(line, signal) after the last close; None too early. Both averages begin with bar `slow`."""
    if len(closes) < slow + signal - 1:
        return None
    exact = [Fraction(close) for close in closes]
    lines = []
    for until in range(slow, len(exact) + 1):
        seen = exact[:until]
        quick = exact_average(seen[slow - fast :], length=fast, weight=Fraction(2, fast + 1))
        lines.append(quick - exact_average(seen, length=slow, weight=Fraction(2, slow + 1)))
    return lines[-1], exact_average(lines, length=signal, weight=Fraction(2, signal + 1))
