"""The log-normal stochastic volatility model: its parameters and the transform of its log price.

dP = v P dW0 and dv = (kappa1 + kappa2 v)(theta - v) dt + beta v dW0 + volvol v dW1, P a forward
price and v its annual volatility. E[(P(T)/P(0))**power] has no closed form; its logarithm is
expanded in powers of v - theta, to the fourth: the second order of Sepp and Rakhmonov (IJTAF
26(8), 2024, section 4). Source: docs/maths.md section 2.7; docs/adr/0024-log-sv-claim.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import hypot, isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.core.checked import HUGE, Floats
from bot.core.errors import OptionInputError

Complexes: TypeAlias = NDArray[np.complex128]
LogTransform: TypeAlias = Callable[[Complexes], Complexes]
"""ln E[(P(T)/P(0))**power] for complex powers; 0 at the powers 0 and 1."""

VOL_MAX = 100.0
TERMS, TERMS_FINER = 5, 7
"""Powers 0 to 4 of v - theta; two more tell how good these are."""
PROBES = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 3.0])
"""Where that is looked at: imaginary parts of the power, over the log price's deviation."""
AGREEMENT, ROUNDING = 0.01, 1e-9
"""How far two more terms may move the transform, over what it is below 1; and what counts as 0."""
EPSILON = 1e-15
"""Rounding of a transform, which is all that is left of a difference over microseconds."""
RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""Tolerances of the differential equation, on the logarithm of the transform."""
SLOPES_MAX = 10_000
"""Evaluations after which the equation is given up as too stiff; the usual is some hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSv:
    """Parameters of the model.

    vol: volatility now, annual, > 0, at most 100. theta: where it tends to, the same. kappa1:
    speed of return per year, >= 0. kappa2: what a volatility of 1.00 adds to that speed, >= 0 and
    at least beta, since else the price is no martingale. beta: volatility's response to a log
    return of 1.00, over itself, of either sign. volvol: the rest of its own volatility, annual,
    >= 0.
    """

    vol: float
    theta: float
    kappa1: float
    kappa2: float
    beta: float
    volvol: float

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if not (isfinite(value) and abs(value) <= HUGE):
                raise OptionInputError(name=name, value=value, problem="it must be a number")
            if name in ("vol", "theta") and not 0.0 < value <= VOL_MAX:
                problem = f"it must be above 0, at most {VOL_MAX:g}"
                raise OptionInputError(name=name, value=value, problem=problem)
            if name != "beta" and value < 0.0:
                raise OptionInputError(name=name, value=value, problem="it must be 0 or more")
        if self.beta > self.kappa2:
            raise OptionInputError(
                name="beta",
                value=self.beta,
                problem=f"above kappa2, {self.kappa2}, the price is no martingale",
            )

    def log_transform(self, *, years: float) -> LogTransform:
        """ln E[(P(T)/P(0))**power] as a function of power, of real part from 0 to 1.

        years: > 0. It is 0 at the powers 0 and 1, as the price is a martingale. OptionInputError
        where the expansion does not hold for so long. Source: docs/maths.md section 2.7.

        >>> still = LogSv(vol=0.6, theta=0.6, kappa1=2.0, kappa2=2.0, beta=0.0, volvol=0.0)
        >>> round(still.log_transform(years=0.25)(np.array([0.5 + 0j])).item().real, 12)
        -0.01125
        """
        stdev = np.sqrt(max(self.vol, self.theta) ** 2 * years)
        probes = 0.5 + 1j * PROBES / stdev
        with np.errstate(all="ignore"):
            ours, finer = (
                np.exp(self._expanded(probes, years=years, terms=terms))
                for terms in (TERMS, TERMS_FINER)
            )
            agree = abs(finer - ours) <= AGREEMENT * (1.0 - abs(finer)) + EPSILON
        if not agree.all():
            raise self._refusal(years)

        def of_power(power: Complexes) -> Complexes:
            found = self._expanded(power, years=years, terms=TERMS)
            # E|P**power| is at most 1 for these powers: more than that is the expansion's failure.
            if not np.all(found.real <= ROUNDING):
                raise self._refusal(years)
            return found

        return of_power

    def _expanded(self, power: Complexes, *, years: float, terms: int) -> Complexes:
        from scipy.integrate import solve_ivp

        equation = _Equation(self, power, terms=terms)
        try:
            with np.errstate(all="ignore"):
                solved = solve_ivp(
                    equation.slope, (0.0, years), np.zeros(terms * power.size, np.complex128),
                    method="DOP853", rtol=RELATIVE, atol=ABSOLUTE,
                )  # fmt: skip
        except _TooStiffError:
            raise self._refusal(years) from None
        if not solved.success:
            raise self._refusal(years)
        coefficients = solved.y[:, -1].reshape(terms, power.size)
        found: Complexes = (self.vol - self.theta) ** np.arange(terms) @ coefficients
        return found

    def _refusal(self, years: float) -> OptionInputError:
        return OptionInputError(
            name="years",
            value=years,
            problem=f"the expansion does not hold for so long with volvol {self.volvol}, "
            f"beta {self.beta}, kappa1 {self.kappa1}, kappa2 {self.kappa2}, vol {self.vol}, "
            f"theta {self.theta}",
        )


class _TooStiffError(Exception):
    """The equation asks for more steps than are allowed."""


class _Equation:
    """d/dt of the A_k in ln E = sum A_k y**k, y = v - theta, for many powers at once.

    With G the sum and v = theta + y, the backward equation reads
    G_t = drift G_y + (beta**2 + volvol**2)/2 v**2 (G_yy + G_y**2) + beta power v**2 G_y
          + power (power - 1)/2 v**2,
    of which the first `terms` powers of y are kept.
    """

    def __init__(self, model: LogSv, power: Complexes, *, terms: int) -> None:
        self.power, self.evaluations = power, 0
        half = 0.5 * hypot(model.beta, model.volvol) ** 2
        pull = model.kappa1 + model.kappa2 * model.theta
        square = _times(model.theta**2, 2.0 * model.theta, 1.0, terms=terms)
        drift = _times(0.0, -pull, -model.kappa2, terms=terms)
        once = np.diag(np.arange(1.0, terms), k=1)
        self.still = drift @ once + half * square @ once @ once
        self.turned = model.beta * square @ once
        self.bent = half * square
        self.free = np.outer(square[:, 0], 0.5 * power * (power - 1.0))

    def slope(self, _years: float, flat: Complexes) -> Complexes:
        """The right-hand side, as the solver wants it."""
        self.evaluations += 1
        if self.evaluations > SLOPES_MAX:
            raise _TooStiffError
        terms = flat.reshape(-1, self.power.size)
        count = len(terms)
        g = terms[1:] * np.arange(1.0, count)[:, None]
        squared = np.zeros_like(terms)
        for shift, one in enumerate(g):
            kept = min(count - shift, count - 1)
            squared[shift : shift + kept] += one * g[:kept]
        rate: Complexes = (
            self.still @ terms
            + self.power * (self.turned @ terms)
            + self.bent @ squared
            + self.free
        )
        return rate.ravel()


def _times(*coefficients: float, terms: int) -> Floats:
    """Multiplication by a polynomial in y, as a matrix on the powers that are kept."""
    matrix: Floats = sum(
        (c * np.eye(terms, k=-shift) for shift, c in enumerate(coefficients)),
        start=np.zeros((terms, terms)),
    )
    return matrix
