"""Volume, fees and what they say of a pool's worth, at every tick of a history at once.

What flowed between two ticks is read off their two states alone. The moving averages are a
recursive scan by nature: each step rounds what the next one starts from (`carried`), so they walk
through the very step of a tick. All ratios are columns. Tick by tick: bot/core/fee_stream.py.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bot.core.bars import Floats
from bot.core.columns import column_of
from bot.core.fee_stream import DAYS_PER_YEAR, NO_STREAM, stream_figures, stream_step
from bot.core.market_terms import MarketTerms
from bot.core.pool_flow import NO_FLOW, PoolFlow, flow_between
from bot.core.recorded import PoolColumns, Recorded
from bot.core.signal_history import History
from bot.core.snapshot import PoolSpec, PoolState


def stream_history(recorded: Recorded, pool: PoolColumns, terms: MarketTerms) -> History:
    """Every metric of volume and fees of a pool, unrounded."""
    volume, fees, lp_fees = _averages(recorded, pool, terms)
    unit = 10**pool.spec.quote.decimals
    tvl = column_of(pool.tvl_atoms)
    vol = pool.realised_vol
    fee_yield = lp_fees * DAYS_PER_YEAR / tvl
    net = fee_yield - vol * vol / 8.0
    implied = np.sqrt(8.0 * fees * DAYS_PER_YEAR / tvl)
    with np.errstate(divide="ignore"):
        return {
            "volume_per_day": volume / unit,
            "fees_per_day": lp_fees / unit,
            "turnover_per_day": volume / tvl,
            "fee_yield": fee_yield,
            "tvl_over_volume": np.where(volume > 0.0, tvl / volume, np.nan),
            "tvl_over_fees": np.where(net > 0.0, 1.0 / net, np.nan),
            "pool_implied_vol": implied,
            "vol_premium_pool": implied - vol,
        }


def flows(spec: PoolSpec, states: list[PoolState]) -> list[PoolFlow]:
    """What flowed up to each tick since the one before; nothing up to the first."""
    return [
        NO_FLOW,
        *(
            NO_FLOW if before == after else flow_between(spec, before, after)
            for before, after in pairwise(states)
        ),
    ]


def _averages(
    recorded: Recorded, pool: PoolColumns, terms: MarketTerms
) -> tuple[Floats, Floats, Floats]:
    """Volume, fees and the LPs' fees a day, quote atoms; unknown until warm."""
    stream = NO_STREAM
    rows: list[tuple[float | None, float | None, float | None]] = []
    columns = zip(flows(pool.spec, pool.states), recorded.elapsed_s().tolist(), strict=True)
    for flow, elapsed_s in columns:
        stream = stream_step(stream, flow, elapsed_s=elapsed_s, half_life_s=terms.half_life_s)
        now = stream_figures(stream, half_life_s=terms.half_life_s)
        rows.append(
            (None, None, None)
            if now is None
            else (now.volume_per_day, now.fees_per_day, now.lp_fees_per_day)
        )
    volume, fees, lp_fees = zip(*rows, strict=True)
    return column_of(volume), column_of(fees), column_of(lp_fees)
