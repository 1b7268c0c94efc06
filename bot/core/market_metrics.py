"""Metrics of market, value and macro, measured only where a rule speaks of them.

The table says how each is read (bot/core/market_readers.py) and what must be remembered for it
(bot/core/market_memory.py); nothing else is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from bot.core import market_readers as read
from bot.core.conditions import Metrics
from bot.core.hedged_return import IRR_HEDGED
from bot.core.market_memory import Need, Needs
from bot.core.market_readers import Facts
from bot.core.metric import Family, Metric

Reader: TypeAlias = Callable[[Facts], float | None]


@dataclass(frozen=True, slots=True)
class MarketMetric:
    """A metric, how it is read, and what must be remembered for it."""

    metric: Metric
    read: Reader
    needs: Needs = frozenset()


STREAM = frozenset({Need.STREAM})
RATE = frozenset({Need.RATE})
BETA = frozenset({Need.BETA})
BREADTH = frozenset({Need.BREADTH})
CASH_FLOWS = frozenset({Need.CASH_FLOWS})
GAS = frozenset({Need.GAS})
YEARLY = "fraction a year"
WHOLE = "whole quote tokens"

_TABLE = {
    "il_range_bps": MarketMetric(
        Metric(
            "bps",
            "what `il_bps` would be of a range of `range_bps` on either side of the entry price, "
            "had the position stood in it",
        ),
        read.il_range_bps,
    ),
    "tvl_quote": MarketMetric(
        Metric(WHOLE, "what lies in the pool: twice its quote reserve"), read.tvl_quote
    ),
    "volume_per_day": MarketMetric(
        Metric(
            WHOLE,
            "what swaps paid in a day, fee included; moving average of `market_half_life_hours`",
        ),
        read.volume_per_day,
        STREAM,
    ),
    "fees_per_day": MarketMetric(
        Metric(WHOLE, "the fees of that volume, less the protocol's sixth"),
        read.fees_per_day,
        STREAM,
    ),
    "turnover_per_day": MarketMetric(
        Metric("fraction", "volume_per_day over tvl_quote"), read.turnover, STREAM
    ),
    "fee_yield": MarketMetric(
        Metric(YEARLY, "365 times fees_per_day over tvl_quote"), read.fee_yield, STREAM
    ),
    "tvl_over_volume": MarketMetric(
        Metric("days", "price over cash flow: tvl_quote over volume_per_day; unknown without any"),
        read.tvl_over_volume,
        STREAM,
    ),
    "tvl_over_fees": MarketMetric(
        Metric(
            "years",
            "price over earnings: 1 / (fee_yield - realised_vol^2 / 8), fees net of LVR; unknown "
            "where LVR takes them all",
        ),
        read.tvl_over_fees,
        STREAM,
    ),
    "pool_implied_vol": MarketMetric(
        Metric(
            YEARLY,
            "volatility that the pool's fees pay for: 2 fee sqrt(volume / liquidity), "
            "liquidity = fee / 2 of tvl_quote",
        ),
        read.pool_implied_vol,
        STREAM,
    ),
    "vol_premium_pool": MarketMetric(
        Metric(YEARLY, "pool_implied_vol minus realised_vol"), read.vol_premium_pool, STREAM
    ),
    "quick_ratio_pool": MarketMetric(
        Metric("ratio", "quote reserve over what it would be at the TWAP: sqrt(spot / TWAP)"),
        read.quick_ratio_pool,
    ),
    "quick_ratio_book": MarketMetric(
        Metric(
            "ratio",
            "(free cash + margin paid in) / (margin asked now + short options at the ask + debt), "
            "of the quote currency; unknown while nothing is owed",
        ),
        read.quick_ratio_book,
    ),
    "reference_gap_bps": MarketMetric(
        Metric("bps", "distance of spot from the feed `reference_e18:POOL`, >= 0"),
        read.reference_gap_bps,
    ),
    "gas_gwei": MarketMetric(
        Metric("gwei", "base fee of the block, from the feed `gas_wei`"), read.gas_gwei
    ),
    "gas_gwei_ratio": MarketMetric(
        Metric("ratio", "gas_gwei over its moving average up to the tick before"),
        read.gas_ratio,
        GAS,
    ),
    "block_age_s": MarketMetric(
        Metric("seconds", "time a block took, on average since the tick before"), read.block_age_s
    ),
    "macro_hours_to": MarketMetric(
        Metric("hours", "to the calendar's next event"), read.macro_hours_to
    ),
    "macro_hours_since": MarketMetric(
        Metric("hours", "since the calendar's last event"), read.macro_hours_since
    ),
    "in_macro_window": MarketMetric(
        Metric(
            "0, 1",
            "1 from `macro_hours_before` an event to `macro_hours_after` it; unknown where the "
            "calendar does not reach",
        ),
        read.in_macro_window,
    ),
    "ad_line": MarketMetric(
        Metric("pools", "advances less declines of all watched pools, summed over closed bars"),
        read.ad_line,
        BREADTH,
    ),
    "breadth": MarketMetric(
        Metric("fraction", "advances over all that moved in the last closed bar; 0.5 if none did"),
        read.breadth_share,
        BREADTH,
    ),
    "rate_differential": MarketMetric(
        Metric(YEARLY, "feed `lend_ppm` of the base token minus that of the quote token"),
        read.rate_differential,
    ),
    "eer_nominal": MarketMetric(
        Metric(
            "index", "base token against every other watched token, geometric mean; starts at 100"
        ),
        read.eer_nominal,
        RATE,
    ),
    "eer_index": MarketMetric(
        Metric("index", "the same with rate_differential earned; starts at 100 when it is known"),
        read.eer_index,
        RATE,
    ),
    "beta": MarketMetric(
        Metric("ratio", "slope of the pool's last `beta_bars` returns on those of `beta_index`"),
        read.market_beta,
        BETA,
    ),
    "irr": MarketMetric(
        Metric(YEARLY, "internal rate of return of deposits, withdrawals and the value now"),
        read.irr,
        CASH_FLOWS,
    ),
    IRR_HEDGED: MarketMetric(
        Metric(
            YEARLY,
            "the same with the core's hedges: the cash of each fill, and what the venue would pay "
            "for what is open",
        ),
        read.irr_hedged,
        CASH_FLOWS,
    ),
    "wacc": MarketMetric(
        Metric(
            YEARLY,
            "(1 - debt) * (`lend_ppm` of quote + beta * `market_premium_bps`) + debt * mean "
            "`borrow_ppm`, debt = `debt_share_bps`",
        ),
        read.wacc,
        BETA,
    ),
    "irr_minus_wacc": MarketMetric(
        Metric(YEARLY, "what the position earns above what its capital must earn"),
        read.irr_minus_wacc,
        CASH_FLOWS | BETA,
    ),
}

OUTSIDE_METRICS: Family = {name: row.metric for name, row in _TABLE.items()}
BOOK_RATIO = "quick_ratio_book"
MACRO = frozenset({"macro_hours_to", "macro_hours_since", "in_macro_window"})
"""Those that need a calendar."""
ON_GAS = frozenset({"gas_gwei", "gas_gwei_ratio"})
"""Those that need the block's base fee."""
ON_BETA = frozenset(name for name, row in _TABLE.items() if Need.BETA in row.needs)
"""Those that need an index pool."""


@cache
def wanted_of(names: frozenset[str]) -> frozenset[str]:
    """Those of these metrics that are read here."""
    return names.intersection(_TABLE)


@cache
def needs_of(names: frozenset[str]) -> Needs:
    """What must be remembered for these metrics."""
    return frozenset(need for name in wanted_of(names) for need in _TABLE[name].needs)


def outside_metrics(names: frozenset[str], facts: Facts) -> Metrics:
    """The values of these metrics, rounded to 6 decimals."""
    return {
        # + 0.0: a whole number becomes a float, and nought has no sign.
        name: None if (value := _TABLE[name].read(facts)) is None else round(value, 6) + 0.0
        for name in sorted(names)
    }
