"""A pool of a volatility token against money: how such a token moves, and what that does to an LP.

A volatility token comes back. Its logarithm is an Ornstein-Uhlenbeck process, so the price at any
horizon is log-normal and the claim of impermanent loss has the closed form of bot/core/claim.py at
the model's own forward and variance. The pool sells the rising token all the way up and buys it
back on the way down: the loss is bounded in time, where a random walk's grows for ever.
Source: docs/maths.md section 2.10. Why so: docs/adr/0030-vol-token-pools.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, isfinite, log, sqrt

from bot.core.errors import OptionInputError
from bot.core.residual import Position

NODES = 64
"""Of the Gauss-Legendre rule for what is summed over time; its error here is below 1e-12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolToken:
    """d ln P = reversion (ln mean - ln P) dt + vol dW.

    mean: the price that it is drawn to, quote per base. reversion: speed a year; half of a distance
    is gone after ln(2) / reversion years. vol: annual volatility of moments, a fraction. All > 0.
    """

    mean: float
    reversion: float
    vol: float

    def __post_init__(self) -> None:
        for name in ("mean", "reversion", "vol"):
            _refuse_unless_positive(name, getattr(self, name))

    def variance(self, years: float) -> float:
        """Of ln P after so long: vol**2 (1 - exp(-2 k t)) / (2 k); no horizon has more than
        vol**2 / (2 k).

        >>> model = VolToken(mean=20.0, reversion=18.0, vol=1.2)
        >>> round(model.variance(30 / 365), 6), round(1.2**2 / 36, 6)
        (0.037925, 0.04)
        """
        return self.vol**2 * -expm1(-2.0 * self.reversion * years) / (2.0 * self.reversion)

    def forward(self, price: float, years: float) -> float:
        """Expected price after so long, from `price` now.

        >>> model = VolToken(mean=20.0, reversion=18.0, vol=1.2)
        >>> round(model.forward(60.0, 30 / 365), 6)
        26.177948
        """
        _refuse_unless_positive("price", price)
        pull = exp(-self.reversion * years) * log(price / self.mean)
        return self.mean * exp(pull + 0.5 * self.variance(years))

    def vol_until(self, years: float) -> float:
        """The constant volatility with the same variance at the horizon: falls as it lengthens."""
        _refuse_unless_positive("years", years)
        return sqrt(self.variance(years) / years)


def ou_claim(model: VolToken, position: Position, *, years: float, price: float) -> float:
    """Expected loss over entry value at the horizon, quote, <= 0. price: of the token now.

    With the price far above the entry it shrinks with time: the token comes back, and the loss with
    it. Full range, from its own entry P0: E[sqrt(P0 P)] - (P0 + E[P]) / 2 over P0.

    >>> calm = VolToken(mean=20.0, reversion=18.0, vol=1.2)
    >>> at = Position(entry=20.0)
    >>> round(ou_claim(calm, at, years=30 / 365, price=20.0), 12)
    -0.004819831667
    >>> round(ou_claim(calm, at, years=30 / 365, price=60.0), 6)  # now it is -0.267949
    -0.015789
    """
    from bot.core.claim import claim_value  # numpy and scipy, only where a claim is asked for

    return claim_value(
        entry=position.entry,
        forward=model.forward(price, years),
        vol=model.vol_until(years),
        years=years,
        lower=position.lower,
        upper=position.upper,
        notional=position.notional,
    ).item()


def ou_lvr(model: VolToken, *, years: float, price: float) -> float:
    """What arbitrage takes of a full-range position until the horizon, over its value now, >= 0.

    vol**2 / 8 times the time integral of E[sqrt(P_t / P)], fees and block time left out. Unlike the
    loss against holding it never comes back with the price.
    """
    import numpy as np

    _refuse_unless_positive("years", years)
    at, weights = np.polynomial.legendre.leggauss(NODES)
    total = 0.0
    for node, weight in zip(at.tolist(), weights.tolist(), strict=True):
        time = 0.5 * years * (node + 1.0)
        # E[sqrt(P)] is sqrt(E[P]) exp(-variance / 8).
        root = sqrt(model.forward(price, time) / price) * exp(-model.variance(time) / 8.0)
        total += 0.5 * years * weight * root
    return model.vol**2 / 8.0 * total


def sold_share(ratio: float) -> float:
    """How much of its tokens a full-range pool has sold when the price has multiplied by `ratio`.

    1 - 1 / sqrt(ratio), < 0 where it has bought.

    >>> sold_share(4.0)
    0.5
    """
    _refuse_unless_positive("ratio", ratio)
    return 1.0 - 1.0 / sqrt(ratio)


def _refuse_unless_positive(name: str, value: float) -> None:
    if not (isfinite(value) and value > 0.0):
        raise OptionInputError(name=name, value=value, problem="it must be above 0")
