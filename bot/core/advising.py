"""Advice where the tick meets it: from what was seen to plain numbers, and from advice to the book.

`advise` is asked while the plan is made, `advice_after` and `advice_drafts` when it is settled. A
position is weighed when it is due and its price is trusted; on paper only, beside the real one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf

from bot.core.accounts import advice_accounts
from bot.core.advice import Advice, Why
from bot.core.advice_judge import judge, said_after
from bot.core.advice_memory import AdviceMemory, OtherMemory, is_priced, others_of, place_of
from bot.core.advice_terms import AdviceTerms
from bot.core.canonical import Json, digest
from bot.core.core_position import CorePosition, Depth, Other
from bot.core.correlation import correlation, vol_of_other
from bot.core.fee_stream import fee_yield, stream_figures
from bot.core.feeds import GAS_WEI
from bot.core.ledger import Draft, Posting
from bot.core.paper_position import PaperPosition, followed, opened, price_of
from bot.core.plan import PoolView
from bot.core.rules import Rules
from bot.core.sight import Sight
from bot.core.snapshot import PoolSpec, PoolState, Snapshot
from bot.core.state import BookState, PoolBook
from bot.core.units import YEAR_S, mul_div_up
from bot.core.weighing import weigh

GAS_DECIMALS = 18


def advise(state: BookState, sight: Sight, rules: Rules) -> tuple[Advice, ...]:
    """Advice on every position that is due; none where the rules ask for none."""
    terms = rules.advice
    if terms is None:
        return ()
    found: list[Advice] = []
    time_s = sight.snapshot.block.time_s
    for pool, view in sight.views.items():
        memory = sight.books[pool].advice
        if view.trust.doubt is not None or not memory.is_due(time_s, terms):
            continue
        core = core_position(state, sight, view, rules, terms)
        if core is None:
            continue
        weighed = weigh(core, terms, standing=memory.said.given.key)
        found += judge(weighed, memory.said, terms, time_s=time_s)
    return tuple(found)


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
    if not is_priced(pool):
        return None
    price = price_of(spec, pool)
    value = exposure.lp_value_atoms if paper is None else paper.value_atoms(price)
    away = spec.name != home.name
    stream = _other(memory.others[spec.name], spec, pool, rules, terms) if away else None
    quoted = _quoted_alike(state, sight, home)
    return CorePosition(
        pool=home.name,
        price=price * 10 ** (spec.base.decimals - spec.quote.decimals),
        value_atoms=value,
        pool_atoms=2 * pool.reserves(spec)[1],
        others_atoms=2 * pool.reserves(spec)[1] - (0 if away else exposure.lp_value_atoms),
        base_share=0.5 if paper is None else paper.base_share(price),
        core_atoms=quoted[0] - exposure.lp_value_atoms + value,
        money_atoms=quoted[1] - (0 if paper is None else paper.moved_atoms),
        pool_fee_bps=spec.fee_bps,
        fee_bps=spec.fee_bps if paper is None else paper.fee_bps,
        fee_yield=view.metrics.get("fee_yield") if stream is None else stream.fee_yield,
        vol=view.market.realised_vol if stream is None else stream.vol,
        irr=view.metrics.get("irr"),
        wacc=view.metrics.get("wacc"),
        years=rules.horizon_s / YEAR_S,
        gas_atoms=gas_atoms(seen, home, terms),
        depth=_depth(spec, pool, less=(0, 0) if away else view.claim),
        fees_atoms=exposure.fees_atoms if paper is None else int(paper.fees),
        il_atoms=exposure.il_atoms if paper is None else None,
        others=_others(memory, seen, home, rules, terms, away=away, view=view),
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
        if set(names) != {terms.gas_token, spec.quote.symbol} or not is_priced(seen.pools[index]):
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


def advice_after(
    book: PoolBook, advice: Iterable[Advice], seen: Snapshot, rules: Rules, view: PoolView | None
) -> AdviceMemory:
    """A pool's memory of advice once this tick's has been recorded."""
    memory, terms = book.advice, rules.advice
    told = tuple(one for one in advice if one.pool == book.position.pool)
    if terms is None or not told:
        return memory
    time_s = seen.block.time_s
    memory = replace(memory, weighed_s=time_s, said=said_after(memory.said, told, time_s=time_s))
    if not terms.follow or view is None or view.exposure is None:
        return memory
    home = seen.specs[place_of(book.position.pool, seen)]
    paper = memory.paper
    if paper is None:
        state = seen.pools[place_of(home.name, seen)]
        paper = opened(home, state, value_atoms=view.exposure.lp_value_atoms)
    for one in told:
        if one.why is Why.FOLLOWED:
            paper = _followed(paper, one, terms, seen)
    return replace(memory, paper=paper)


def advice_drafts(advice: Iterable[Advice], seen: Snapshot, *, tick: int) -> list[Draft]:
    """The cost of each action that is followed, against what it is borne by on paper.

    No account of the real position, of cash or of a hedge is in it.
    """
    drafts: list[Draft] = []
    for one in advice:
        if one.why is not Why.FOLLOWED:
            continue
        symbol = seen.specs[place_of(one.pool, seen)].quote.symbol
        accounts = advice_accounts(pool=one.pool, action=one.action.value)
        costs = (one.cost.gas_atoms, one.cost.fee_atoms, one.cost.slippage_atoms)
        postings = [
            posting
            for account, atoms in zip(accounts.costs, costs, strict=True)
            if atoms
            for posting in (
                Posting(account=account, currency=symbol, atoms=atoms),
                Posting(account=accounts.paper, currency=symbol, atoms=-atoms),
            )
        ]
        if postings:
            cause = digest(seen.chain_id, seen.block.hash, tick, one.pool, one.kind.value, "advice")
            memo = f"{one.action.value} {one.target} on paper"
            drafts.append(Draft(kind="advice", cause=cause, memo=memo, postings=tuple(postings)))
    return drafts


def paper_values(books: Mapping[str, PoolBook], seen: Snapshot) -> dict[str, Json]:
    """Each paper position beside what leaving it alone would have come to; none without one."""
    found: dict[str, Json] = {}
    for name, book in books.items():
        paper = book.advice.paper
        if paper is None:
            continue
        home, away = place_of(name, seen), place_of(paper.pool, seen)
        if is_priced(seen.pools[home]) and is_priced(seen.pools[away]):
            alone = paper.alone_atoms(seen.specs[home], seen.pools[home])
            price = price_of(seen.specs[away], seen.pools[away])
            found[name] = paper.to_json(price, alone_atoms=alone)
    return found


def _followed(
    paper: PaperPosition, advice: Advice, terms: AdviceTerms, seen: Snapshot
) -> PaperPosition:
    place = place_of(paper.pool, seen)
    spec, state = seen.specs[place], seen.pools[place]
    target = None
    if advice.action.value == "migrate":
        to = place_of(advice.target, seen)
        target = (seen.specs[to], price_of(seen.specs[to], seen.pools[to]))
    price = price_of(spec, state)
    return followed(paper, advice, terms, price=price, home=spec, target=target)


def _quoted_alike(state: BookState, sight: Sight, spec: PoolSpec) -> tuple[int, int]:
    """(all positions of this quote currency, all money of it), atoms."""
    symbol = spec.quote.symbol
    core = sum(
        view.exposure.lp_value_atoms
        for view in sight.views.values()
        if view.exposure is not None and view.market.quote_symbol == symbol
    )
    money = sum(
        one.cash.get(symbol, 0) + one.margin.get(symbol, 0) - one.debt.get(symbol, 0)
        for one in state.money.values()
    )
    return core, money


def _others(
    memory: AdviceMemory,
    seen: Snapshot,
    home: PoolSpec,
    rules: Rules,
    terms: AdviceTerms,
    *,
    away: bool,
    view: PoolView,
) -> tuple[Other, ...]:
    """Where the capital could go; from elsewhere only home."""
    if away:
        held = memory.others[memory.paper.pool] if memory.paper is not None else None
        close = None if held is None else correlation(held.pairs, length=terms.samples)
        return (
            Other(
                pool=home.name,
                fee_yield=view.metrics.get("fee_yield"),
                vol=view.market.realised_vol,
                correlation=close,
                depth=_depth(home, seen.pools[place_of(home.name, seen)], less=view.claim),
                pool_atoms=2 * view.reserve_quote_atoms,
            ),
        )
    return tuple(
        _other(memory.others[spec.name], spec, seen.pools[index], rules, terms)
        for spec, index in others_of(home, seen)
        if spec.name in memory.others and is_priced(seen.pools[index])
    )


def _other(
    held: OtherMemory, spec: PoolSpec, pool: PoolState, rules: Rules, terms: AdviceTerms
) -> Other:
    figures = stream_figures(held.stream, half_life_s=rules.market.half_life_s)
    tvl = 2 * pool.reserves(spec)[1]
    return Other(
        pool=spec.name,
        fee_yield=None if figures is None else round(fee_yield(figures, tvl_atoms=tvl), 6),
        vol=vol_of_other(held.pairs, length=terms.samples, step_s=terms.sample_s),
        correlation=correlation(held.pairs, length=terms.samples),
        depth=_depth(spec, pool, less=(0, 0)),
        pool_atoms=tvl,
    )


def _depth(spec: PoolSpec, pool: PoolState, *, less: tuple[int, int]) -> Depth:
    """A pool's reserves without the position itself; never less than one atom."""
    base, quote = pool.reserves(spec)
    return Depth(
        base_atoms=max(1, base - less[0]),
        quote_atoms=max(1, quote - less[1]),
        fee_bps=spec.fee_bps,
    )
