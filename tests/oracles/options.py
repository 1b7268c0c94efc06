"""Independent option maths: 50-digit Black-Scholes, and payoffs by Fraction."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import mpmath

DIGITS = 50


class ExactGreeks(NamedTuple):
    """The textbook formulas at 50 digits, in the units of `bot.core.options.Greeks`."""

    price: mpmath.mpf
    delta: mpmath.mpf
    gamma: mpmath.mpf
    vega: mpmath.mpf
    theta: mpmath.mpf
    rho: mpmath.mpf
    vanna: mpmath.mpf
    volga: mpmath.mpf
    digital: mpmath.mpf


def exact_greeks(
    *, is_call: bool, spot: float, strike: float, vol: float, years: float, rate: float = 0.0
) -> ExactGreeks:
    """Black-Scholes-Merton of the very floats given, computed with 50 digits."""
    with mpmath.workdps(DIGITS):
        s, k, v, t, r = (mpmath.mpf(x) for x in (spot, strike, vol, years, rate))
        stdev = v * mpmath.sqrt(t)
        d_plus = (mpmath.log(s / k) + r * t) / stdev + stdev / 2
        d_minus = d_plus - stdev
        discounted = k * mpmath.exp(-r * t)
        sign = 1 if is_call else -1
        cdf_plus, cdf_minus = (_cdf(sign * d) for d in (d_plus, d_minus))
        density = mpmath.exp(-d_plus * d_plus / 2) / mpmath.sqrt(2 * mpmath.pi)
        return ExactGreeks(
            price=+(sign * (s * cdf_plus - discounted * cdf_minus)),
            delta=+(sign * cdf_plus),
            gamma=+(density / (s * stdev)),
            vega=+(s * density * mpmath.sqrt(t)),
            theta=+(-s * density * v / (2 * mpmath.sqrt(t)) - sign * r * discounted * cdf_minus),
            rho=+(sign * t * discounted * cdf_minus),
            vanna=+(-density * d_minus / v),
            volga=+(s * density * mpmath.sqrt(t) * d_plus * d_minus / v),
            digital=+(mpmath.exp(-r * t) * cdf_minus),
        )


def exact_payoff(
    rows: list[tuple[bool, int, int]], *, settlement_atoms: int, base_decimals: int
) -> Fraction:
    """Unrounded payoff of (is_call, strike, quantity) rows, quote atoms."""
    total = Fraction(0)
    for is_call, strike, quantity in rows:
        gain = settlement_atoms - strike if is_call else strike - settlement_atoms
        total += Fraction(max(gain, 0) * quantity, 10**base_decimals)
    return total


def _cdf(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2
