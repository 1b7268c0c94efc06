"""Two convex programmes with x >= 0, solved by scipy: linear by HiGHS, least squares by NNLS.

Scale both so that the figures that matter are about 1.
"""

from __future__ import annotations

import numpy as np

from bot.core.checked import Floats
from bot.core.errors import HedgeFitError

TOLERANCE = 1e-10
HEAVY = 1e5
"""Weight of an inequality in least squares: it is missed by about its inverse square."""
STEPS_A_VARIABLE_MAX = 100


def linear(goal: Floats, rows: Floats, limits: Floats, *, most: Floats) -> Floats:
    """The least `goal @ x` with `rows @ x <= limits` and 0 <= x <= most."""
    from scipy.optimize import linprog

    answer = linprog(
        goal, A_ub=rows, b_ub=limits, bounds=np.column_stack([np.zeros(most.size), most]),
        method="highs",
        options={
            "primal_feasibility_tolerance": TOLERANCE,
            "dual_feasibility_tolerance": TOLERANCE,
        },
    )  # fmt: skip
    if answer.status != 0:
        raise HedgeFitError(problem=str(answer.message))
    best: Floats = np.clip(answer.x, 0.0, most)
    return best


def least_squares(
    rows: Floats, wanted: Floats, *, floors: Floats, floor_limits: Floats, most: Floats
) -> Floats:
    """The least squares of `rows @ x - wanted` with 0 <= x <= most, floors @ x >= floor_limits.

    An inequality is an equality with a slack variable of its own and a heavy weight: Lawson and
    Hanson, Solving Least Squares Problems, chapter 23. Dependent columns do no harm.
    """
    from scipy.optimize import nnls

    free, capped = np.flatnonzero(most > 0.0), np.flatnonzero((most > 0.0) & (most < np.inf))
    caps = np.vstack([floors, -np.eye(most.size)[capped]])[:, free]
    limits = np.concatenate([floor_limits, -most[capped]])
    above = np.block(
        [
            [rows[:, free], np.zeros((len(rows), len(caps)))],
            [HEAVY * caps, -HEAVY * np.eye(len(caps))],
        ]
    )
    try:
        answer, _ = nnls(
            above, np.append(wanted, HEAVY * limits), maxiter=STEPS_A_VARIABLE_MAX * above.shape[1]
        )
    except RuntimeError as error:
        raise HedgeFitError(problem=f"least squares: {error}") from None
    dealt = np.zeros(most.size)
    dealt[free] = answer[: free.size]
    return np.minimum(dealt, most)
