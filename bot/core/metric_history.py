"""Every metric of a whole recorded history at once: at every tick the run's own value, to the bit.

A fast backtest stands on that: it asks where a rule could fire before it visits any tick. A family
a module, and bot/core/columns.py for the order of floats; what is here are the venue's own answers
and the choice of what the rules speak of. docs/maths.md section 6.14.
Why so: docs/adr/0034-whole-histories.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bot.core.chain_history import macro_history, rates_history, stress_history
from bot.core.close_history import (
    Closes,
    beta_history,
    breadth_history,
    closes_of,
    rate_history,
)
from bot.core.columns import column_of, gaps_bps, quotients, rounded
from bot.core.feeds import reference_atoms
from bot.core.market import Market
from bot.core.market_memory import CLOSES, Need
from bot.core.market_metrics import needs_of, wanted_of
from bot.core.market_terms import MarketTerms
from bot.core.parity import PARITY_METRICS, parity_gap_bps
from bot.core.ports import Quoting
from bot.core.position_history import (
    RANGE_LOSS,
    exposures,
    position_history,
    range_history,
    return_history,
)
from bot.core.recorded import PoolColumns, Recorded, pool_columns
from bot.core.rules import Rules
from bot.core.sight import sees_index
from bot.core.signal_history import History
from bot.core.stream_history import stream_history

BOOK_METRICS: Mapping[str, str] = {
    "quick_ratio_book": "cash, margin and open hedges of the book that the run itself has made",
    "irr_hedged": "what the book's own hedges cost, brought and would bring",
    "move_sigma_restrike": "since the layer's own last strike, which its decisions made",
    "move_sigma_restrike_abs": "since the layer's own last strike, which its decisions made",
}
"""Metrics that no history of the chain has, and why: they follow from what was decided before."""


def metric_history(recorded: Recorded, rules: Rules, quoting: Quoting) -> dict[str, History]:
    """By hedged pool, every metric that a tick measures under these rules but `BOOK_METRICS`."""
    needs, asked = needs_of(rules.metric_names), wanted_of(rules.metric_names)
    closes = closes_of(recorded, rules.bars.bar_s) if needs & CLOSES else None
    found: dict[str, History] = {}
    for index, spec in enumerate(recorded.specs):
        if not spec.hedged:
            continue
        pool = pool_columns(recorded, index, rules)
        held = exposures(recorded, pool)
        markets = pool.markets(recorded.times)
        sigma = column_of(quoting.calm_vol(each, tenor_s=rules.horizon_s) for each in markets)
        outside = {
            **outside_history(recorded, pool, rules.market),
            **(range_history(pool, held, rules.market) if RANGE_LOSS in asked else {}),
            **(closes_history(recorded, closes, index, rules.market) if closes else {}),
        }
        if Need.STREAM in needs:
            outside |= stream_history(recorded, pool, rules.market)
        outside |= rates_history(recorded, spec, outside.get("beta"), rules.market)
        if Need.CASH_FLOWS in needs:
            outside |= return_history(recorded, pool, held, wacc=outside["wacc"])
        found[spec.name] = {
            **position_history(pool, held, sigma=sigma, horizon_s=rules.horizon_s),
            **market_history(pool, markets, rules, quoting),
            **{
                # + 0.0: nought has no sign.
                name: rounded(outside[name]) + 0.0
                for name in asked - BOOK_METRICS.keys()
            },
        }
    return found


def market_history(
    pool: PoolColumns, markets: list[Market], rules: Rules, quoting: Quoting
) -> History:
    """Volatilities, the gap to the TWAP, bars and, where rules ask, put-call parity.

    What the venue asks is its own function of one tick's market: it is asked on every tick.
    """
    tenor_s = rules.horizon_s
    implied = column_of(quoting.atm_vol(each, tenor_s=tenor_s) for each in markets)
    found = {
        **pool.signals,
        "implied_vol": implied,
        "vol_premium": rounded(implied - pool.realised_vol),
        "twap_gap_bps": rounded(gaps_bps(pool.spot_atoms, pool.twap_atoms)),
    }
    if sees_index(rules):
        # By realised volatility alone, which stands for many ticks: each value is asked for once.
        asked = {each.realised_vol: each for each in markets}
        points = {vol: quoting.index_points(market) for vol, market in asked.items()}
        found["vol_index"] = column_of(points[each.realised_vol] for each in markets)
    if rules.metric_names & PARITY_METRICS.keys():
        found["parity_gap_bps"] = column_of(
            parity_gap_bps(each, quoting, tenor_s=tenor_s) for each in markets
        )
    return found


def outside_history(recorded: Recorded, pool: PoolColumns, terms: MarketTerms) -> History:
    """What needs no memory of markets, or only that of gas; unrounded."""
    references = [
        reference_atoms(seen.feeds, pool=pool.spec.name, quote_decimals=pool.spec.quote.decimals)
        for seen in recorded.snapshots
    ]
    return {
        "tvl_quote": quotients(pool.tvl_atoms, 10**pool.spec.quote.decimals),
        "quick_ratio_pool": np.sqrt(quotients(pool.spot_atoms, pool.twap_atoms)),
        "reference_gap_bps": gaps_bps(pool.spot_atoms, references),
        **stress_history(recorded, terms),
        **macro_history(recorded, terms),
    }


def closes_history(recorded: Recorded, closes: Closes, index: int, terms: MarketTerms) -> History:
    """What is read off the closes of all watched pools; unrounded."""
    return {
        **breadth_history(recorded, closes),
        **rate_history(recorded, closes, recorded.specs[index]),
        **beta_history(recorded, closes, index, terms),
    }
