"""How each metric of market, value and macro is read off what one tick knows of a pool.

Each is unknown (None) until what it needs has been seen for long enough, or is fed at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core import (
    beta,
    breadth,
    capital_cost,
    cash_flows,
    chain_stress,
    effective_rate,
    fee_stream,
    feeds,
    hedged_return,
    quick_ratio,
)
from bot.core.cash_flows import CashFlow
from bot.core.exposure import Exposure
from bot.core.fee_stream import StreamFigures
from bot.core.loss import calc_il
from bot.core.macro import MacroFigures, macro_figures
from bot.core.market import Market
from bot.core.market_memory import PoolMemory, WorldMemory
from bot.core.market_terms import MarketTerms
from bot.core.position_metrics import entry_price_ratio
from bot.core.snapshot import Block
from bot.core.units import BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that these metrics are read off, for one pool on one tick.

    tvl_atoms: what lies in the pool, quote atoms. blocks: of the tick before, None on the first,
    and of this one. book_ratio: `quick_ratio_book` of the pool's quote currency. hedge_flows,
    hedges_atoms: what the core's hedges of the pool brought so far, and are worth now; None while
    that is not known.
    """

    market: Market
    exposure: Exposure | None
    tvl_atoms: int
    feeds: feeds.Feeds
    blocks: tuple[Block | None, Block]
    memory: PoolMemory
    world: WorldMemory
    terms: MarketTerms
    book_ratio: float | None
    hedge_flows: tuple[CashFlow, ...] = ()
    hedges_atoms: int | None = None

    @property
    def stream(self) -> StreamFigures | None:
        """Volume and fees a day; None until warm."""
        return fee_stream.stream_figures(self.memory.stream, half_life_s=self.terms.half_life_s)

    @property
    def macro(self) -> MacroFigures:
        """What the calendar says."""
        return macro_figures(
            self.terms.calendar,
            covered=self.terms.covered_s,
            time_s=self.market.time_s,
            before_s=self.terms.macro_before_s,
            after_s=self.terms.macro_after_s,
        )


def _whole(atoms: float, facts: Facts) -> float:
    unit: int = 10**facts.market.quote_decimals
    return atoms / unit


def il_range_bps(facts: Facts) -> float | None:
    """Loss of a range about the entry price against holding what it was entered with, >= 0.

    Source: docs/maths.md section 2. Worked: 25 % either side of 2,000 has lost 842.08 at 1,500.
    """
    market, exposure, width = facts.market, facts.exposure, facts.terms.range_bps / BPS
    if exposure is None or not exposure.has_entry_price:
        return None
    ratio = entry_price_ratio(market, exposure)
    moved = calc_il(entry=1.0, price=ratio, lower=1.0 - width, upper=1.0 + width)
    return -moved["il_vs_hold"] * BPS


def volume_per_day(facts: Facts) -> float | None:
    """Whole quote tokens."""
    stream = facts.stream
    return None if stream is None else _whole(stream.volume_per_day, facts)


def fees_per_day(facts: Facts) -> float | None:
    """Whole quote tokens, what the LPs keep."""
    stream = facts.stream
    return None if stream is None else _whole(stream.lp_fees_per_day, facts)


def turnover(facts: Facts) -> float | None:
    """Volume a day over what lies in the pool."""
    stream = facts.stream
    return None if stream is None else stream.volume_per_day / facts.tvl_atoms


def tvl_over_volume(facts: Facts) -> float | None:
    """Days of volume."""
    stream = facts.stream
    return None if stream is None else fee_stream.tvl_over_volume(stream, tvl_atoms=facts.tvl_atoms)


def fee_yield(facts: Facts) -> float | None:
    """What the LPs keep a year over what lies in the pool."""
    stream = facts.stream
    return None if stream is None else fee_stream.fee_yield(stream, tvl_atoms=facts.tvl_atoms)


def tvl_over_fees(facts: Facts) -> float | None:
    """Years of fees net of LVR; needs realised volatility too."""
    stream, vol = facts.stream, facts.market.realised_vol
    if stream is None or vol is None:
        return None
    return fee_stream.tvl_over_fees(stream, tvl_atoms=facts.tvl_atoms, realised_vol=vol)


def pool_implied_vol(facts: Facts) -> float | None:
    """The volatility that the pool's fees pay for."""
    stream = facts.stream
    return None if stream is None else fee_stream.fee_implied_vol(stream, tvl_atoms=facts.tvl_atoms)


def vol_premium_pool(facts: Facts) -> float | None:
    """The same above what was realised."""
    return _less(pool_implied_vol(facts), facts.market.realised_vol)


def quick_ratio_pool(facts: Facts) -> float | None:
    """Quote reserve over that at the TWAP."""
    spot, twap = facts.market.spot_atoms, facts.market.twap_atoms
    return quick_ratio.quick_ratio_pool(spot_atoms=spot, twap_atoms=twap) if twap else None


def reference_gap_bps(facts: Facts) -> float | None:
    """Distance of spot from the reference price."""
    market = facts.market
    reference = feeds.reference_atoms(
        facts.feeds, pool=market.pool, quote_decimals=market.quote_decimals
    )
    return abs(market.spot_atoms / reference - 1.0) * BPS if reference else None


def gas_gwei(facts: Facts) -> float | None:
    """Base fee of this block."""
    wei = facts.feeds.get(feeds.GAS_WEI)
    return None if wei is None else wei / chain_stress.GWEI


def gas_ratio(facts: Facts) -> float | None:
    """The same over its average before."""
    wei = facts.feeds.get(feeds.GAS_WEI)
    if wei is None:
        return None
    return chain_stress.gas_ratio(facts.world.gas, wei, half_life_s=facts.terms.half_life_s)


def in_macro_window(facts: Facts) -> float | None:
    """1 or 0."""
    return facts.macro.in_window


def breadth_share(facts: Facts) -> float | None:
    """Advances over all that moved at the last close."""
    return breadth.advancing_share(facts.world.breadth)


def quick_ratio_book(facts: Facts) -> float | None:
    """Of the pool's quote currency."""
    return facts.book_ratio


def tvl_quote(facts: Facts) -> float | None:
    """Whole quote tokens."""
    return _whole(facts.tvl_atoms, facts)


def block_age_s(facts: Facts) -> float | None:
    """Seconds a block."""
    return chain_stress.block_age_s(*facts.blocks)


def macro_hours_to(facts: Facts) -> float | None:
    """Hours to the next event."""
    return facts.macro.hours_to


def macro_hours_since(facts: Facts) -> float | None:
    """Hours since the last event."""
    return facts.macro.hours_since


def ad_line(facts: Facts) -> float | None:
    """Advances less declines, summed."""
    return facts.world.breadth.line if facts.world.breadth.closes else None


def eer_nominal(facts: Facts) -> float | None:
    """Prices alone."""
    rate = facts.memory.rate
    return effective_rate.index_level(rate.nominal) if rate.closes else None


def eer_index(facts: Facts) -> float | None:
    """With what lending brings."""
    real = facts.memory.rate.real
    return None if real is None else effective_rate.index_level(real)


def rate_differential(facts: Facts) -> float | None:
    """Base over quote, a year."""
    market = facts.market
    return feeds.rate_differential(facts.feeds, base=market.base_symbol, quote=market.quote_symbol)


def market_beta(facts: Facts) -> float | None:
    """Slope on the index pool."""
    return beta.beta_of(facts.memory.beta, bars=facts.terms.beta_bars)


def irr(facts: Facts) -> float | None:
    """A year; of the position as it stands."""
    if facts.exposure is None:
        return None
    return cash_flows.irr(
        facts.memory.cash_flows,
        value_atoms=facts.exposure.lp_value_atoms,
        time_s=facts.market.time_s,
    )


def irr_hedged(facts: Facts) -> float | None:
    """A year; of the position and its hedges as they stand before this tick's orders."""
    if facts.exposure is None:
        return None
    return hedged_return.irr_hedged(
        facts.memory.cash_flows,
        facts.hedge_flows,
        lp_atoms=facts.exposure.lp_value_atoms,
        open_atoms=facts.hedges_atoms,
        time_s=facts.market.time_s,
    )


def wacc(facts: Facts) -> float | None:
    """A year."""
    terms, market, slope = facts.terms, facts.market, market_beta(facts)
    riskless = feeds.lend_rate(facts.feeds, market.quote_symbol)
    if slope is None or riskless is None:
        return None
    return capital_cost.wacc(
        equity=capital_cost.required_return(
            riskless=riskless, beta=slope, premium=terms.market_premium_bps / BPS
        ),
        borrow_base=feeds.borrow_rate(facts.feeds, market.base_symbol),
        borrow_quote=feeds.borrow_rate(facts.feeds, market.quote_symbol),
        debt_share_bps=terms.debt_share_bps,
    )


def irr_minus_wacc(facts: Facts) -> float | None:
    """A year."""
    return _less(irr(facts), wacc(facts))


def _less(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right
