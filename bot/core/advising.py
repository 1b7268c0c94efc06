"""Advice where the tick meets it: weighed from what was seen, and carried into the book.

`advise` is asked while the plan is made, `advice_after` and `advice_drafts` when it is settled. A
position is weighed when it is due and its price is trusted; on paper only, beside the real one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.core.accounts import advice_accounts
from bot.core.advice import Action, Advice, Why
from bot.core.advice_judge import judge, said_after
from bot.core.advice_memory import AdviceMemory, place_of
from bot.core.advice_terms import AdviceTerms
from bot.core.basket import has_price
from bot.core.canonical import Json, digest
from bot.core.core_sight import core_position
from bot.core.ledger import Draft, Posting
from bot.core.paper_position import PaperPosition, followed, opened, price_of
from bot.core.plan import PoolView
from bot.core.rules import Rules
from bot.core.sight import Sight
from bot.core.snapshot import Snapshot
from bot.core.state import BookState, PoolBook
from bot.core.weighing import weigh


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
        if has_price(seen.pools[home]) and has_price(seen.pools[away]):
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
    if advice.action is Action.MIGRATE:
        to = place_of(advice.target, seen)
        target = (seen.specs[to], price_of(seen.specs[to], seen.pools[to]))
    price = price_of(spec, state)
    return followed(paper, advice, terms, price=price, home=spec, target=target)
