"""What a pool's fees are worth against its losses: by range, by fee tier. Fractions of the
position's value a year. docs/maths.md section 6.13.

Fees and losses both come from trades within the range, so both scale with the same number: how much
of the full range's loss a range takes on, over the horizon, the time out of it included. Whom fees
are shared with scales with another: its liquidity, which is there whole while it is in range.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import erfc, inf, log, sqrt

from bot.core.loss import PriceRange
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A range as fees and losses see it, over the full range of the same value, which is 1 and 1.

    work: how many times its fees and losses, over the horizon. density: how many times its
    liquidity, while the price is in the range.
    """

    work: float = 1.0
    density: float = 1.0


EVERYWHERE = Placed()


def placed(*, vol: float, years: float, lower: float, upper: float) -> Placed:
    """A range around or beside the price, which is 1.

    >>> around = placed(vol=0.6, years=30 / 365, lower=0.8, upper=1.25)
    >>> round(around.work, 6), round(around.density, 6)
    (8.755425, 9.472136)
    """
    return Placed(
        work=work_of(vol=vol, years=years, lower=lower, upper=upper),
        density=PriceRange().value(1.0) / PriceRange(lower=lower, upper=upper).value(1.0),
    )


def exits_a_year(*, vol: float, years: float, lower: float, upper: float) -> float:
    """How often a year a range has to be put around the price anew, looked at once a horizon.

    lower, upper: its ends over the price now. The chance that either is touched until the horizon,
    by reflection, the sum of both and at most 1; without drift. Never for the full range, always
    for one that the price has left.
    """
    root = vol * sqrt(2.0 * years)
    up = erfc(log(upper) / root) if upper < inf else 0.0
    down = erfc(-log(lower) / root) if lower > 0.0 else 0.0
    return min(1.0, up + down) / years


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
    even blocks, or all of it where less was paid; the rest is other traders' turnover, which
    changes by (fee / other) ** elasticity. Net is what is paid less LVR.
    """
    from bot.core.lvr import lvr_rate, trade_share_constant

    lvr: float = lvr_rate(vol).item()

    def left(bps: int) -> float:
        share: float = trade_share_constant(
            vol, fee=bps / 10_000, block_years=block_s / YEAR_S
        ).item()
        return 1.0 - share

    arbitrage = min(fee_yield, lvr * left(fee_bps))
    others = (fee_yield - arbitrage) * (other_bps / fee_bps) ** (1.0 - elasticity)
    fees = others + arbitrage * (left(other_bps) / left(fee_bps))
    return fees, fees - lvr


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
