"""Loss versus rebalancing: what arbitrage takes from a position, with fees and block time.

Numbers or arrays, broadcast. Rates are fractions of the position's value now, per year; vol is an
annual fraction; fees are fractions of what is swapped. Impermanent loss compares with holding and
is path-independent; LVR compares with trading along, and never comes back. Source: docs/maths.md
section 2.5; Milionis, Moallemi, Roughgarden and Zhang, arXiv 2208.06046 and 2305.14604.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bot.core.checked import Floats, not_negative, positive, price_range
from bot.core.claim import liquidity_of

CONSTANT_BLOCK_SLOPE = 1.7164
"""Nezlobin and Tassy, arXiv 2505.05113."""


def efficiency_of(price: ArrayLike, *, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf) -> Floats:
    """Liquidity of a range over that of the full range for the same value; 0 out of range.

    >>> round(efficiency_of(2000.0, lower=1500.0, upper=2500.0).item(), 9)
    8.349078122
    """
    now = positive("price", price)
    low, high = price_range(lower, upper)
    inside = (low < now) & (now < high)
    per_value = liquidity_of(1.0, entry=now, lower=low, upper=high)
    return np.where(inside, 2.0 * np.sqrt(now) * per_value, 0.0)


def lvr_rate(
    vol: ArrayLike,
    *,
    price: ArrayLike = 1.0,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
) -> Floats:
    """LVR per year over the position's value: vol**2 / 8 times the range's efficiency.

    >>> round(lvr_rate(0.8).item(), 12)
    0.08
    >>> round(lvr_rate(0.8, price=2000, lower=1500, upper=2500).item(), 10)
    0.6679262497
    """
    rate: Floats = not_negative("vol", vol) ** 2 / 8.0
    return rate * efficiency_of(price, lower=lower, upper=upper)


def trade_share_poisson(vol: ArrayLike, *, fee: ArrayLike, block_years: ArrayLike) -> Floats:
    """Share of blocks in which an arbitrageur trades, blocks arriving at random: 0 to 1.

    fee: log half-spread, a fraction. block_years: mean time between blocks. With fees, arbitrage
    takes about LVR times this. 1 / (1 + sqrt(2 / block_years) fee / vol).

    >>> DAY = 1 / 365
    >>> share = trade_share_poisson(0.05 / DAY**0.5, fee=0.003, block_years=12 / 86_400 * DAY)
    >>> round(share.item(), 6)
    0.121951
    """
    fees, block_vol = _fee_and_block_vol(vol, fee, block_years)
    share: Floats = block_vol / (block_vol + np.sqrt(2.0) * fees)
    return share


def trade_share_constant(vol: ArrayLike, *, fee: ArrayLike, block_years: ArrayLike) -> Floats:
    """What arbitrage takes over LVR when every block takes the same time: 0 to 1.

    2 / (2 + 1.7164 fee / block vol), arguments as in `trade_share_poisson`.
    """
    fees, block_vol = _fee_and_block_vol(vol, fee, block_years)
    share: Floats = 2.0 * block_vol / (2.0 * block_vol + CONSTANT_BLOCK_SLOPE * fees)
    return share


def _fee_and_block_vol(
    vol: ArrayLike, fee: ArrayLike, block_years: ArrayLike
) -> tuple[Floats, Floats]:
    """(fee, standard deviation of the price over one block); vol 0 has no share to tell."""
    block_vol: Floats = positive("vol", vol) * np.sqrt(positive("block_years", block_years))
    return not_negative("fee", fee), block_vol
