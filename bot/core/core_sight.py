"""A core position as plain numbers, from what a tick saw of its pool and of those around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf

from bot.core.advice_memory import AdviceMemory, others_of, place_of
from bot.core.advice_terms import AdviceTerms
from bot.core.basket import has_price
from bot.core.core_position import CorePosition, Depth, Other
from bot.core.correlation import correlation, vol_ratio
from bot.core.fee_stream import fee_yield, stream_figures
from bot.core.feeds import GAS_WEI
from bot.core.paper_position import price_of
from bot.core.plan import PoolView
from bot.core.rules import Rules
from bot.core.sight import Sight
from bot.core.snapshot import PoolSpec, PoolState, Snapshot
from bot.core.state import BookState
from bot.core.units import YEAR_S, mul_div_up

GAS_DECIMALS = 18


def core_position(
    state: BookState, sight: Sight, view: PoolView, rules: Rules, terms: AdviceTerms
) -> CorePosition | None:
    """The position that is weighed: the paper one where advice is followed, else the real one.

    None without a position, and while the paper one's pool has no price.
    """
    seen, memory, exposure = sight.snapshot, sight.books[view.market.pool].advice, view.exposure
    if exposure is None or exposure.lp_value_atoms <= 0:
        return None
    paper = memory.paper
    home = seen.specs[place_of(view.market.pool, seen)]
    place = place_of(home.name if paper is None else paper.pool, seen)
    spec, pool = seen.specs[place], seen.pools[place]
    away = None if spec.name == home.name else memory.others[spec.name]
    if not has_price(pool) or (away is not None and not away.price.is_trusted):
        return None
    price = price_of(spec, pool)
    value = exposure.lp_value_atoms if paper is None else paper.value_atoms(price)
    here, others = _where(memory, seen, home, view, rules)
    core_atoms, money_atoms = _quoted_alike(state, sight, home)
    return CorePosition(
        pool=home.name,
        price=price * 10 ** (spec.base.decimals - spec.quote.decimals),
        value_atoms=value,
        pool_atoms=here.pool_atoms,
        others_atoms=here.pool_atoms - (exposure.lp_value_atoms if away is None else 0),
        base_share=0.5 if paper is None else paper.base_share(price),
        core_atoms=core_atoms,
        money_atoms=money_atoms,
        pool_fee_bps=spec.fee_bps,
        fee_bps=spec.fee_bps if paper is None else paper.fee_bps,
        fee_yield=here.fee_yield,
        vol=here.vol,
        weighed_vol=here.weighed_vol,
        irr=view.metrics.get("irr"),
        wacc=view.metrics.get("wacc"),
        years=rules.horizon_s / YEAR_S,
        gas_atoms=gas_atoms(seen, home, terms),
        depth=here.depth,
        fees_atoms=exposure.fees_atoms if paper is None else int(paper.fees),
        il_atoms=exposure.il_atoms if paper is None else None,
        others=others,
        lower=0.0 if paper is None else paper.lower / price,
        upper=inf if paper is None else paper.upper / price,
        idle_atoms=0 if paper is None else int(paper.idle),
        compounds=paper is None or paper.compounds_in(spec),
        fee_factor=1.0 if paper is None else paper.fee_factor,
    )


def gas_atoms(seen: Snapshot, spec: PoolSpec, terms: AdviceTerms) -> int | None:
    """One transaction in quote atoms, rounded up; None without a price of gas or of its token."""
    wei = seen.feeds.get(GAS_WEI, terms.gas_wei)
    if wei is None:
        return None
    paid = wei * terms.gas_units
    for index, one in enumerate(seen.specs):
        names = (one.base.symbol, one.quote.symbol)
        if set(names) != {terms.gas_token, spec.quote.symbol} or not has_price(seen.pools[index]):
            continue
        base, quote = seen.pools[index].reserves(one)
        if one.base.symbol == terms.gas_token:
            unit = 10 ** (GAS_DECIMALS - one.base.decimals)
            return mul_div_up(paid, quote, base * unit)
        unit = 10 ** (GAS_DECIMALS - one.quote.decimals)
        return mul_div_up(paid, base, quote * unit)
    if spec.quote.symbol == terms.gas_token:
        return mul_div_up(paid, 10**spec.quote.decimals, 10**GAS_DECIMALS)
    return None


def _quoted_alike(state: BookState, sight: Sight, spec: PoolSpec) -> tuple[int, int]:
    """(all positions of this quote currency, all money of it), atoms: as it would be had all advice
    been followed, where it is."""
    symbol, seen = spec.quote.symbol, sight.snapshot
    core = 0
    money = sum(
        one.cash.get(symbol, 0) + one.margin.get(symbol, 0) - one.debt.get(symbol, 0)
        for one in state.money.values()
    )
    for name, view in sight.views.items():
        if view.exposure is None or view.market.quote_symbol != symbol:
            continue
        paper = sight.books[name].advice.paper
        place = None if paper is None else place_of(paper.pool, seen)
        if paper is None or place is None or not has_price(seen.pools[place]):
            core += view.exposure.lp_value_atoms
            continue
        core += paper.value_atoms(price_of(seen.specs[place], seen.pools[place]))
        money -= paper.moved_atoms
    return core, money


def _home_as_other(home: PoolSpec, seen: Snapshot, view: PoolView) -> Other:
    """The position's own pool as one that capital could be in. Losses are weighed by the larger of
    what volatility was and what the venue asks for it: a range is short of volatility, so what it
    loses is worth at least what insuring it would cost."""
    realised, implied = view.market.realised_vol, view.metrics.get("implied_vol")
    weighed = None if realised is None or implied is None else max(realised, implied)
    return Other(
        pool=home.name,
        fee_yield=view.metrics.get("fee_yield"),
        vol=realised,
        weighed_vol=weighed,
        correlation=None,
        depth=_depth(home, seen.pools[place_of(home.name, seen)], less=view.claim),
        pool_atoms=2 * view.reserve_quote_atoms,
    )


def _where(
    memory: AdviceMemory, seen: Snapshot, home: PoolSpec, view: PoolView, rules: Rules
) -> tuple[Other, tuple[Other, ...]]:
    """(the pool that the capital is in, those that it could go to): from elsewhere only home, which
    moves along with itself whatever the other pool does."""
    at_home = _home_as_other(home, seen, view)
    others = tuple(_others(memory, seen, home, at_home, rules))
    if memory.paper is None or memory.paper.pool == home.name:
        return at_home, others
    away = next(one for one in others if one.pool == memory.paper.pool)
    return away, (replace(at_home, correlation=1.0),)


def _others(
    memory: AdviceMemory, seen: Snapshot, home: PoolSpec, at_home: Other, rules: Rules
) -> Iterator[Other]:
    """Watched pools against the same quote token. Their volatility is the own pool's, times how
    much more they moved than it over the same samples."""
    terms = rules.advice
    assert terms is not None, "asked only where there is advice"
    for spec, index in others_of(home, seen):
        held, pool = memory.others.get(spec.name), seen.pools[index]
        if held is None or not has_price(pool):
            continue
        figures = stream_figures(held.stream, half_life_s=rules.market.half_life_s)
        ratio = vol_ratio(held.pairs, length=terms.samples)
        tvl = 2 * pool.reserves(spec)[1]
        yield Other(
            pool=spec.name,
            fee_yield=None if figures is None else round(fee_yield(figures, tvl_atoms=tvl), 6),
            vol=_scaled(at_home.vol, ratio),
            weighed_vol=_scaled(at_home.weighed_vol, ratio),
            correlation=correlation(held.pairs, length=terms.samples),
            depth=_depth(spec, pool, less=(0, 0)),
            pool_atoms=tvl,
            is_trusted=held.price.is_trusted,
        )


def _scaled(vol: float | None, ratio: float | None) -> float | None:
    return None if vol is None or ratio is None else round(vol * ratio, 6)


def _depth(spec: PoolSpec, pool: PoolState, *, less: tuple[int, int]) -> Depth:
    """A pool's reserves without the position itself; never less than one atom."""
    base, quote = pool.reserves(spec)
    return Depth(
        base_atoms=max(1, base - less[0]),
        quote_atoms=max(1, quote - less[1]),
        fee_bps=spec.fee_bps,
    )
