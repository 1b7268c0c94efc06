"""The volatility that a pool's fees pay for: 2 fee sqrt(volume / liquidity), after Lambert (2021).

At this volatility an LP's fees in range equal what arbitrage takes from it: s^2/4 L sqrt(P) of LVR
against fee times volume. Amounts are whole tokens, prices quote per base. docs/maths.md section
5.6.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from bot.core.bars import Floats
from bot.core.errors import EstimateError

FIGURE = "pool-native volatility"
TICK = 1.0001
"""Ratio of the prices of two neighbouring ticks of Uniswap v3."""


def whole_liquidity(
    liquidity_atoms: ArrayLike, *, base_decimals: int, quote_decimals: int
) -> Floats:
    """A v3 pool's liquidity in sqrt(base * quote) of whole tokens, as sqrt(P) of them needs it.

    >>> whole_liquidity(10**12, base_decimals=18, quote_decimals=6).item()
    1.0
    """
    atoms = np.asarray(liquidity_atoms, np.float64)
    whole: Floats = atoms * 10.0 ** (-0.5 * (base_decimals + quote_decimals))
    return whole


def spacing_liquidity(liquidity: ArrayLike, price: ArrayLike, *, tick_spacing: int) -> Floats:
    """Quote value of the liquidity in one tick spacing at the price: L sqrt(P) (sqrt(r) - 1).

    liquidity: L in whole tokens. price: quote per base. r: TICK ** tick_spacing. Uniswap's
    spacings are twice the fee (10 ticks at 5 bp), so this is L sqrt(P) times the fee, nearly.
    """
    width = math.expm1(0.5 * tick_spacing * math.log(TICK))
    return np.asarray(liquidity, np.float64) * np.sqrt(price) * width


def full_range_liquidity(value: ArrayLike, *, fee: float) -> Floats:
    """The same of a v2 pool worth `value` in quote: L sqrt(P) fee, and L sqrt(P) is half of it."""
    return 0.5 * fee * np.asarray(value, np.float64)


def pool_implied_vol(
    *, fee: float, volume: ArrayLike, liquidity: ArrayLike, years: ArrayLike
) -> Floats:
    """2 fee sqrt(sum(volume / liquidity) / years), an annual fraction.

    fee: a fraction in (0, 1). volume: quote value of the swaps, of a day or trade by trade.
    liquidity: quote value in one tick spacing, as it stood then. Both along the last axis, over
    which is summed. years: the time that they cover, 365 days each. Without volume it is 0.
    >>> round(pool_implied_vol(fee=0.003, volume=[1e6], liquidity=[5e3], years=1 / 365).item(), 12)
    1.621110730333
    """
    if not 0.0 < fee < 1.0:
        raise EstimateError(figure=FIGURE, problem=f"fee {fee} is not a fraction in (0, 1)")
    traded, standing, time = (np.asarray(each, np.float64) for each in (volume, liquidity, years))
    if not (np.isfinite(traded) & (traded >= 0.0)).all():
        raise EstimateError(figure=FIGURE, problem="a volume is not a number of 0 or more")
    for name, values in (("liquidity", standing), ("time", time)):
        if not (np.isfinite(values) & (values > 0.0)).all():
            raise EstimateError(figure=FIGURE, problem=f"a {name} is not a number above 0")
    turnover = np.sum(np.atleast_1d(traded / standing), axis=-1)
    return np.asarray(2.0 * fee * np.sqrt(turnover / time))
