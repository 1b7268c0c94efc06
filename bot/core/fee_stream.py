"""Volume and fees of a pool per day as moving averages, and what they say of its worth.

The averages are exponential in time with their start-up bias divided out, so that the first tick
weighs no more than its time. docs/maths.md section 6.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from bot.core.pool_flow import PoolFlow
from bot.core.units import DAY_S, YEAR_S, carried

DAYS_PER_YEAR = YEAR_S // DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeStream:
    """Moving averages in quote atoms a day, each to be divided by `weight`.

    seen_s: time seen so far. weight: 1 less what the average still owes to a start from nothing.
    """

    seen_s: int = 0
    weight: float = 0.0
    volume: float = 0.0
    fees: float = 0.0
    lp_fees: float = 0.0


NO_STREAM = FeeStream()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFigures:
    """A warm stream, in quote atoms a day."""

    volume_per_day: float
    fees_per_day: float
    lp_fees_per_day: float


def stream_step(
    stream: FeeStream, flow: PoolFlow, *, elapsed_s: int, half_life_s: int
) -> FeeStream:
    """The stream with what flowed in `elapsed_s` more seconds; no time, no step."""
    if elapsed_s <= 0:
        return stream
    keep = exp(-log(2.0) * elapsed_s / half_life_s)
    fresh = 1.0 - keep

    def averaged(old: float, atoms: int) -> float:
        return carried(keep * old + fresh * (atoms * DAY_S / elapsed_s))

    return FeeStream(
        seen_s=stream.seen_s + elapsed_s,
        weight=carried(keep * stream.weight + fresh),
        volume=averaged(stream.volume, flow.volume_atoms),
        fees=averaged(stream.fees, flow.fees_atoms),
        lp_fees=averaged(stream.lp_fees, flow.lp_fees_atoms),
    )


def stream_figures(stream: FeeStream, *, half_life_s: int) -> StreamFigures | None:
    """The averages; None until one half-life was seen."""
    if stream.seen_s < half_life_s:
        return None
    return StreamFigures(
        volume_per_day=stream.volume / stream.weight,
        fees_per_day=stream.fees / stream.weight,
        lp_fees_per_day=stream.lp_fees / stream.weight,
    )


def fee_yield(figures: StreamFigures, *, tvl_atoms: int) -> float:
    """What the LPs earn a year over what lies in the pool, a fraction."""
    return figures.lp_fees_per_day * DAYS_PER_YEAR / tvl_atoms


def tvl_over_volume(figures: StreamFigures, *, tvl_atoms: int) -> float | None:
    """Price over cash flow: days of volume that the pool's value is; None without volume."""
    return tvl_atoms / figures.volume_per_day if figures.volume_per_day > 0.0 else None


def tvl_over_fees(figures: StreamFigures, *, tvl_atoms: int, realised_vol: float) -> float | None:
    """Price over earnings: years of the LPs' fees, net of LVR, that the pool's value is.

    LVR a year is vol**2 / 8 of the value. None where nothing is left of the fees: there are no
    earnings, so there is no multiple of them.

    >>> day = StreamFigures(volume_per_day=0.0, fees_per_day=0.0, lp_fees_per_day=1.0)
    >>> tvl_over_fees(day, tvl_atoms=3_650, realised_vol=0.4)
    12.5
    """
    net = fee_yield(figures, tvl_atoms=tvl_atoms) - realised_vol * realised_vol / 8.0
    return 1.0 / net if net > 0.0 else None


def fee_implied_vol(figures: StreamFigures, *, tvl_atoms: int) -> float:
    """The volatility whose LVR all fees pay for: sqrt(8 fees a year / value), a fraction.

    It is Lambert's 2 fee sqrt(volume / liquidity) of a full-range pool, whose liquidity in one
    tick spacing is fee / 2 of its value (bot/core/pool_vol.py, which tests hold it against).

    >>> day = StreamFigures(volume_per_day=0.0, fees_per_day=2.0, lp_fees_per_day=0.0)
    >>> fee_implied_vol(day, tvl_atoms=36_500)
    0.4
    """
    return sqrt(8.0 * figures.fees_per_day * DAYS_PER_YEAR / tvl_atoms)
