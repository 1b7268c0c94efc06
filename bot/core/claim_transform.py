"""The value of impermanent loss by the transform of the log price, for any law that has one.

A position is a strip of covered calls, V(P) = integral of L/2 K**-1.5 min(P, K) over its range, and
E[min(P, K)] is one Fourier integral. The strikes can be integrated first, so that one integral per
end of the range is left. Black-Scholes of the volatility with the same E[sqrt(P)] is taken out
and added in closed form; what remains is small and smooth. Source: docs/maths.md section 2.7;
docs/adr/0024-log-sv-claim.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from bot.core.checked import Floats, positive
from bot.core.claim import claim_payoff, claim_value
from bot.core.errors import OptionInputError
from bot.core.log_sv import Complexes, LogSv, LogTransform
from bot.core.residual import Position

NODES = 16
PANEL = 2.0
"""Width of a panel, in units of 1 over the standard deviation of the log price."""
PANELS_A_BLOCK, BLOCKS_MAX = 2, 256
"""Few powers at once: on more, numpy's products start threads that cost more than they save."""
ENOUGH = 1e-12
"""Where the transform has fallen below this the integral ends."""


@dataclass(frozen=True, slots=True)
class _Panels:
    """What is left of the transform without Black-Scholes: Legendre series on panels of u.

    middles: (panels,). half: of a panel's width. series: (panels, NODES).
    """

    middles: Floats
    half: float
    series: Complexes

    def integral(self, moneyness: Floats) -> Floats:
        """Re of the integral of e**(iu moneyness) times the series over all panels.

        Exact for any moneyness, as a Legendre polynomial's Fourier transform is a spherical
        Bessel function: integral of P_k(x) e**(iwx) over [-1, 1] = 2 i**k j_k(w).
        """
        from scipy.special import spherical_jn

        orders = np.arange(NODES)
        moments = 2.0 * 1j**orders * spherical_jn(orders, self.half * moneyness[..., None])
        phases = np.exp(1j * moneyness[..., None] * self.middles)
        total: Floats = np.einsum("...p,pk,...k->...", phases, self.series, moments).real
        return self.half * total


def log_sv_claim(
    model: LogSv, position: Position, *, years: float, forward: ArrayLike | None = None
) -> Floats:
    """Expected loss over entry value under log-normal stochastic volatility, quote, <= 0.

    years: to the horizon, >= 0. forward: expected price then, the entry price when left out; an
    array gives an array. Within 1e-9 of the notional times the range's efficiency of what the
    expansion says; the expansion itself is refused where it may be wrong by a hundredth.

    >>> model = LogSv(vol=0.6, theta=0.6, kappa1=2.0, kappa2=2.0, beta=0.0, volvol=0.0)
    >>> position = Position(entry=2200.0, lower=2000.0, upper=2400.0, notional=1e6)
    >>> round(log_sv_claim(model, position, years=10 / 365).item(), 4)  # Black-Scholes
    -22652.626
    """
    if years == 0.0:
        return position.loss(position.entry if forward is None else forward)
    positive("years", years)
    return transform_claim(model.log_transform(years=years), position, forward=forward)


def transform_claim(
    log_transform: LogTransform, position: Position, *, forward: ArrayLike | None = None
) -> Floats:
    """The same for the law whose transform is given.

    >>> still = lambda power: 0.32 * 0.25 * power * (power - 1.0)  # 80 %, a quarter of a year
    >>> round(transform_claim(still, Position(entry=2000.0)).item(), 12) == round(
    ...     claim_value(entry=2000.0, vol=0.8, years=0.25).item(), 12
    ... )
    True
    """
    ahead = positive("forward", position.entry if forward is None else forward)
    stdev = sqrt(max(0.0, -8.0 * log_transform(np.array([0.5 + 0.0j])).item().real))
    plain = claim_value(
        entry=position.entry, forward=ahead, vol=stdev, years=1.0,
        lower=position.lower, upper=position.upper, notional=position.notional,
    )  # fmt: skip
    ends = [(end, sign) for end, sign in ((position.lower, 1), (position.upper, -1))
            if 0.0 < end < inf]  # fmt: skip
    if not ends or stdev == 0.0:
        return plain
    panels = _panels(log_transform, stdev)
    turned = sum(sign * panels.integral(np.log(ahead / end)) for end, sign in ends)
    value: Floats = plain + position.liquidity * np.sqrt(ahead) / (2.0 * pi) * turned
    ceiling = claim_payoff(
        ahead, entry=position.entry, lower=position.lower, upper=position.upper,
        notional=position.notional,
    )  # fmt: skip
    # By Jensen never above the payoff at the forward, which far out it equals but for rounding.
    return np.minimum(value, ceiling)


def _panels(log_transform: LogTransform, stdev: float) -> _Panels:
    """(M - M of Black-Scholes) / (iu (u**2 + 1/4)), panel by panel until M has died away.

    The difference is 0 at u = 0 and at u = i/2 and -i/2, so that the quotient is smooth.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    to_series = (
        np.polynomial.legendre.legvander(nodes, NODES - 1) * weights[:, None]
        * (np.arange(NODES) + 0.5)
    )  # fmt: skip
    half = 0.5 * PANEL / stdev
    middles, series = [], []
    for block in range(BLOCKS_MAX):
        first = block * PANELS_A_BLOCK
        centres = half * (2.0 * np.arange(first, first + PANELS_A_BLOCK) + 1.0)
        u = centres[:, None] + half * nodes
        logs = log_transform(np.asarray(0.5 + 1j * u, np.complex128).ravel()).reshape(u.shape)
        square = u * u + 0.25
        rest = np.exp(logs) - np.exp(-0.5 * stdev**2 * square)
        middles.append(centres)
        series.append(rest / (1j * u * square) @ to_series)
        if logs[-1].real.max() < log(ENOUGH):
            return _Panels(np.concatenate(middles), half, np.concatenate(series))
    raise OptionInputError(
        name="transform",
        value=f"{np.exp(logs[-1].real.max()):.3g} at {u.max():.6g}",
        problem=f"it must fall below {ENOUGH} by then",
    )
