"""SVI slices of SSVI surfaces, whose freedom of arbitrage a theorem decides, and known bad ones."""

from __future__ import annotations

import math

from bot.core.svi import Slice

BUTTERFLY = Slice(years=1.0, a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
"""Axel Vogt's example: Gatheral and Jacquier (2014), section 2.2, figure 2."""


def ssvi_slice(*, years: float, theta: float, rho: float, phi: float) -> Slice:
    """w = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)), as a raw slice.

    Source: Gatheral and Jacquier, Arbitrage-free SVI volatility surfaces (2014), section 4.
    """
    return Slice(
        years=years,
        a=theta * (1.0 - rho**2) / 2.0,
        b=theta * phi / 2.0,
        rho=rho,
        m=-rho / phi,
        sigma=math.sqrt(1.0 - rho**2) / phi,
    )
