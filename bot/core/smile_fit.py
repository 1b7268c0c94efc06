"""The SVI slice nearest to one expiry's quotes, with every condition a constraint of the fit.

Sequential quadratic programming (SLSQP of scipy) over five parameters, in units of the expiry's
own standard deviation. The constraints hold on a grid of 61 moneynesses to 45 standard deviations
with a margin; whether they hold everywhere is then decided exactly, and where they do not the
margin grows. Starts are computed, none is drawn. docs/maths.md section 3.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from bot.core.bars import Floats
from bot.core.errors import SurfaceFitError, VenueTermsError
from bot.core.smile import Smile
from bot.core.svi import (
    Slice,
    butterfly_breach,
    calendar_breach,
    density_factor,
    derivatives,
    lift_breach,
)

GRID = np.sinh(np.linspace(-4.5, 4.5, 61))
"""Where the fit holds the conditions, in standard deviations."""
MARGINS = (1e-3, 1e-2, 5e-2)
LOSS_SCALE = 0.001
"""Below a tenth of a vol point errors count squared, above it by their size."""
BOUNDS = ((-3.0, 3.0), (1e-4, 12.0), (-0.999, 0.999), (-6.0, 6.0), (0.02, 12.0))
STARTS = tuple(product((-1.0, 0.0, 1.0), (0.5, 1.5, 4.0)))
"""(m, sigma) from which the linear least squares for the rest begin."""
ITERATIONS_MAX = 200
FLAT = np.array([0.95, 0.05, 0.0, 0.0, 1.0])
"""The last start: nearly the volatility at the money at every strike, which is sound."""
PULL = 0.01
"""Weight of a shape's distance from its model, squared, where quotes are fewer than parameters."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SliceProblem:
    """The fit in y = k/stdev and w/stdev^2; `near` and `far` bound it, `like` is its shape's model.

    like: (b, rho, m, sigma) in the same units that few quotes are pulled towards; None where there
    are enough.
    """

    y: Floats
    vol: Floats
    stdev: float
    years: float
    near: Slice | None
    far: Slice | None
    like: Floats | None
    margin: float

    @classmethod
    def of(
        cls,
        smile: Smile,
        *,
        margin: float,
        near: Slice | None = None,
        far: Slice | None = None,
        like: Slice | None = None,
    ) -> SliceProblem:
        """A smile's fit: units of its own standard deviation at the money."""
        atm = np.argmin(np.abs(smile.log_moneyness))
        stdev = smile.vol[atm].item() * math.sqrt(smile.years)
        return cls(
            y=smile.log_moneyness / stdev,
            vol=smile.vol,
            stdev=stdev,
            years=smile.years,
            near=near,
            far=far,
            like=None if like is None else _shape(like),
            margin=margin,
        )


def fit_slice(
    smile: Smile,
    *,
    near: Slice | None = None,
    far: Slice | None = None,
    like: Slice | None = None,
) -> Slice:
    """The sound slice of least error; above `near` and below `far` at every strike if given.

    like: what a smile of fewer than five quotes resembles, in its own standard deviations.
    """
    if smile.vol.size < len(BOUNDS) and like is None:
        raise _refusal(smile, f"{smile.vol.size} quotes are too few for five parameters")
    for margin in MARGINS:
        problem = SliceProblem.of(smile, margin=margin, near=near, far=far, like=like)
        for start in _starts(problem):
            found = slice_of(problem, _solved(problem, start))
            if found is not None and is_sound(found, near=near, far=far):
                return found
    raise _refusal(smile, "no smile without arbitrage was found near its quotes")


def is_sound(one: Slice, *, near: Slice | None, far: Slice | None) -> bool:
    """Whether no strike of it, and none between it and its neighbours, can be arbitraged."""
    return (
        butterfly_breach(one) is None
        and lift_breach(one) is None
        and (near is None or calendar_breach(near, one) is None)
        and (far is None or calendar_breach(one, far) is None)
    )


def _starts(problem: SliceProblem) -> list[Floats]:
    """The three best of linear least squares in (a, b rho, b) at given m and sigma, best first.

    Few quotes start from their model alone.
    """
    if problem.like is not None:
        b, rho, m, sigma = problem.like
        level = 1.0 - b * (math.hypot(m, sigma) - rho * m)
        low, high = np.array(BOUNDS).T
        return [np.clip(np.array([level, b, rho, m, sigma]), low, high)]
    target = problem.vol**2 * problem.years / problem.stdev**2
    ranked = []
    for order, (m, sigma) in enumerate(STARTS):
        x = problem.y - m
        columns = np.stack([np.ones_like(x), x, np.hypot(x, sigma)], axis=1)
        (a, b_rho, b), *_ = np.linalg.lstsq(columns, target)
        b = max(b, 0.05)
        start = np.array([a, b, np.clip(b_rho / b, -0.9, 0.9), m, sigma])
        ranked.append((np.sum((_variance(start, problem.y) - target) ** 2), order, start))
    ranked.sort(key=lambda one: one[:2])
    return [*(start for _, _, start in ranked[:3]), FLAT]


def _solved(problem: SliceProblem, start: Floats) -> Floats:
    from scipy.optimize import minimize

    found = minimize(
        lambda x: loss(problem, x),
        start,
        jac=lambda x: loss_gradient(problem, x),
        bounds=BOUNDS,
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: conditions(problem, x),
                "jac": lambda x: differences(lambda at: conditions(problem, at), x),
            }
        ],
        method="SLSQP",
        options={"maxiter": ITERATIONS_MAX, "ftol": 1e-9},
    )
    low, high = np.array(BOUNDS).T
    inside: Floats = np.clip(found.x, low, high)
    return inside


def _variance(x: Floats, y: Floats) -> Floats:
    a, b, rho, m, sigma = x
    found: Floats = a + b * (rho * (y - m) + np.hypot(y - m, sigma))
    return found


def _errors(problem: SliceProblem, x: Floats) -> tuple[Floats, Floats]:
    """(model minus quoted volatility in loss scales, model volatility)."""
    w = np.maximum(_variance(x, problem.y), 1e-4)
    model = problem.stdev * np.sqrt(w / problem.years)
    return (model - problem.vol) / LOSS_SCALE, model


def loss(problem: SliceProblem, x: Floats) -> float:
    """What the fit makes least: squares of small errors, sizes of large ones, and the pull."""
    errors, _ = _errors(problem, x)
    return np.mean(np.sqrt(1.0 + errors**2) - 1.0).item() + PULL * _pull(problem, x)


def _pull(problem: SliceProblem, x: Floats) -> float:
    return 0.0 if problem.like is None else np.sum((x[1:] - problem.like) ** 2).item()


def loss_gradient(problem: SliceProblem, x: Floats) -> Floats:
    """Of `loss`."""
    errors, model = _errors(problem, x)
    _, b, rho, m, sigma = x
    away = problem.y - m
    root = np.hypot(away, sigma)
    by_parameter = np.stack(
        [
            np.ones_like(away),
            rho * away + root,
            b * away,
            -b * (rho + away / root),
            b * sigma / root,
        ]
    )
    by_variance = problem.stdev**2 / (2.0 * problem.years * LOSS_SCALE * model)
    found: Floats = by_parameter @ (by_variance * errors / np.sqrt(1.0 + errors**2)) / errors.size
    if problem.like is not None:
        found[1:] += 2.0 * PULL * (x[1:] - problem.like)
    return found


def conditions(problem: SliceProblem, x: Floats) -> Floats:
    """Everything that must be >= 0."""
    a, b, rho, m, sigma = x
    k, stdev, margin = GRID * problem.stdev, problem.stdev, problem.margin
    away = GRID - m
    root = np.hypot(away, sigma)
    w = np.maximum(a + b * (rho * away + root), 1e-4) * stdev**2
    slope, bend = b * (rho + away / root) * stdev, b * sigma**2 / root**3
    sides = np.array([1.0 - rho, 1.0 + rho])
    parts = [
        density_factor(k, w, slope, bend, lifted=True) - margin,
        [a + b * sigma * math.sqrt(1.0 - rho**2) - 1e-3],
        2.0 - 1e-3 - stdev * b * sides,
    ]
    for other, sign in ((problem.near, 1.0), (problem.far, -1.0)):
        if other is not None:
            gap = (w - derivatives(other, k)[0]) / stdev**2
            slopes = b * sides - other.b / stdev * np.array([1.0 - other.rho, 1.0 + other.rho])
            # Far out it is the slopes that count; there a gap is measured in the distance.
            parts += [sign * gap / np.hypot(1.0, GRID) - margin / 10, sign * slopes - margin / 10]
    return np.concatenate(parts)


def differences(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Central differences, a column a parameter."""
    steps = 1e-6 * np.maximum(np.abs(x), 0.1)
    moves = np.diag(steps)
    return np.stack(
        [
            (function(x + move) - function(x - move)) / (2.0 * step)
            for move, step in zip(moves, steps, strict=True)
        ],
        axis=1,
    )


def scaled(problem: SliceProblem, x: Floats) -> Floats:
    """(a, b, rho, m, sigma) of total variance over ln(K/F), from the problem's units."""
    stdev = problem.stdev
    found: Floats = x * np.array([stdev**2, stdev, 1.0, stdev, stdev])
    return found


def unscaled(problem: SliceProblem, one: Slice) -> Floats:
    """A slice in the problem's units."""
    stdev = problem.stdev
    units = np.array([stdev**2, stdev, 1.0, stdev, stdev])
    found: Floats = np.array([one.a, one.b, one.rho, one.m, one.sigma]) / units
    return found


def slice_of(problem: SliceProblem, x: Floats) -> Slice | None:
    """The slice of these parameters, in the problem's units; None where there is none."""
    a, b, rho, m, sigma = (round(value, 15) for value in scaled(problem, x).tolist())
    try:
        return Slice(years=problem.years, a=a, b=b, rho=rho, m=m, sigma=sigma)
    except VenueTermsError:
        return None


def _shape(one: Slice) -> Floats:
    stdev = math.sqrt(one.total_variance(0.0))
    return np.array([one.b / stdev, one.rho, one.m / stdev, one.sigma / stdev])


def _refusal(smile: Smile, problem: str) -> SurfaceFitError:
    return SurfaceFitError(days=round(smile.years * 365.0, 3), problem=problem)
