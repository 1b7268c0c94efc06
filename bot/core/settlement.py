"""What the fills of a tick make of the book: hedges, layers, cash, entries. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.advising import advice_after, advice_drafts, paper_values
from bot.core.bookkeeping import claim_drafts, debt_draft, fill_draft, margin_draft
from bot.core.canonical import Json, digest
from bot.core.hedge_worth import HedgeWorth, worth_of
from bot.core.hedged_return import IRR_HEDGED, flows_of_hedges
from bot.core.hedges import earned_atoms, hedge_after, layers_after
from bot.core.ledger import Draft, Entry, LedgerHead, seal
from bot.core.orders import Fill, Order
from bot.core.plan import Plan
from bot.core.ports import Cash, Quoting
from bot.core.rules import Rules
from bot.core.sight import Sight, hedged_pools
from bot.core.sleeves import ACCOUNTS, Money, Sleeve, money_after, spendable
from bot.core.snapshot import Snapshot
from bot.core.state import BookState, Hedge


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The world after the tick: the new state and the entries that tell how it came to be."""

    state: BookState
    entries: tuple[Entry, ...]


def settle(
    state: BookState, sight: Sight, plan: Plan, fills: Sequence[Fill], rules: Rules
) -> Settled:
    """Apply one answer per order to the book. Refused orders change nothing but the layer."""
    snapshot, time_s = sight.snapshot, sight.snapshot.block.time_s
    answers = tuple(zip(plan.orders, fills, strict=True))
    claims, drafts = _claims(state, sight, tick=plan.tick)
    cause = digest(snapshot.chain_id, snapshot.block.hash, plan.tick)
    hedges, moved, earned = _dealt(state.hedges, plan, answers, time_s=time_s, cause=cause)
    drafts += _lent(state, moved, cause=cause)
    drafts += advice_drafts(plan.advice, snapshot, tick=plan.tick)
    entries = seal_all(drafts, state.ledger_head, snapshot, tick=plan.tick)
    pools = {
        name: replace(
            book,
            claim_base_atoms=claims[name][0],
            claim_quote_atoms=claims[name][1],
            advice=advice_after(book, plan.advice, snapshot, rules, sight.views.get(name)),
            hedge_flows=(*book.hedge_flows, *flows_of_hedges(answers, pool=name, time_s=time_s))
            if IRR_HEDGED in rules.metric_names
            else (),
            layers=layers_after(
                book, plan, answers, rules, hedges=hedges, earned=earned, time_s=time_s
            ),
        )
        for name, book in sight.books.items()
    }
    return Settled(
        state=replace(
            state,
            tick=plan.tick,
            snapshot=snapshot,
            pools=pools,
            world=sight.world,
            hedges=hedges,
            money={
                sleeve: money_after(money, sleeve, entries) for sleeve, money in state.money.items()
            },
            ledger_head=head_after(state.ledger_head, entries),
        ),
        entries=entries,
    )


def spendable_cash(state: BookState, rules: Rules) -> dict[Sleeve, dict[str, int]]:
    """What each sleeve may spend before this tick: the core all that is free, the engine what its
    cap leaves."""
    return {
        sleeve: spendable(money, cap_bps=rules.cap_bps(sleeve))
        for sleeve, money in state.money.items()
    }


def free_cash(state: BookState, plan: Plan, rules: Rules) -> Cash:
    """Cash that this tick's orders may spend: what is free, less what more margin takes first."""
    by_sleeve = spendable_cash(state, rules)
    for hedge in state.hedges:
        more = plan.margins.get(hedge.id, hedge.margin_atoms) - hedge.margin_atoms
        if more > 0:
            free, symbol = by_sleeve[hedge.sleeve], plan.views[hedge.pool].market.quote_symbol
            free[symbol] = free.get(symbol, 0) - more
    return by_sleeve


def seal_all(
    drafts: Sequence[Draft], head: LedgerHead, snapshot: Snapshot, *, tick: int
) -> tuple[Entry, ...]:
    """Give drafts their places after `head`, at the snapshot's block."""
    entries: list[Entry] = []
    for draft in drafts:
        entry = seal(
            draft,
            head=head,
            tick=tick,
            time_s=snapshot.block.time_s,
            block_number=snapshot.block.number,
            block_hash=snapshot.block.hash,
        )
        entries.append(entry)
        head = LedgerHead(seq=entry.seq, hash=entry.hash)
    return tuple(entries)


def head_after(head: LedgerHead, entries: Sequence[Entry]) -> LedgerHead:
    """Where the ledger stands once these entries are in it."""
    return LedgerHead(seq=entries[-1].seq, hash=entries[-1].hash) if entries else head


def book_values(state: BookState, sight: Sight, quoting: Quoting, *, known: HedgeWorth) -> Json:
    """What the book is worth now: each sleeve's money (the core's first), and each hedge at what
    the venue would pay. known: `untouched`."""
    papers = paper_values(state.pools, sight.snapshot)
    worth = worth_of(state.hedges, sight.views, quoting, known=known)
    return {
        **({"advice": papers} if papers else {}),
        **_money_json(state.money[Sleeve.CORE]),
        "engine": _money_json(state.money[Sleeve.ENGINE]),
        "hedges": [_hedge_json(hedge, worth[hedge.id]) for hedge in state.hedges],
        "layers": {
            name: {layer: held.status.value for layer, held in book.layers.items()}
            for name, book in state.pools.items()
        },
    }


def _money_json(money: Money) -> dict[str, Json]:
    return {
        "cash": {symbol: str(atoms) for symbol, atoms in money.cash.items()},
        "margin": {symbol: str(atoms) for symbol, atoms in money.margin.items()},
        "debt": {symbol: str(atoms) for symbol, atoms in money.debt.items() if atoms},
    }


def untouched(plan: Plan, fills: Sequence[Fill]) -> HedgeWorth:
    """The worth of hedges that no fill has changed."""
    dealt = {
        order.hedge_id for order, fill in zip(plan.orders, fills, strict=True) if fill.is_dealt
    }
    return {hedge: atoms for hedge, atoms in plan.worth.items() if hedge not in dealt}


def _hedge_json(hedge: Hedge, worth_atoms: int | None) -> Json:
    return {
        "id": hedge.id,
        "pool": hedge.pool,
        "layer": hedge.layer,
        "sleeve": hedge.sleeve.value,
        "legs": [leg.to_json() for leg in hedge.legs],
        "opened_s": hedge.opened_s,
        "expiry_s": hedge.expiry_s,
        "cost": str(hedge.cost_atoms),
        "margin": str(hedge.margin_atoms),
        "value": None if worth_atoms is None else str(worth_atoms),
    }


def _dealt(
    hedges: Sequence[Hedge],
    plan: Plan,
    answers: Sequence[tuple[Order, Fill]],
    *,
    time_s: int,
    cause: str,
) -> tuple[tuple[Hedge, ...], list[Draft], dict[str, int]]:
    """The hedges after margin and fills, the entries of both, and what each order earned."""
    held = {hedge.id: hedge for hedge in hedges}
    drafts: list[Draft] = []
    earned: dict[str, int] = {}
    # In the order of the hedges, not of the mapping: a plan that was read back has it sorted.
    for hedge in [hedge for hedge in hedges if hedge.id in plan.margins]:
        margin_atoms = plan.margins[hedge.id]
        drafts.append(
            margin_draft(
                hedge_id=hedge.id,
                sleeve=hedge.sleeve,
                quote_symbol=plan.views[hedge.pool].market.quote_symbol,
                change_atoms=margin_atoms - hedge.margin_atoms,
                cause=cause,
            )
        )
        held[hedge.id] = replace(hedge, margin_atoms=margin_atoms)
    for order, fill in answers:
        if not fill.is_dealt:
            continue
        before = held.pop(order.hedge_id, None)
        after = hedge_after(before, order, fill, time_s=time_s)
        if after is not None:
            held[order.hedge_id] = after
        earned[order.id] = earned_atoms(before, after, order, fill)
        drafts.append(
            fill_draft(
                order,
                fill,
                quote_symbol=plan.views[order.pool].market.quote_symbol,
                margin_change_atoms=(after.margin_atoms if after else 0)
                - (before.margin_atoms if before else 0),
            )
        )
    return tuple(held.values()), drafts, earned


def _lent(state: BookState, drafts: Sequence[Draft], *, cause: str) -> list[Draft]:
    """The entries, and before them what the venue must lend for no sleeve's cash ever to fall below
    zero; or behind them what is paid back of an older debt."""
    lent: list[Draft] = []
    repaid: list[Draft] = []
    for sleeve, money in state.money.items():
        for symbol, atoms in sorted(_debts(money, sleeve, drafts).items()):
            draft = debt_draft(sleeve=sleeve, symbol=symbol, atoms=atoms, cause=cause)
            (lent if atoms > 0 else repaid).append(draft)
    return [*lent, *drafts, *repaid]


def _debts(money: Money, sleeve: Sleeve, drafts: Sequence[Draft]) -> dict[str, int]:
    """By symbol, what one sleeve must be lent (> 0) or pays back (< 0)."""
    free, least = dict(money.cash), dict(money.cash)
    for draft in drafts:
        for posting in draft.postings:
            if posting.account == ACCOUNTS[sleeve].cash:
                free[posting.currency] = free.get(posting.currency, 0) + posting.atoms
        for symbol, atoms in free.items():
            least[symbol] = min(least.get(symbol, 0), atoms)
    lent = {symbol: -atoms for symbol, atoms in least.items() if atoms < 0}
    repaid = {
        symbol: -min(owed, free.get(symbol, 0))
        for symbol, owed in money.debt.items()
        if symbol not in lent and owed > 0 and free.get(symbol, 0) > 0
    }
    return {**repaid, **lent}


def _claims(
    state: BookState, sight: Sight, *, tick: int
) -> tuple[dict[str, tuple[int, int]], list[Draft]]:
    """Each pool's claim now, and the entries that carry the ledger there."""
    snapshot = sight.snapshot
    claims: dict[str, tuple[int, int]] = {}
    drafts: list[Draft] = []
    for spec, pool in hedged_pools(snapshot):
        before = state.pools.get(spec.name)
        view = sight.views.get(spec.name)
        booked = (before.claim_base_atoms, before.claim_quote_atoms) if before else (0, 0)
        lp_before = before.position.lp_atoms if before else 0
        moved, claims[spec.name] = claim_drafts(
            spec,
            [event for event in snapshot.events if event.pool == spec.name],
            booked=booked,
            lp_before_atoms=lp_before,
            claim=None if view is None else view.claim,
            price=None if view is None else pool.price(spec),
            cause=digest(snapshot.chain_id, snapshot.block.hash, tick, spec.name),
        )
        drafts += moved
    return claims, drafts
