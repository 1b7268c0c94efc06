"""What the fills of a tick make of the book: hedges, layers, cash, entries. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.accounts import CASH, MARGIN
from bot.core.bookkeeping import claim_drafts, fill_draft
from bot.core.canonical import Json, digest
from bot.core.ledger import Draft, Entry, LedgerHead, seal
from bot.core.orders import Fill, FillStatus, Intent, Order
from bot.core.plan import Decision, Plan
from bot.core.ports import Quoting
from bot.core.reasons import Status
from bot.core.rules import Rules
from bot.core.sight import Sight, hedged_pools
from bot.core.snapshot import Snapshot
from bot.core.state import BookState, Hedge, LayerState, PoolBook, Spend
from bot.core.units import YEAR_S


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
    done = [
        (order, fill)
        for order, fill in zip(plan.orders, fills, strict=True)
        if fill.status is FillStatus.FILLED
    ]
    hedges = _hedges_after(state.hedges, done, time_s=time_s)
    claims, drafts = _claims(state, sight, tick=plan.tick)
    margins = {hedge.id: hedge.margin_atoms for hedge in state.hedges}
    drafts += [
        fill_draft(
            order,
            fill,
            quote_symbol=plan.views[order.pool].market.quote_symbol,
            margin_before_atoms=margins.get(order.hedge_id, 0),
        )
        for order, fill in done
    ]
    entries = seal_all(drafts, state.ledger_head, snapshot, tick=plan.tick)
    pools = {
        name: replace(
            book,
            claim_base_atoms=claims[name][0],
            claim_quote_atoms=claims[name][1],
            layers=_layers_after(book, plan, done, hedges, rules, time_s=time_s),
        )
        for name, book in sight.books.items()
    }
    return Settled(
        state=replace(
            state,
            tick=plan.tick,
            snapshot=snapshot,
            pools=pools,
            hedges=hedges,
            cash=_balance_after(state.cash, entries, CASH),
            margin=_balance_after(state.margin, entries, MARGIN),
            ledger_head=head_after(state.ledger_head, entries),
        ),
        entries=entries,
    )


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


def book_values(state: BookState, sight: Sight, quoting: Quoting) -> Json:
    """What the book is worth now: cash, margin, and each hedge at what the venue would pay."""
    return {
        "cash": {symbol: str(atoms) for symbol, atoms in state.cash.items()},
        "margin": {symbol: str(atoms) for symbol, atoms in state.margin.items()},
        "hedges": [_hedge_value(hedge, sight, quoting) for hedge in state.hedges],
        "layers": {
            name: {layer: held.status.value for layer, held in book.layers.items()}
            for name, book in state.pools.items()
        },
    }


def _hedge_value(hedge: Hedge, sight: Sight, quoting: Quoting) -> Json:
    """A hedge at its liquidation value; None while its pool cannot be valued or it has expired."""
    view = sight.views.get(hedge.pool)
    value = (
        None
        if view is None or view.market.time_s >= hedge.expiry_s
        else quoting.liquidation_atoms(hedge.legs, view.market)
    )
    return {
        "id": hedge.id,
        "pool": hedge.pool,
        "layer": hedge.layer,
        "legs": [leg.to_json() for leg in hedge.legs],
        "opened_s": hedge.opened_s,
        "expiry_s": hedge.expiry_s,
        "cost": str(hedge.cost_atoms),
        "margin": str(hedge.margin_atoms),
        "value": None if value is None else str(value),
    }


def _hedges_after(
    hedges: Sequence[Hedge], done: Sequence[tuple[Order, Fill]], *, time_s: int
) -> tuple[Hedge, ...]:
    gone = {order.hedge_id for order, _ in done if order.intent is not Intent.OPEN}
    opened = tuple(
        Hedge(
            id=order.id,
            pool=order.pool,
            layer=order.layer,
            legs=order.legs,
            opened_s=time_s,
            expiry_s=min(leg.contract.expiry_s for leg in order.legs),
            cost_atoms=fill.fee_atoms - fill.cash_atoms,
            margin_atoms=fill.margin_atoms,
        )
        for order, fill in done
        if order.intent is Intent.OPEN
    )
    return tuple(hedge for hedge in hedges if hedge.id not in gone) + opened


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


def _layers_after(
    book: PoolBook,
    plan: Plan,
    done: Sequence[tuple[Order, Fill]],
    hedges: Sequence[Hedge],
    rules: Rules,
    *,
    time_s: int,
) -> Mapping[str, LayerState]:
    """Layer states once it is known what was filled."""
    pool = book.position.pool
    holding = {hedge.layer for hedge in hedges if hedge.pool == pool}
    paid = {
        order.layer: fill.fee_atoms - fill.cash_atoms
        for order, fill in done
        if order.pool == pool and order.intent is Intent.OPEN
    }
    cooldowns_s = {layer.name: layer.cooldown_s for layer in rules.layers}
    layers = dict(book.layers)
    for decision in plan.decisions:
        if decision.pool == pool:
            held = layers[decision.layer]
            status = _status_after(decision, is_holding=decision.layer in holding)
            layers[decision.layer] = LayerState(
                status=status,
                since_s=held.since_s if status is held.status else time_s,
                cooling_until_s=time_s + cooldowns_s[decision.layer]
                if status is Status.COOLING and held.status is not Status.COOLING
                else held.cooling_until_s,
                spends=_spends_after(held, paid.get(decision.layer, 0), time_s=time_s),
            )
    return layers


def _status_after(decision: Decision, *, is_holding: bool) -> Status:
    """A layer that holds a hedge is holding, whatever it wanted; one that wants one is armed."""
    if is_holding:
        return Status.HOLDING
    return Status.ARMED if decision.wanted is Status.HOLDING else decision.wanted


def _spends_after(held: LayerState, paid_atoms: int, *, time_s: int) -> tuple[Spend, ...]:
    recent = tuple(spend for spend in held.spends if spend.time_s > time_s - YEAR_S)
    return (*recent, Spend(time_s=time_s, atoms=paid_atoms)) if paid_atoms > 0 else recent


def _balance_after(
    before: Mapping[str, int], entries: Sequence[Entry], account: str
) -> Mapping[str, int]:
    after = dict(before)
    for entry in entries:
        for posting in entry.postings:
            if posting.account == account:
                after[posting.currency] = after.get(posting.currency, 0) + posting.atoms
    return after
