"""Where fees pay for the losses: turnover, a band of prices, and volatility of one position.

Three different losses: turnover and `rebalancing_vol` are against LVR, the band and `holding_vol`
against the loss over entry value. Source: docs/maths.md section 2.6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bot.core.checked import Floats, not_negative, positive
from bot.core.claim import claim_value, liquidity_of
from bot.core.lvr import efficiency_of, lvr_rate
from bot.core.residual import Position

VOL_MAX = 1e3


def turnover(
    vol: ArrayLike,
    *,
    fee: ArrayLike,
    price: ArrayLike = 1.0,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
) -> Floats:
    """Yearly volume over the position's value at which fees equal LVR. fee: a fraction, > 0.

    >>> daily = turnover(0.05 * 365**0.5, fee=0.003).item() / 365  # 5 % a day
    >>> round(daily, 6)
    0.104167
    """
    return lvr_rate(vol, price=price, lower=lower, upper=upper) / positive("fee", fee)


def rebalancing_vol(
    fee_yield: ArrayLike,
    *,
    price: ArrayLike = 1.0,
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
) -> Floats:
    """Annual volatility at which LVR takes the whole fee yield; infinite out of range.

    fee_yield: fees per year over the position's value, >= 0.

    >>> round(rebalancing_vol(0.08).item(), 12)
    0.8
    """
    efficiency = efficiency_of(price, lower=lower, upper=upper)
    earned = not_negative("fee_yield", fee_yield)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(efficiency > 0.0, np.sqrt(8.0 * earned / efficiency), np.inf)


def holding_vol(position: Position, *, fees: float, years: float) -> float:
    """Annual volatility at which the expected loss over entry value equals the fees.

    fees: earned until the horizon over the entry value, >= 0. years: > 0. The forward is the entry
    price. Infinite where no volatility loses so much. Source: Brent's method on `claim_value`,
    whose loss rises with volatility.

    >>> fees = 1 - np.exp(-(0.8**2) * (30 / 365) / 8)
    >>> round(holding_vol(Position(entry=2000.0), fees=fees.item(), years=30 / 365), 9)
    0.8
    """
    from scipy.optimize import brentq

    not_negative("fees", fees)
    positive("years", years)

    def lack(vol: float) -> float:
        expected = claim_value(
            entry=position.entry, vol=vol, years=years,
            lower=position.lower, upper=position.upper,
        )  # fmt: skip
        return expected.item() + fees

    vol_max = VOL_MAX / np.sqrt(years).item()
    if lack(vol_max) > 0.0:
        return np.inf
    root: float = brentq(lack, 0.0, vol_max, xtol=1e-14)
    return root


def price_band(position: Position, *, fees: float) -> tuple[float, float]:
    """The final prices between which fees cover the loss over entry value.

    fees: earned over the entry value, >= 0. Below the band starts at 0 where no fall loses so
    much; above it ends at infinity where no rise does.
    In the range (sqrt(P) - sqrt(P0))**2 = fees sqrt(P0) / L, beyond it the loss is a line.

    >>> low, high = price_band(Position(entry=2000.0), fees=0.125)
    >>> round(low, 9), round(high, 9)
    (500.0, 4500.0)
    """
    not_negative("fees", fees)
    entry, lower, upper = position.entry, position.lower, position.upper
    per_liquidity = fees / liquidity_of(1.0, entry=entry, lower=lower, upper=upper).item()
    held = np.sqrt(np.clip(entry, lower, upper)).item()
    reach = np.sqrt(per_liquidity * held).item()
    low_root, high_root = np.sqrt(lower).item(), np.sqrt(upper).item()
    low, high = max(0.0, held - reach) ** 2, (held + reach) ** 2
    if held <= low_root:
        low = 0.0
    elif low < lower:
        low = max(0.0, _beyond(low_root, held, per_liquidity))
    if held >= high_root:
        high = np.inf
    elif high > upper:
        high = _beyond(high_root, held, per_liquidity)
    return low, high


def _beyond(end_root: float, held: float, per_liquidity: float) -> float:
    """Where the line beyond one end of the range loses this much: P = sqrt(end c0) (1 + m / d)."""
    return end_root * held * (1.0 + per_liquidity / (end_root - held))
