"""Independent answers for log-normal stochastic volatility: no expansion, and no shared inversion.

`solved_log_transform` solves the model's backward equation on a grid of volatilities, power by
power. `textbook_claim` adds up a put, a call, two digitals and the root's part, each by a Fourier
integral of its own, from the expansion written as the published matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log, pi, sqrt

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse import diags_array, eye_array
from scipy.sparse.linalg import splu

Params = Mapping[str, float]
Array = np.ndarray
LANES = 32


def solved_log_transform(
    power: Array, *, params: Params, years: float, points: int = 240, steps: int = 60
) -> Array:
    """ln E[(P(T)/P(0))**power] on a grid of x = ln v, second order in both steps.

    What moves v by Crank-Nicolson, what weighs P exactly, half before and half after (Strang).

    m_t = ((kappa1 + kappa2 v)(theta - v)/v - q/2 + beta power v) m_x + q/2 m_xx
          + power (power - 1)/2 v**2 m,   q = beta**2 + volvol**2, m = 1 at the start.
    """
    q = params["beta"] ** 2 + params["volvol"] ** 2
    reach = 7.0 * sqrt(q * years) + abs(log(params["vol"] / params["theta"])) + 0.05
    half = points // 2
    dx, dt = reach / half, years / steps
    v = params["vol"] * np.exp(dx * np.arange(-half, half + 1))
    drift = (params["kappa1"] + params["kappa2"] * v) * (params["theta"] - v) / v - 0.5 * q
    unit = eye_array(v.size, format="csc")
    found = np.empty(power.size, np.complex128)
    for at, one in enumerate(power.ravel()):
        down = 0.5 * q / dx**2 - 0.5 * (drift + params["beta"] * one * v) / dx
        up = 0.5 * q / dx**2 + 0.5 * (drift + params["beta"] * one * v) / dx
        middle = np.full(v.size, -q / dx**2, np.complex128)
        weight = np.exp(0.25 * dt * one * (one - 1.0) * v**2)
        # Beyond the ends nothing changes: what would flow there stays at the end.
        middle[0] += down[0]
        middle[-1] += up[-1]
        flow = 0.5 * dt * diags_array([down[1:], middle, up[:-1]], offsets=[-1, 0, 1], format="csc")
        ahead, back = splu((unit - flow).astype(np.complex128)), unit + flow
        m = np.ones(v.size, np.complex128)
        for _ in range(steps):
            m = weight * ahead.solve(back @ (weight * m))
        found[at] = np.log(m[half])
    return found.reshape(power.shape)


def richardson(power: Array, *, params: Params, years: float, points: int, steps: int) -> Array:
    """The same with its error of second order taken out, by steps of half the size."""
    coarse, fine = (
        solved_log_transform(power, params=params, years=years, points=n * points, steps=n * steps)
        for n in (1, 2)
    )
    return np.log((4.0 * np.exp(fine) - np.exp(coarse)) / 3.0)


def published_log_transform(
    power: Array, *, params: Params, years: float, quartic: float = 6.0
) -> Array:
    """Second-order expansion by its matrices: A_k' = A' M_k A + L_k A + H_k, coefficient by hand.

    Source: Sepp and Rakhmonov, IJTAF 26(8), 2024, equations (4.24) and (4.25), with power = -Phi.
    quartic: factor of (beta**2 + volvol**2) A_4 in the equation of A_4. The generator applied to
    y**4 gives 4 * 3 / 2 = 6; the code behind the reference's values has 2.
    """
    theta, k2, beta = params["theta"], params["kappa2"], params["beta"]
    q, k = beta**2 + params["volvol"] ** 2, params["kappa1"] + k2 * theta

    w = power.ravel()

    def slope(_t: float, a: Array) -> Array:
        _, b, c, d, e = a = a.reshape(5, -1)
        tilt, free = beta * w, 0.5 * w * (w - 1.0)
        return np.array(
            [
                0.5 * q * theta**2 * b * b + theta**2 * (tilt * b + q * c + free),
                q * (theta * b * b + 2.0 * theta**2 * b * c)
                + (2.0 * theta * tilt - k) * b + 2.0 * (q * theta + theta**2 * tilt) * c
                + 3.0 * q * theta**2 * d + 2.0 * theta * free,
                q * (0.5 * b * b + 2.0 * theta**2 * c * c + 4.0 * theta * b * c
                     + 3.0 * theta**2 * b * d)
                + (tilt - k2) * b + (q - 2.0 * k + 4.0 * theta * tilt) * c
                + (6.0 * q * theta + 3.0 * theta**2 * tilt) * d + 6.0 * q * theta**2 * e + free,
                q * (4.0 * theta * c * c + 2.0 * b * c + 6.0 * theta * b * d
                     + 4.0 * theta**2 * b * e + 6.0 * theta**2 * c * d)
                + 2.0 * (tilt - k2) * c + (3.0 * q - 3.0 * k + 6.0 * theta * tilt) * d
                + (12.0 * q * theta + 4.0 * theta**2 * tilt) * e,
                q * (2.0 * c * c + 4.5 * theta**2 * d * d + 3.0 * b * d + 8.0 * theta * b * e
                     + 12.0 * theta * c * d + 8.0 * theta**2 * c * e)
                + 3.0 * (tilt - k2) * d + (quartic * q - 4.0 * k + 8.0 * theta * tilt) * e,
            ]
        ).ravel()  # fmt: skip

    if w.size > LANES:
        parts = np.array_split(w, -(-w.size // LANES))
        return np.concatenate(
            [published_log_transform(p, params=params, years=years, quartic=quartic) for p in parts]
        ).reshape(power.shape)
    solved = solve_ivp(
        slope, (0.0, years), np.zeros(5 * w.size, np.complex128),
        method="DOP853", rtol=1e-9, atol=1e-12,
    )  # fmt: skip
    y = params["vol"] - theta
    return (y ** np.arange(5) @ solved.y[:, -1].reshape(5, -1)).reshape(power.shape)


def textbook_claim(
    log_transform: Callable[[Array], Array],
    *,
    forward: float,
    entry: float,
    lower: float,
    upper: float,
    notional: float,
    reach: float,
) -> float:
    """Payoff of arXiv 2407.05146 term by term: put(Pa), call(Pb), digitals, and the root between.

    On the line of powers 0.4 + iu, u up to `reach`, on panels that grow with u.
    """
    nodes, weights = np.polynomial.legendre.leggauss(24)
    ends = np.concatenate([[0.0], reach * 0.6 ** np.arange(14.0, -1.0, -1.0)])
    half = np.diff(ends)[:, None] / 2.0
    w = 0.4 + 1j * (ends[:-1, None] + half * (1.0 + nodes)).ravel()
    weights = (half * weights).ravel() / pi
    m = np.exp(log_transform(w))

    def along(values: Array) -> float:
        return float(np.sum(weights * (m * values).real))

    def turned(end: float, by: Array) -> Array:
        return (forward / end) ** w / by

    # E[min(P, K)] / K, and the chance of ending above K.
    capped = {end: along(turned(end, w * (1.0 - w))) for end in (lower, upper)}
    above = {end: along(turned(end, w)) for end in (lower, upper)}
    put, call = lower - lower * capped[lower], forward - upper * capped[upper]
    root = along(sqrt(upper) * turned(upper, 0.5 - w) - sqrt(lower) * turned(lower, 0.5 - w))
    a, b, p = sqrt(lower), sqrt(upper), sqrt(entry)
    held = p * (forward / entry + 1.0)
    kept = 2.0 * root - put / a + call / b + 2.0 * a * (1.0 - above[lower]) + 2.0 * b * above[upper]
    return notional * (kept - held) / (2.0 * p - entry / b - a)
