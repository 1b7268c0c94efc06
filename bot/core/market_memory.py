"""What is remembered of markets beyond a pool's own prices, and only for rules that ask for it.

A tick steps flows and gas; the watched pools are decoded once a bar, when it has closed. The same
functions walk a whole history: a fold of them is the history, to the bit. docs/maths.md section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from bot.core.beta import EMPTY_WINDOW, BetaWindow, beta_step
from bot.core.breadth import NO_BREADTH, Breadth, breadth_step
from bot.core.cash_flows import CashFlow, flows_of
from bot.core.chain_stress import NO_GAS, GasAverage, gas_step
from bot.core.effective_rate import RATE_START, EffectiveRate, basket_move, effective_rate_step
from bot.core.fee_stream import NO_STREAM, FeeStream, stream_step
from bot.core.feeds import GAS_WEI, Feeds, rate_differential
from bot.core.market_terms import MarketTerms
from bot.core.pool_flow import flow_between
from bot.core.rolling import log_grains
from bot.core.snapshot import PoolSpec, PoolState, PositionEvent, Snapshot


class Need(Enum):
    """What a metric must have remembered."""

    STREAM = "stream"  # volume and fees of the pool
    CASH_FLOWS = "cash_flows"  # what the position paid in and took out
    GAS = "gas"  # the base fee's average
    BREADTH = "breadth"  # closes of all watched pools
    RATE = "rate"  # the same, for the effective exchange rate
    BETA = "beta"  # the same, for beta to the index pool


Needs = frozenset[Need]
CLOSES = frozenset({Need.BREADTH, Need.RATE, Need.BETA})
Prices = tuple[float | None, ...]
"""Quote atoms per base atom of each watched pool, in the order of the specs; None for no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMemory:
    """Of one hedged pool."""

    stream: FeeStream = NO_STREAM
    cash_flows: tuple[CashFlow, ...] = ()
    rate: EffectiveRate = RATE_START
    beta: BetaWindow = EMPTY_WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldMemory:
    """Of everything else. prices, closed_s: the last close, and the time of its tick."""

    gas: GasAverage = NO_GAS
    breadth: Breadth = NO_BREADTH
    prices: Prices = ()
    closed_s: int = 0


NO_MEMORY = PoolMemory()
NO_WORLD = WorldMemory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A bar that has just closed, beside the close before it.

    elapsed_s: between the last ticks of both. feeds: as they stood at the later one.
    """

    specs: tuple[PoolSpec, ...]
    elapsed_s: int
    before: Prices
    now: Prices
    feeds: Feeds = field(default_factory=dict)

    def moves(self, name: str) -> tuple[float, float] | None:
        """The prices of a pool at both closes; None where one is missing."""
        for spec, before, now in zip(self.specs, self.before, self.now, strict=True):
            if spec.name == name:
                return None if before is None or now is None else (before, now)
        return None


def world_step(
    world: WorldMemory,
    before: Snapshot | None,
    now: Snapshot,
    *,
    terms: MarketTerms,
    bar_s: int,
    needs: Needs,
) -> tuple[WorldMemory, Close | None]:
    """The memory at this tick, and the bar that it closes, if it does.

    before: the tick before, whose gas stood until now and whose prices close its bar when this
    tick lies in a later one. Bars without a tick are joined to the one before.
    """
    if before is None:
        return world, None
    if Need.GAS in needs and GAS_WEI in before.feeds:
        elapsed_s = now.block.time_s - before.block.time_s
        gas = gas_step(
            world.gas, before.feeds[GAS_WEI], elapsed_s=elapsed_s, half_life_s=terms.half_life_s
        )
        world = replace(world, gas=gas)
    if not needs & CLOSES or before.block.time_s // bar_s == now.block.time_s // bar_s:
        return world, None
    prices = prices_of(before)
    closed = replace(world, prices=prices, closed_s=before.block.time_s)
    if not world.prices:
        return closed, None
    if Need.BREADTH in needs:
        closed = replace(closed, breadth=breadth_step(world.breadth, world.prices, prices))
    close = Close(
        specs=before.specs,
        elapsed_s=closed.closed_s - world.closed_s,
        before=world.prices,
        now=prices,
        feeds=before.feeds,
    )
    return closed, close


def pool_step(
    memory: PoolMemory,
    spec: PoolSpec,
    states: tuple[PoolState, PoolState] | None,
    events: Sequence[PositionEvent],
    *,
    times_s: tuple[int, int],
    close: Close | None,
    terms: MarketTerms,
    needs: Needs,
) -> PoolMemory:
    """A hedged pool's memory at this tick.

    states, times_s: of the tick before and of this one; states None where one of them has no
    price, which is time that no average sees. events: the position's, of this pool.
    """
    if Need.STREAM in needs and states is not None:
        stream = stream_step(
            memory.stream,
            flow_between(spec, *states),
            elapsed_s=times_s[1] - times_s[0],
            half_life_s=terms.half_life_s,
        )
        memory = replace(memory, stream=stream)
    if Need.CASH_FLOWS in needs and events:
        fresh = flows_of(events, time_s=times_s[1])
        memory = replace(memory, cash_flows=(*memory.cash_flows, *fresh))
    if close is None:
        return memory
    if Need.RATE in needs:
        memory = replace(memory, rate=_rate(memory.rate, spec, close))
    if Need.BETA in needs:
        memory = replace(memory, beta=_beta(memory.beta, spec, close, terms))
    return memory


def prices_of(snapshot: Snapshot) -> Prices:
    """Prices of all watched pools; this is what decodes them."""
    return tuple(
        None if pool.reserve0 <= 0 or pool.reserve1 <= 0 else _price(spec, pool)
        for spec, pool in zip(snapshot.specs, snapshot.pools, strict=True)
    )


def _price(spec: PoolSpec, pool: PoolState) -> float:
    reserve_base, reserve_quote = pool.reserves(spec)
    price: float = reserve_quote / reserve_base
    return price


def _rate(rate: EffectiveRate, spec: PoolSpec, close: Close) -> EffectiveRate:
    return effective_rate_step(
        rate,
        basket_move(spec.base.address, close.specs, close.before, close.now),
        differential=rate_differential(close.feeds, base=spec.base.symbol, quote=spec.quote.symbol),
        elapsed_s=close.elapsed_s,
    )


def _beta(window: BetaWindow, spec: PoolSpec, close: Close, terms: MarketTerms) -> BetaWindow:
    index = close.moves(terms.beta_index) if terms.beta_index else None
    own = close.moves(spec.name)
    if index is None or own is None:
        return window
    x, y = log_grains(index[1] / index[0]), log_grains(own[1] / own[0])
    return beta_step(window, index=x, pool=y, bars=terms.beta_bars)
