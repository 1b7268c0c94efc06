"""What a position is worth on a log-normal price, region by region, in many digits."""

from __future__ import annotations

from math import inf

import mpmath

from bot.core.residual import Position


def exact_position_value(
    position: Position, *, forward: mpmath.mpf, vol: mpmath.mpf, years: mpmath.mpf
) -> mpmath.mpf:
    """All base below the range, all quote above it, 2 sqrt(P) - sqrt(Pa) - P/sqrt(Pb) within.

    At the working precision of mpmath; the liquidity is the position's own.
    """
    low, high = mpmath.mpf(position.lower), mpmath.mpf(position.upper)
    s = vol * mpmath.sqrt(years)

    def below(bound: mpmath.mpf, power: mpmath.mpf) -> mpmath.mpf:
        """E[P**power; P < bound]."""
        whole = forward**power * mpmath.exp(power * (power - 1) * s * s / 2)
        if bound in (0, inf):
            return whole if bound else mpmath.mpf(0)
        return whole * mpmath.ncdf((mpmath.log(bound / forward) + s * s / 2) / s - power * s)

    def within(power: mpmath.mpf) -> mpmath.mpf:
        return below(high, power) - below(low, power)

    half, far = mpmath.mpf(1) / 2, 0 if high == inf else 1 / mpmath.sqrt(high)
    found = (
        2 * within(half) - mpmath.sqrt(low) * within(mpmath.mpf(0)) - far * within(mpmath.mpf(1))
    )
    if low > 0:
        found += (1 / mpmath.sqrt(low) - far) * below(low, mpmath.mpf(1))
    if high < inf:
        found += (mpmath.sqrt(high) - mpmath.sqrt(low)) * (1 - below(high, mpmath.mpf(0)))
    return position.liquidity * found
