"""From a snapshot to what the policy looks at: positions by lots, signals, exposure, metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from bot.core.advice_memory import remembered
from bot.core.errors import EmptyPoolError
from bot.core.exposure import Exposure, exposure_of
from bot.core.index_memory import IndexMemory, IndexSeen, remember
from bot.core.index_metric import INDEX_METRICS, index_metrics
from bot.core.instruments import INSTRUMENTS
from bot.core.market import Market
from bot.core.market_memory import NO_WORLD, WorldMemory
from bot.core.market_metrics import needs_of, wanted_of
from bot.core.metrics import measure
from bot.core.outlook import Remembered, remember_tick, with_outside
from bot.core.parity import PARITY_METRICS, parity_metrics
from bot.core.plan import PoolView
from bot.core.ports import Quoting
from bot.core.position import Position, apply_event
from bot.core.rules import Rules
from bot.core.signals import PoolSignals, observe, realised_vol, spot_down
from bot.core.snapshot import PoolSpec, PoolState, PositionEvent, Snapshot
from bot.core.state import BookState, LayerState, PoolBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One tick seen: each hedged pool's book carried on to this block, and its view.

    A pool without reserves, or with a price below one quote atom for a whole base token, has a
    book and no view: it cannot be valued, so nothing is decided.
    """

    snapshot: Snapshot
    books: Mapping[str, PoolBook]
    views: Mapping[str, PoolView]
    world: WorldMemory = NO_WORLD


def look(state: BookState, snapshot: Snapshot, rules: Rules, quoting: Quoting) -> Sight:
    """Carry every hedged pool on to this block and measure it. Pure."""
    books: dict[str, PoolBook] = {}
    views: dict[str, PoolView] = {}
    for spec, pool in hedged_pools(snapshot):
        before = state.pools.get(spec.name) or _new_book(spec, rules)
        events = tuple(event for event in snapshot.events if event.pool == spec.name)
        position = _carried_on(before.position, events, time_s=snapshot.block.time_s)
        try:
            signals = observe(before.signals, spec, pool, time_s=snapshot.block.time_s, rules=rules)
        except EmptyPoolError:
            books[spec.name] = replace(before, position=position, signals=before.signals.broken())
            continue
        if spot_down(spec, pool) < 1:
            books[spec.name] = replace(before, position=position, signals=signals.broken())
            continue
        exposure = exposure_of(spec, pool, position) if position.lots else None
        market = _market(spec, pool, signals, time_s=snapshot.block.time_s, rules=rules)
        if uses_index(rules):
            index, market = _with_index(signals.index, market, rules, quoting)
            signals = replace(signals, index=index)
        view = _view(spec, pool, signals, exposure, market=market, rules=rules, quoting=quoting)
        signals = replace(signals, recent=view.recent)
        books[spec.name] = replace(before, position=position, signals=signals)
        views[spec.name] = view
    seen = Sight(snapshot=snapshot, books=books, views=views, world=state.world)
    wanted = wanted_of(rules.metric_names)
    if wanted:
        seen = _with_outside(seen, state, rules, quoting, wanted)
    if rules.advice is not None:
        seen = _with_advice(seen, state, rules)
    return seen


def _with_advice(seen: Sight, state: BookState, rules: Rules) -> Sight:
    """The same with what advice remembers of each pool carried on."""
    books = dict(seen.books)
    for spec, _ in hedged_pools(seen.snapshot):
        view = seen.views.get(spec.name)
        books[spec.name] = replace(
            books[spec.name],
            advice=remembered(
                books[spec.name].advice,
                spec,
                state.snapshot,
                seen.snapshot,
                rules,
                is_trusted=view is not None and view.trust.doubt is None,
            ),
        )
    return replace(seen, books=books)


def _with_recent(seen: Sight) -> Sight:
    """The same with the newest of each pool's recent metrics as they are now."""
    views, books = dict(seen.views), dict(seen.books)
    for name, view in seen.views.items():
        signals = books[name].signals
        recent = (*view.recent[:-1], view.metrics)
        views[name] = replace(view, recent=recent)
        books[name] = replace(books[name], signals=replace(signals, recent=recent))
    return replace(seen, views=views, books=books)


def _with_outside(
    seen: Sight, state: BookState, rules: Rules, quoting: Quoting, wanted: frozenset[str]
) -> Sight:
    """The same with the metrics of market, value and macro that the rules speak of."""
    needs = needs_of(rules.metric_names)
    memory = Remembered(
        world=state.world, pools={name: book.memory for name, book in state.pools.items()}
    )
    if needs:
        memory = remember_tick(memory, state.snapshot, seen.snapshot, rules, needs)
    views = with_outside(
        seen.views, state, seen.snapshot, rules, quoting, wanted=wanted, memory=memory
    )
    books = {
        name: replace(book, memory=memory.pools.get(name, book.memory))
        for name, book in seen.books.items()
    }
    looked = Sight(snapshot=seen.snapshot, books=books, views=views, world=memory.world)
    return _with_recent(looked)


def hedged_pools(snapshot: Snapshot) -> Iterable[tuple[PoolSpec, PoolState]]:
    """The pools whose position is hedged, in the order of the specs."""
    for index, spec in enumerate(snapshot.specs):
        if spec.hedged:
            yield spec, snapshot.pools[index]


def _new_book(spec: PoolSpec, rules: Rules) -> PoolBook:
    return PoolBook(
        position=Position(pool=spec.name),
        signals=PoolSignals(),
        layers={layer.name: LayerState() for layer in rules.layers},
    )


def uses_index(rules: Rules) -> bool:
    """Whether a layer's contracts are on the volatility index."""
    return _on_index(tuple(layer.instrument for layer in rules.layers))


def sees_index(rules: Rules) -> bool:
    """Whether the index is measured: contracts are on it, or a rule speaks of it."""
    return uses_index(rules) or not rules.metric_names.isdisjoint(INDEX_METRICS)


@cache
def _on_index(instruments: tuple[str, ...]) -> bool:
    return any(INSTRUMENTS[name].on_index for name in instruments)


def _carried_on(position: Position, events: Iterable[PositionEvent], *, time_s: int) -> Position:
    for event in events:
        position = apply_event(position, event, block_time_s=time_s)
    return position


def _with_index(
    memory: IndexMemory, market: Market, rules: Rules, quoting: Quoting
) -> tuple[IndexMemory, Market]:
    """The index seen once more, and the vol token carried on to this market."""
    seen = IndexSeen(time_s=market.time_s, index_atoms=quoting.index_atoms(market))
    token, value_micro = quoting.vol_token(memory.token, market)
    memory = IndexMemory(
        seen=remember(memory.seen, seen, window_s=rules.twap_window_s), token=token
    )
    return memory, replace(market, vol_token_micro=value_micro)


def _market(
    spec: PoolSpec, pool: PoolState, signals: PoolSignals, *, time_s: int, rules: Rules
) -> Market:
    return Market(
        pool=spec.name,
        time_s=time_s,
        base_symbol=spec.base.symbol,
        base_decimals=spec.base.decimals,
        quote_symbol=spec.quote.symbol,
        quote_decimals=spec.quote.decimals,
        spot_atoms=spot_down(spec, pool),
        twap_atoms=signals.twap_atoms,
        realised_vol=realised_vol(signals, rules),
    )


def _view(
    spec: PoolSpec,
    pool: PoolState,
    signals: PoolSignals,
    exposure: Exposure | None,
    *,
    market: Market,
    rules: Rules,
    quoting: Quoting,
) -> PoolView:
    metrics = measure(
        market,
        exposure,
        sigma=quoting.calm_vol(market, tenor_s=rules.horizon_s),
        implied_vol=quoting.atm_vol(market, tenor_s=rules.horizon_s),
        horizon_s=rules.horizon_s,
        bars=signals.bars,
    )
    if sees_index(rules):
        metrics = {**metrics, **index_metrics(market, quoting)}
    if rules.metric_names & PARITY_METRICS.keys():
        metrics = {**metrics, **parity_metrics(market, quoting, tenor_s=rules.horizon_s)}
    return PoolView(
        market=market,
        reserve_quote_atoms=pool.reserves(spec)[1],
        exposure=exposure,
        metrics=metrics,
        trust=signals.guard.trust,
        recent=(*signals.recent, metrics)[-rules.guard.blocks_needed :],
    )
