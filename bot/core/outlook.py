"""Looking beyond a pool's own prices: what is remembered of markets, and the metrics read off it.

Both are done only for what the rules speak of; a thousand watched pools cost nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.core.cash_flows import CashFlow
from bot.core.contracts import contract_unit
from bot.core.hedged_return import IRR_HEDGED, hedges_atoms
from bot.core.market import Market
from bot.core.market_memory import (
    NO_MEMORY,
    NO_WORLD,
    Need,
    Needs,
    PoolMemory,
    WorldMemory,
    pool_step,
    world_step,
)
from bot.core.market_metrics import BOOK_RATIO, outside_metrics
from bot.core.market_readers import Facts
from bot.core.plan import PoolView
from bot.core.ports import Quoting
from bot.core.quick_ratio import quick_ratio_book
from bot.core.rules import Rules
from bot.core.sleeves import Sleeve
from bot.core.snapshot import PoolSpec, PoolState, Snapshot
from bot.core.state import BookState, Hedge
from bot.core.units import mul_div_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The memory of the world, and of each hedged pool by its name, after a tick."""

    world: WorldMemory = NO_WORLD
    pools: Mapping[str, PoolMemory] = field(default_factory=dict)


NOTHING_REMEMBERED = Remembered()


def remember_tick(
    memory: Remembered, before: Snapshot | None, now: Snapshot, rules: Rules, needs: Needs
) -> Remembered:
    """The memory with one more tick. before: the tick that it stands at, None at the first."""
    world, close = world_step(
        memory.world, before, now, terms=rules.market, bar_s=rules.bars.bar_s, needs=needs
    )
    now_s = now.block.time_s
    pools: dict[str, PoolMemory] = {}
    for index, spec in enumerate(now.specs):
        if not spec.hedged:
            continue
        pools[spec.name] = pool_step(
            memory.pools.get(spec.name, NO_MEMORY),
            spec,
            _both(before, now, index) if Need.STREAM in needs else None,
            [event for event in now.events if event.pool == spec.name],
            times_s=(now_s if before is None else before.block.time_s, now_s),
            close=close,
            terms=rules.market,
            needs=needs,
        )
    return Remembered(world=world, pools=pools)


def with_outside(
    views: Mapping[str, PoolView],
    state: BookState,
    snapshot: Snapshot,
    rules: Rules,
    quoting: Quoting,
    *,
    wanted: frozenset[str],
    memory: Remembered,
) -> dict[str, PoolView]:
    """The views with these metrics added."""
    before = None if state.snapshot is None else state.snapshot.block
    markets = {name: view.market for name, view in views.items()}
    ratios: dict[str, float | None] = {}
    if BOOK_RATIO in wanted:
        for market in markets.values():
            ratios[market.quote_symbol] = book_ratio(state, market.quote_symbol, markets, quoting)
    added: dict[str, PoolView] = {}
    for name, view in views.items():
        facts = Facts(
            market=view.market,
            exposure=view.exposure,
            tvl_atoms=2 * view.reserve_quote_atoms,
            feeds=snapshot.feeds,
            blocks=(before, snapshot.block),
            memory=memory.pools.get(name, NO_MEMORY),
            world=memory.world,
            terms=rules.market,
            book_ratio=ratios.get(view.market.quote_symbol),
            hedge_flows=_hedge_flows(state, name),
            hedges_atoms=hedges_atoms(state.hedges, view.market, quoting)
            if IRR_HEDGED in wanted
            else None,
        )
        added[name] = replace(view, metrics={**view.metrics, **outside_metrics(wanted, facts)})
    return added


def _hedge_flows(state: BookState, pool: str) -> tuple[CashFlow, ...]:
    book = state.pools.get(pool)
    return () if book is None else book.hedge_flows


def book_ratio(
    state: BookState, symbol: str, markets: Mapping[str, Market], quoting: Quoting
) -> float | None:
    """`quick_ratio_book` of a quote currency as the book stood before this tick's orders: of the
    core, which the second engine's money cannot help.

    Margin is what the venue would ask for now; short options count at the ask of now. None while
    a hedge has no market or has expired: what it takes to be rid of it is not known.
    """
    quotes = {spec.name: spec for spec in state.specs if spec.quote.symbol == symbol}
    margin = short = 0
    for hedge in state.hedges:
        if hedge.pool not in quotes or hedge.sleeve is not Sleeve.CORE:
            continue
        market = markets.get(hedge.pool)
        if market is None or hedge.expiry_s <= market.time_s:
            return None
        margin += quoting.margin_atoms(hedge.legs, market)
        short += _short_atoms(hedge, quotes[hedge.pool], market, quoting)
    core = state.money[Sleeve.CORE]
    return quick_ratio_book(
        cash_atoms=core.cash.get(symbol, 0),
        collateral_atoms=core.margin.get(symbol, 0),
        margin_atoms=margin,
        short_atoms=short,
        debt_atoms=core.debt.get(symbol, 0),
    )


def _short_atoms(hedge: Hedge, spec: PoolSpec, market: Market, quoting: Quoting) -> int:
    decimals = spec.base.decimals
    return sum(
        mul_div_up(
            -leg.quantity_atoms,
            quoting.bid_ask(leg.contract, market)[1],
            contract_unit(leg.contract, base_decimals=decimals),
        )
        for leg in hedge.legs
        if leg.quantity_atoms < 0 and leg.contract.kind.is_option
    )


def _both(before: Snapshot | None, now: Snapshot, index: int) -> tuple[PoolState, PoolState] | None:
    """A pool at the tick before and at this one, if it had a price at both."""
    if before is None:
        return None
    states = before.pools[index], now.pools[index]
    return states if all(min(each.reserve0, each.reserve1) > 0 for each in states) else None
