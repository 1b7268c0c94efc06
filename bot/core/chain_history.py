"""Stress of the chain, the calendar and rates, at every tick of a history at once.

All are columns but for the average of gas, which is a recursive scan by nature: each step rounds
what the next one starts from, so it walks through the very step of a tick. Tick by tick:
bot/core/chain_stress.py, macro.py, feeds.py and capital_cost.py.
"""

from __future__ import annotations

import numpy as np

from bot.core.bars import Floats
from bot.core.chain_stress import GWEI, NO_GAS, gas_step
from bot.core.columns import column_of, quotients
from bot.core.feeds import GAS_WEI
from bot.core.market_terms import MarketTerms
from bot.core.recorded import Recorded
from bot.core.signal_history import History
from bot.core.snapshot import PoolSpec
from bot.core.units import BPS, MILLION

HOUR_S = 3_600


def stress_history(recorded: Recorded, terms: MarketTerms) -> History:
    """Gas, gas over its average before, and seconds a block; unrounded."""
    wei = recorded.feed(GAS_WEI)
    seen_s, weight, average = _gas_averages(recorded, wei, terms)
    gas = column_of(wei)
    is_warm = (seen_s >= terms.half_life_s) & (average > 0.0)
    ratio = gas * weight / np.where(is_warm, average, 1.0)
    numbers = np.array([seen.block.number for seen in recorded.snapshots], np.int64)
    blocks = np.diff(numbers, prepend=numbers[:1])
    return {
        "gas_gwei": quotients(wei, GWEI),
        "gas_gwei_ratio": np.where(is_warm, ratio, np.nan),
        "block_age_s": np.where(blocks > 0, recorded.elapsed_s() / np.maximum(blocks, 1), np.nan),
    }


def _gas_averages(
    recorded: Recorded, wei: list[int | None], terms: MarketTerms
) -> tuple[Floats, Floats, Floats]:
    """Time averaged, weight and the base fee's average before each tick."""
    gas, rows = NO_GAS, [(0, 0.0, 0.0)]
    for stood, elapsed_s in zip(wei[:-1], recorded.elapsed_s()[1:].tolist(), strict=True):
        if stood is not None:
            gas = gas_step(gas, stood, elapsed_s=elapsed_s, half_life_s=terms.half_life_s)
        rows.append((gas.seen_s, gas.weight, gas.wei))
    seen_s, weight, average = zip(*rows, strict=True)
    return column_of(seen_s), column_of(weight), column_of(average)


def macro_history(recorded: Recorded, terms: MarketTerms) -> History:
    """Hours to the next event, since the last, and whether a window is open."""
    times, (start_s, end_s) = recorded.times, terms.covered_s
    events = np.array([event.time_s for event in terms.calendar], np.int64)
    place = np.searchsorted(events, times, side="right")
    # An event before the first and one behind the last, beyond any time: never within a window.
    far = np.concatenate(([-(2**61)], events, [2**61]))
    since_s, to_s = times - far[place], far[place + 1] - times
    has_past, has_future = place > 0, place < events.size
    is_covered = (times >= start_s) & (times <= end_s)
    inside = (since_s <= terms.macro_after_s) | (to_s <= terms.macro_before_s)
    knows = (times - terms.macro_after_s >= start_s) & (times + terms.macro_before_s <= end_s)
    return {
        "macro_hours_to": np.where(
            is_covered & (times < end_s) & has_future, to_s / HOUR_S, np.nan
        ),
        "macro_hours_since": np.where(is_covered & has_past, since_s / HOUR_S, np.nan),
        "in_macro_window": np.where(inside, 1.0, np.where(knows, 0.0, np.nan)),
    }


def rates_history(
    recorded: Recorded, spec: PoolSpec, beta: Floats | None, terms: MarketTerms
) -> History:
    """What lending base brings above quote, and what capital in the pool must earn; unrounded.

    beta: of the pool, at every tick; None where no rule speaks of it.
    """
    if beta is None:
        beta = np.full(len(recorded.snapshots), np.nan)
    lend_base, lend_quote, borrow_base, borrow_quote = (
        quotients(recorded.feed(f"{kind}_ppm:{token.symbol}"), MILLION)
        for kind in ("lend", "borrow")
        for token in (spec.base, spec.quote)
    )
    cost = lend_quote + beta * (terms.market_premium_bps / BPS)
    if terms.debt_share_bps:
        share = terms.debt_share_bps / BPS
        cost = (1.0 - share) * cost + share * (borrow_base + borrow_quote) / 2.0
    return {"rate_differential": lend_base - lend_quote, "wacc": cost}
