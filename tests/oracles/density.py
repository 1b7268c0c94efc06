"""The density that option prices imply, by 50-digit second differences of Black's formula."""

from __future__ import annotations

from collections.abc import Callable

import mpmath

from tests.oracles.options import DIGITS


def implied_density(
    total_variance: Callable[[mpmath.mpf], mpmath.mpf], log_moneyness: float
) -> mpmath.mpf:
    """d2V/dK2 at K = e^k for a forward of 1, over the log-normal density of the same variance."""
    with mpmath.workdps(DIGITS):
        strike = mpmath.exp(mpmath.mpf(log_moneyness))
        step = strike * mpmath.mpf(10) ** -12

        side = 1 if log_moneyness > 0 else -1  # call or put: the one that cancels nothing

        def price(at: mpmath.mpf) -> mpmath.mpf:
            stdev = mpmath.sqrt(total_variance(mpmath.log(at)))
            d_plus = -mpmath.log(at) / stdev + stdev / 2
            return side * (_cdf(side * d_plus) - at * _cdf(side * (d_plus - stdev)))

        second = (price(strike + step) - 2 * price(strike) + price(strike - step)) / step**2
        stdev = mpmath.sqrt(total_variance(mpmath.log(strike)))
        d_minus = -mpmath.log(strike) / stdev - stdev / 2
        lognormal = mpmath.exp(-d_minus * d_minus / 2) / mpmath.sqrt(2 * mpmath.pi)
        return +(second * strike * stdev / lognormal)


def exact_svi(
    *, a: float, b: float, rho: float, m: float, sigma: float
) -> Callable[[mpmath.mpf], mpmath.mpf]:
    """Total variance of k by SVI's formula at 50 digits."""

    def total_variance(k: mpmath.mpf) -> mpmath.mpf:
        x = k - mpmath.mpf(m)
        return a + b * (rho * x + mpmath.sqrt(x * x + mpmath.mpf(sigma) ** 2))

    return total_variance


def _cdf(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2
