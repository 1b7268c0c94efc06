"""All slices of a chain at once, for chains whose expiries press on each other.

One expiry after the other, a slice that was free to choose its unquoted wing pushes its neighbour
off the neighbour's quotes. Here every slice gives way: sequential quadratic programming (SLSQP of
scipy) over five parameters a slice, with the conditions of all slices and of all pairs of
neighbours. What it finds is judged exactly by its caller. docs/maths.md section 3.6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bot.core.bars import Floats
from bot.core.smile import Smile
from bot.core.smile_fit import (
    BOUNDS,
    GRID,
    SliceProblem,
    conditions,
    differences,
    loss,
    loss_gradient,
    scaled,
    slice_of,
    unscaled,
)
from bot.core.svi import Slice

ITERATIONS_MAX = 60
ROUNDS_MAX = 5
NEAR = 0.05
"""A condition nearer to being broken than this is watched; its natural scale is 1."""
FREE = len(BOUNDS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Chain:
    """The problems of all slices, their weights in the loss, and the margin between neighbours."""

    parts: tuple[SliceProblem, ...]
    weights: Floats
    margin: float


def fit_together(
    problems: Sequence[SliceProblem], start: Sequence[Slice], *, margin: float
) -> tuple[Slice, ...] | None:
    """Slices of least mean error over all quotes, from a start; None where it ends nowhere.

    The conditions hold on grids, by the margin of each problem and between neighbours by `margin`.
    """
    sizes = np.array([one.y.size for one in problems], np.float64)
    chain = _Chain(parts=tuple(problems), weights=sizes / sizes.sum(), margin=margin)
    low, high = np.tile(np.array(BOUNDS), (len(chain.parts), 1)).T
    first = [unscaled(p, one) for p, one in zip(chain.parts, start, strict=True)]
    x = np.clip(np.concatenate(first), low, high)
    # Most conditions are far from mattering: only those that are near to it are handed over.
    chosen = _conditions(chain, x) < NEAR
    for _ in range(ROUNDS_MAX):
        x = np.clip(_solved(chain, x, chosen), low, high)
        if not np.isfinite(x).all():
            return None
        met = _conditions(chain, x)
        if not (met[~chosen] < 0.0).any():
            break
        chosen |= met < NEAR
    slices = [slice_of(p, row) for p, row in zip(chain.parts, _rows(x), strict=True)]
    return tuple(one for one in slices if one) if all(slices) else None


def _solved(chain: _Chain, start: Floats, chosen: NDArray[np.bool_]) -> Floats:
    from scipy.optimize import minimize

    found: Floats = minimize(
        lambda x: _loss(chain, x),
        start,
        jac=lambda x: _loss_gradient(chain, x),
        bounds=np.tile(np.array(BOUNDS), (len(chain.parts), 1)),
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: _conditions(chain, x)[chosen],
                "jac": lambda x: _slopes(chain, x)[chosen],
            }
        ],
        method="SLSQP",
        options={"maxiter": ITERATIONS_MAX, "ftol": 1e-6},
    ).x
    return found


def _rows(x: Floats) -> Floats:
    return x.reshape(-1, FREE)


def _loss(chain: _Chain, x: Floats) -> float:
    losses = [loss(p, row) for p, row in zip(chain.parts, _rows(x), strict=True)]
    mean: float = (chain.weights @ np.array(losses)).item()
    return mean


def _loss_gradient(chain: _Chain, x: Floats) -> Floats:
    parts = zip(chain.weights, chain.parts, _rows(x), strict=True)
    return np.concatenate([weight * loss_gradient(p, row) for weight, p, row in parts])


def _conditions(chain: _Chain, x: Floats) -> Floats:
    rows = _rows(x)
    own = [conditions(p, row) for p, row in zip(chain.parts, rows, strict=True)]
    return np.concatenate(own + [_between(chain, rows, pair) for pair in range(len(rows) - 1)])


def _slopes(chain: _Chain, x: Floats) -> Floats:
    """The Jacobian of `_conditions`: blocks, since a condition knows one slice or two."""
    rows = _rows(x)
    blocks: list[tuple[int, Floats]] = []
    for number, (part, row) in enumerate(zip(chain.parts, rows, strict=True)):
        blocks.append((number, differences(partial(conditions, part), row)))
    for pair in range(len(rows) - 1):
        both = rows[pair : pair + 2].ravel()
        blocks.append((pair, differences(partial(_gap, chain, pair), both)))
    found = np.zeros((sum(len(block) for _, block in blocks), x.size))
    top = 0
    for number, block in blocks:
        left = number * FREE
        found[top : top + len(block), left : left + block.shape[1]] = block
        top += len(block)
    return found


def _between(chain: _Chain, rows: Floats, pair: int) -> Floats:
    return _gap(chain, pair, rows[pair : pair + 2].ravel())


def _gap(chain: _Chain, pair: int, both: Floats) -> Floats:
    """What must be >= 0 between a slice and the next: the gap of variance, and of both slopes."""
    near, far = chain.parts[pair], chain.parts[pair + 1]
    k = GRID * math.sqrt(near.stdev * far.stdev)
    (a, b, rho, m, sigma), (a_far, b_far, rho_far, m_far, sigma_far) = (
        scaled(part, row) for part, row in zip((near, far), _rows(both), strict=True)
    )
    w = a + b * (rho * (k - m) + np.hypot(k - m, sigma))
    w_far = a_far + b_far * (rho_far * (k - m_far) + np.hypot(k - m_far, sigma_far))
    sides = np.array([-1.0, 1.0])
    slopes = b_far * (1.0 + sides * rho_far) - b * (1.0 + sides * rho)
    gap = (w_far - w) / far.stdev**2 / np.hypot(1.0, GRID)
    return np.concatenate([gap, slopes / far.stdev]) - chain.margin / 10.0


def problems_of(
    smiles: Sequence[Smile], likes: Sequence[Slice | None], *, margin: float
) -> list[SliceProblem]:
    """The fit of each smile by itself, in its own units; see `SliceProblem`."""
    return [
        SliceProblem.of(smile, margin=margin, like=like)
        for smile, like in zip(smiles, likes, strict=True)
    ]
