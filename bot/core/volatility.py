"""Realised volatility of price bars: six estimators, annualised over 365 days.

All are of log prices, so the scale of the price does not matter. A volatility is an annual
fraction: 0.8 is 80 % a year. Formulas, sources and their assumptions: docs/maths.md section 5.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bot.core.bars import Bars, Floats, Moves, moves
from bot.core.errors import EstimateError
from bot.core.units import YEAR_S

LN_TWO = math.log(2.0)
RISKMETRICS_DECAY = 0.94
"""Weight that RiskMetrics (1996) leaves to the variance of the day before."""


class Estimator(StrEnum):
    """What is made of a bar's open, high, low and close."""

    CLOSE = "close"
    PARKINSON = "parkinson"
    GARMAN_KLASS = "garman_klass"
    ROGERS_SATCHELL = "rogers_satchell"
    YANG_ZHANG = "yang_zhang"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedVol:
    """annualised: a fraction a year. bars: how many bars it was taken from."""

    annualised: float
    bars: int


def realised_vol(bars: Bars, estimator: Estimator) -> RealisedVol:
    """Annualised volatility of the bars that follow another; the first gives a close only."""
    seen = moves(bars)
    count = len(seen.body)
    return RealisedVol(
        annualised=annualised(VARIANCES[estimator](seen), step_s=bars.step_s), bars=count
    )


def annualised(variance: float, *, step_s: int) -> float:
    """Volatility a year from the variance of one bar; a year has 365 days.

    >>> round(annualised(0.05**2, step_s=86_400), 12)
    0.955248658727
    """
    return math.sqrt(variance * YEAR_S / step_s)


def close_variance(seen: Moves) -> float:
    """Sample variance (n - 1) of ln(C/C before), per bar. Needs two bars."""
    return _variance(seen.close_to_close, "close-to-close volatility")


def close_variance_zero_mean(seen: Moves) -> float:
    """Mean square of ln(C/C before), per bar: the drift is taken as nought."""
    return _mean(seen.close_to_close**2, "close-to-close volatility")


def parkinson_variance(seen: Moves) -> float:
    """mean(ln(H/L)^2) / (4 ln 2), per bar. Parkinson (1980): no drift, no opening gap."""
    return _mean((seen.up - seen.down) ** 2, "Parkinson volatility") / (4.0 * LN_TWO)


def garman_klass_variance(seen: Moves) -> float:
    """mean(ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2), per bar. Garman and Klass (1980)."""
    squares = 0.5 * (seen.up - seen.down) ** 2 - (2.0 * LN_TWO - 1.0) * seen.body**2
    return _mean(squares, "Garman-Klass volatility")


def rogers_satchell_variance(seen: Moves) -> float:
    """mean(u(u - c) + d(d - c)), per bar. Rogers and Satchell (1991): any drift, no gap."""
    products = seen.up * (seen.up - seen.body) + seen.down * (seen.down - seen.body)
    return _mean(products, "Rogers-Satchell volatility")


def yang_zhang_variance(seen: Moves) -> float:
    """var(gap) + k var(body) + (1 - k) Rogers-Satchell, per bar. Yang and Zhang (2000).

    Takes any drift and opening gaps. Sample variances (n - 1); needs two bars.
    """
    figure = "Yang-Zhang volatility"
    weight = yang_zhang_weight(len(seen.body)) if len(seen.body) > 1 else 0.0
    return (
        _variance(seen.gap, figure)
        + weight * _variance(seen.body, figure)
        + (1.0 - weight) * rogers_satchell_variance(seen)
    )


def yang_zhang_weight(bars: int) -> float:
    """k = 0.34 / (1.34 + (n + 1)/(n - 1)), which makes the variance of the estimate least.

    >>> round(yang_zhang_weight(30), 15)
    0.141139421700544
    """
    return 0.34 / (1.34 + (bars + 1) / (bars - 1))


VARIANCES: dict[Estimator, Callable[[Moves], float]] = {
    Estimator.CLOSE: close_variance,
    Estimator.PARKINSON: parkinson_variance,
    Estimator.GARMAN_KLASS: garman_klass_variance,
    Estimator.ROGERS_SATCHELL: rogers_satchell_variance,
    Estimator.YANG_ZHANG: yang_zhang_variance,
}
"""Variance per bar by estimator."""


def ewma_variances(returns: Floats, decay: float = RISKMETRICS_DECAY) -> Floats:
    """Variance per bar after each return: v = decay v + (1 - decay) r^2, the first stands alone.

    decay: in (0, 1), per bar. Element i knows the returns up to i and none after it.
    >>> ewma_variances(np.array([0.1, 0.2]), decay=0.5).round(12).tolist()
    [0.01, 0.025]
    """
    if not 0.0 < decay < 1.0:
        raise EstimateError(figure="EWMA volatility", problem=f"decay {decay} is not in (0, 1)")
    variances = np.square(returns)
    for index in range(1, len(variances)):
        fresh = variances[index]
        variances[index] = decay * variances[index - 1] + (1.0 - decay) * fresh
    return variances


def _variance(values: Floats, figure: str) -> float:
    if len(values) < 2:
        raise EstimateError(figure=figure, problem=f"it needs 2 bars and has {len(values)}")
    return np.var(values, ddof=1).item()


def _mean(values: Floats, figure: str) -> float:
    """Mean of squares or products, which rounding can leave a hair below nought."""
    if not len(values):
        raise EstimateError(figure=figure, problem="it needs a bar and the close before it")
    return max(0.0, np.mean(values).item())
