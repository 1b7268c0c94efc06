"""Volatility by the textbook, one bar at a time, with 50 digits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import mpmath

DIGITS = 50
Row = tuple[float, float, float, float]


def exact_vol(estimator: str, rows: Sequence[Row], *, periods_a_year: int = 365) -> mpmath.mpf:
    """Annualised volatility of (open, high, low, close) rows; the first gives a close only."""
    with mpmath.workdps(DIGITS):
        gaps, bodies, ranges, products = [], [], [], []
        for (_, _, _, before), (opened, high, low, close) in pairwise(rows):
            o, h, l_, c = (mpmath.log(mpmath.mpf(price)) for price in (opened, high, low, close))
            gaps.append(o - mpmath.log(mpmath.mpf(before)))
            bodies.append(c - o)
            ranges.append(h - l_)
            products.append((h - o) * (h - c) + (l_ - o) * (l_ - c))
        count = mpmath.mpf(len(gaps))
        ln2 = mpmath.log(2)
        if estimator == "close":
            variance = _sample_variance([g + b for g, b in zip(gaps, bodies, strict=True)])
        elif estimator == "parkinson":
            variance = sum(r**2 for r in ranges) / (4 * ln2 * count)
        elif estimator == "garman_klass":
            body = sum(b**2 for b in bodies)
            variance = (sum(r**2 for r in ranges) / 2 - (2 * ln2 - 1) * body) / count
        elif estimator == "rogers_satchell":
            variance = sum(products) / count
        else:
            weight = mpmath.mpf("0.34") / (mpmath.mpf("1.34") + (count + 1) / (count - 1))
            variance = _sample_variance(gaps) + weight * _sample_variance(bodies)
            variance += (1 - weight) * sum(products) / count
        return mpmath.sqrt(variance * periods_a_year)


def _sample_variance(values: Sequence[mpmath.mpf]) -> mpmath.mpf:
    mean = mpmath.fsum(values) / len(values)
    return mpmath.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
