"""What a pool's fees are worth against its losses: by range, by fee tier. Fractions of the
position's value a year. docs/maths.md section 6.13.

Fees and losses both come from trades within the range, so both scale with the same number: how much
of the full range's loss a range takes on, over the horizon, the time out of it included.
"""

from __future__ import annotations

from functools import lru_cache
from math import erfc, inf, log, sqrt

from bot.core.units import YEAR_S


@lru_cache(maxsize=64)  # one position is weighed against the same ranges time and again
def expected_loss(*, vol: float, years: float, lower: float = 0.0, upper: float = inf) -> float:
    """Expected loss over entry value until the horizon, a year, >= 0; the price now is 1.

    >>> round(expected_loss(vol=0.8, years=30 / 365), 9)
    0.079737562
    """
    from bot.core.claim import claim_value  # numpy and scipy, only when advice is due

    value: float = claim_value(entry=1.0, vol=vol, years=years, lower=lower, upper=upper).item()
    return -value / years


def work_of(*, vol: float, years: float, lower: float, upper: float) -> float:
    """How many times the full range's fees and losses a range has; 1 for the full range.

    At the price it is the range's efficiency; over a horizon less, as the price leaves it.
    """
    whole = expected_loss(vol=vol, years=years)
    if whole <= 0.0:
        return 1.0
    return expected_loss(vol=vol, years=years, lower=lower, upper=upper) / whole


def exits_a_year(*, vol: float, years: float, width: float) -> float:
    """How often a year the price is expected to leave spot / (1 + w) to spot * (1 + w), at least.

    width: w > 0. The chance of a barrier being touched until the horizon, by reflection and at most
    1, a horizon; without drift.
    """
    reach = log(1.0 + width) / (vol * sqrt(years))
    return min(1.0, 2.0 * erfc(reach / sqrt(2.0))) / years


def tier_rates(
    *,
    fee_yield: float,
    vol: float,
    fee_bps: int,
    other_bps: int,
    elasticity: float,
    block_s: float,
) -> tuple[float, float]:
    """(fees, net) a year of the same liquidity under another fee, full range.

    fee_yield: under `fee_bps`. Arbitrage pays LVR (1 - share) of it, share as in core/lvr.py for
    even blocks; the rest is other traders' turnover, which changes by (fee / other) ** elasticity.
    Net is what these pay less what arbitrage takes.
    """
    from bot.core.lvr import lvr_rate, trade_share_constant

    lvr: float = lvr_rate(vol).item()

    def taken(bps: int) -> float:
        share: float = trade_share_constant(
            vol, fee=bps / 10_000, block_years=block_s / YEAR_S
        ).item()
        return lvr * share

    others = max(0.0, fee_yield - (lvr - taken(fee_bps)))
    paid = others * (other_bps / fee_bps) ** (1.0 - elasticity)
    return paid + lvr - taken(other_bps), paid - taken(other_bps)


def break_even_band(
    *, price: float, fees: float, lower: float, upper: float
) -> tuple[float, float]:
    """The prices between which fees over the entry value pay for the loss over it.

    lower, upper: over the price now.
    """
    from bot.core.breakeven import price_band
    from bot.core.residual import Position

    low, high = price_band(Position(entry=1.0, lower=lower, upper=upper), fees=max(0.0, fees))
    return price * low, price * high
