"""Impermanent loss as a strip of vanilla options: the exact continuous one, and one of even steps.

A position that sells as price rises is short 1/2 L K**-1.5 options at every strike K of its range:
puts below the entry price, calls above it. Buying them back replicates the loss over entry value
at every final price, whatever the price's law. Source: docs/maths.md section 2.3 (Carr-Madan).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bot.core.checked import Floats, positive
from bot.core.errors import OptionInputError
from bot.core.option_legs import Legs, OptionPrices
from bot.core.residual import Position

STRIKES_MAX = 10_000
FULL_RANGE_REACH = 4.0
"""A full range is covered from entry / 4 to entry * 4."""
NODES_A_PANEL = 32
PANELS = 32
WING_LOG = 12.0
"""Where quadrature ends a full range: e**12 times the entry, and that much below."""


def strip_density(strike: ArrayLike, position: Position) -> Floats:
    """Options to buy per unit of strike, base per quote: 1/2 L K**-1.5 in the range, 0 outside.

    >>> position = Position(entry=2000.0, notional=1e6)
    >>> round(strip_density(1600.0, position).item() * 50, 6)  # puts at 1,600 for 50 of strikes
    4.36732
    """
    at = positive("strike", strike)
    inside = (at >= position.lower) & (at <= position.upper)
    return np.where(inside, 0.5 * position.liquidity * at**-1.5, 0.0)


def strip_value(prices: OptionPrices, position: Position) -> float:
    """Expected loss as the continuous strip prices it from any smile, quote, <= 0.

    Quadrature in ln K: Gauss-Legendre on panels, puts below the entry, calls above; a full range
    is cut at e**12 times the entry either way. With Black-Scholes prices it is `claim_value`.
    """
    wing = np.exp(WING_LOG)
    low, high = (
        max(position.lower, position.entry / wing),
        min(position.upper, wing * position.entry),
    )
    turn = min(max(position.entry, low), high)
    return -sum(
        _quadrature(prices, position, is_call=is_call, ends=ends)
        for is_call, ends in ((False, (low, turn)), (True, (turn, high)))
        if ends[0] < ends[1]
    )


def _quadrature(
    prices: OptionPrices, position: Position, *, is_call: bool, ends: tuple[float, float]
) -> float:
    abscissae, weights = np.polynomial.legendre.leggauss(NODES_A_PANEL)
    edges = np.linspace(np.log(ends[0]), np.log(ends[1]), PANELS + 1)
    half = np.diff(edges)[:, None] / 2.0
    strikes = np.exp((edges[:-1, None] + half) + half * abscissae).ravel()
    amounts = strip_density(strikes, position) * strikes * (half * weights).ravel()
    return (prices(np.full(strikes.shape, is_call), strikes) @ amounts).item()


def strip_legs(position: Position, *, step: float) -> Legs:
    """The strip on strikes `step` apart, counted from the entry, and the ends of the range.

    Trapezoids of `strip_density`: half weight at the ends, and at the entry price half a put's and
    half a call's. step: quote, > 0, no larger than what `strip_ends` covers.
    """
    low, high = strip_ends(position)
    if not 0.0 < step <= high - low:
        raise OptionInputError(
            name="step", value=step, problem=f"it must be above 0 and fit between {low} and {high}"
        )
    if high - low > STRIKES_MAX * step:
        raise OptionInputError(
            name="step", value=step, problem=f"more than {STRIKES_MAX} strikes from {low} to {high}"
        )
    turn = min(max(position.entry, low), high)
    puts, calls = _spaced(turn, low, step)[::-1], _spaced(turn, high, step)
    strikes = np.concatenate([puts, calls])
    widths = np.concatenate([_trapezoids(puts), _trapezoids(calls)])
    is_call = np.repeat([False, True], [puts.size, calls.size])
    held = widths > 0.0
    return Legs(
        is_call=is_call[held],
        strikes=strikes[held],
        quantities=(widths * strip_density(strikes, position))[held],
    )


def strip_ends(position: Position) -> tuple[float, float]:
    """The strikes that a strip covers: the range, or for an end it has not, a fourth or 4 times.

    >>> strip_ends(Position(entry=2000.0))
    (500.0, 8000.0)
    """
    low, high = position.lower, position.upper
    return (
        low if low > 0.0 else min(position.entry, high) / FULL_RANGE_REACH,
        high if high < np.inf else max(position.entry, low) * FULL_RANGE_REACH,
    )


def _spaced(start: float, end: float, step: float) -> Floats:
    """Strikes from start to end, both in, `step` apart but for the last gap, which may be less."""
    # A gap below a billionth of a step is the rounding of floats, not a strike of its own.
    count = max(0, int(np.ceil(abs(end - start) / step - 1e-9)))
    inner = start + np.sign(end - start) * step * np.arange(count)
    return np.append(inner, end)


def _trapezoids(strikes: Floats) -> Floats:
    gaps = np.diff(strikes, prepend=strikes[0], append=strikes[-1])
    return (gaps[:-1] + gaps[1:]) / 2.0
