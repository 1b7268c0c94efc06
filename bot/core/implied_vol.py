"""Implied volatility of arrays of option prices, with a word on each price that has none.

Within 1e-9 of the volatility wherever the price carries that much information: where its own last
bit, over vega, is worth less than 1e-9. Everywhere else the status says why, and vol is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bot.core.option_inputs import LOG_DISCOUNT_MAX, Floats, as_floats, sweep


class ImpliedStatus(IntEnum):
    """What became of one price."""

    SOLVED = 0
    BELOW_INTRINSIC = 1  # less than the payoff of exercise at the forward: no volatility gives it
    ABOVE_BOUND = 2  # a call at or above spot, a put at or above the discounted strike
    NO_INFORMATION = 3  # its last bit stands for more than 1e-9 of volatility, or no time is left


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedVols:
    """vol: annual fraction, 0 where unsolved. status: an ImpliedStatus each."""

    vol: Floats
    status: NDArray[np.int8]

    @property
    def is_solved(self) -> NDArray[np.bool_]:
        """Where there is a volatility."""
        return np.equal(self.status, ImpliedStatus.SOLVED)


def implied_vols(
    *,
    price: ArrayLike,
    is_call: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike = 0.0,
) -> ImpliedVols:
    """Volatilities at which `option_figures` gives these prices; all inputs broadcast.

    price: quote, any finite number up to 1e50: quotes that are impossible get their status.
    Householder's third-order step on 1/ln b, b or ln(bound - b), b the normalised price out of the
    money, from a start that is right at the turning point and in the far wing. Source of the idea:
    Jaeckel, Let's be rational (2013); docs/maths.md section 3.5.
    >>> found = implied_vols(
    ...     price=[10.450583572185565, 101.0], is_call=True, spot=100, strike=100,
    ...     years=1, rate=0.05,
    ... )
    >>> found.vol.round(12).tolist(), found.status.tolist()
    ([0.2, 0.0], [0, 2])
    """
    from bot.core.option_kernels import fill_implied

    inputs = {"spot": spot, "strike": strike, "price": price, "years": years, "rate": rate}
    vol, status = sweep(fill_implied, is_call, inputs, rows=2)
    return ImpliedVols(vol=vol, status=status.astype(np.int8))


def implied_vols_forward(
    *,
    price: ArrayLike,
    is_call: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike = 0.0,
) -> ImpliedVols:
    """The same for discounted prices of options on a forward: `forward_figures` turned round."""
    log_growth = as_floats("rate", rate) * as_floats("years", years)
    return implied_vols(
        price=as_floats("price", price) * np.exp(np.minimum(log_growth, LOG_DISCOUNT_MAX)),
        is_call=is_call,
        spot=forward,
        strike=strike,
        years=years,
    )
