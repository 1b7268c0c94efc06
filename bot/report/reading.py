"""Journal rows as plain values: what was opened, what each tick saw, decided, dealt and held.

Figures are taken from the records as they are. Ticks that a reorg took back are left out and
listed. No pandas: this serves the light commands too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bot.core.advice import Advice
from bot.core.conditions import Metrics
from bot.core.errors import TickMissingError
from bot.core.exposure import Exposure
from bot.core.market import Market
from bot.core.orders import Fill, Order
from bot.core.plan import Decision
from bot.core.ports import Row
from bot.core.record import decode_pool, decode_spec, read_body
from bot.core.snapshot import EventKind, PoolSpec, PositionEvent
from bot.report.advised import PaperSeen, read_papers
from bot.report.basket import Basket, BasketSeen
from bot.report.held import HedgeSeen, MoneySeen, read_atoms, read_hedge, read_money

Pair = tuple[int, int]
"""(base, quote) atoms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the book was opened with. decimals: of every token of the pools, by symbol.
    engine_bps: the second engine's share of the capital; 0 where there is none."""

    chain_id: int
    genesis_hash: str
    capital: Mapping[str, int]
    engine_bps: int
    rules_hash: str
    terms: Any
    specs: tuple[PoolSpec, ...]
    decimals: Mapping[str, int]

    def spec(self, pool: str) -> PoolSpec:
        """Return the spec of a pool by its name."""
        return next(spec for spec in self.specs if spec.name == pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSeen:
    """One hedged pool on one tick. exposure: None while the owner has no LP tokens."""

    market: Market
    reserve_base_atoms: int
    reserve_quote_atoms: int
    exposure: Exposure | None
    metrics: Metrics

    @property
    def price(self) -> Fraction:
        """Exact marginal price, quote atoms per base atom."""
        return Fraction(self.reserve_quote_atoms, self.reserve_base_atoms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An order and the venue's answer."""

    tick: int
    time_s: int
    order: Order
    fill: Fill

    @property
    def is_filled(self) -> bool:
        """Whether the venue dealt, the whole order or a part of it."""
        return self.fill.is_dealt


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One record. layers: pool -> layer -> status. pools: hedged pools that could be valued.
    money: the core's; engine: the second engine's. basket: the control beside them.
    advice: what was weighed on it; papers: by pool, positions that follow advice on paper."""

    number: int
    block_number: int
    block_hash: str
    time_s: int
    pools: Mapping[str, PoolSeen]
    reserves: Mapping[str, Pair]
    events: tuple[PositionEvent, ...]
    decisions: tuple[Decision, ...]
    trades: tuple[Trade, ...]
    hedges: tuple[HedgeSeen, ...]
    layers: Mapping[str, Mapping[str, str]]
    money: MoneySeen
    engine: MoneySeen
    basket: BasketSeen
    advice: tuple[Advice, ...]
    papers: Mapping[str, PaperSeen]
    ledger_seq: int
    ledger_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Ticks that a reorg took back. ticks: their numbers."""

    ancestor_number: int
    ancestor_hash: str
    ticks: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Story:
    """A journal read so far. Grows by `record` and `undo`, as the journal does.

    ticks_max: how many ticks to remember, the newest; None for all.
    """

    head: Head
    ticks_max: int | None = None
    ticks: list[Tick] = field(default_factory=list)
    undone: list[Undo] = field(default_factory=list)
    basket: Basket = field(init=False)

    def __post_init__(self) -> None:
        self.basket = Basket(self.head.specs)

    @property
    def last(self) -> Tick | None:
        """The newest tick that stands."""
        return self.ticks[-1] if self.ticks else None

    def tick(self, number: int, *, file: str) -> Tick:
        """Return a tick by its number; one that is not there, or was taken back, is refused."""
        for tick in self.ticks:
            if tick.number == number:
                return tick
        raise TickMissingError(
            tick=number,
            file=file,
            first=self.ticks[0].number if self.ticks else 0,
            last=self.ticks[-1].number if self.ticks else 0,
        )

    def record(self, body: Mapping[str, Any]) -> Tick:
        """Take in one more record."""
        tick = _read_tick(body, self.head, self.last, self.basket)
        self.ticks.append(tick)
        if self.ticks_max is not None:
            del self.ticks[: -self.ticks_max]
        return tick

    def undo(self, body: Mapping[str, Any]) -> Undo:
        """Drop every tick above the ancestor that an undo row names."""
        number = body["ancestor"]["number"]
        gone = tuple(tick.number for tick in self.ticks if tick.block_number > number)
        self.ticks = [tick for tick in self.ticks if tick.block_number <= number]
        self.basket.undo(ancestor_number=number)
        undo = Undo(ancestor_number=number, ancestor_hash=body["ancestor"]["hash"], ticks=gone)
        self.undone.append(undo)
        return undo


def read_story(rows: Iterable[Row]) -> Story | None:
    """Everything a journal tells; None for one that was never opened."""
    story: Story | None = None
    for row in rows:
        body = read_body(row.body)
        if story is None:
            story = Story(head=read_head(body))
        elif row.kind == "record":
            story.record(body)
        elif row.kind == "undo":
            story.undo(body)
    return story


def read_head(body: Mapping[str, Any]) -> Head:
    """The journal's first row."""
    specs = tuple(decode_spec(spec) for spec in body["specs"])
    return Head(
        chain_id=body["chain_id"],
        genesis_hash=body["genesis_hash"],
        capital=read_atoms(body["capital"]),
        engine_bps=body["engine_bps"],
        rules_hash=body["rules_hash"],
        terms=body["terms"],
        specs=specs,
        decimals={
            token.symbol: token.decimals for spec in specs for token in (spec.base, spec.quote)
        },
    )


def layers_in_order(tick: Tick) -> list[tuple[str, str, str]]:
    """(pool, layer, status) in the ladder's order, as they were decided on."""
    return [
        (decision.pool, decision.layer, tick.layers[decision.pool][decision.layer])
        for decision in tick.decisions
    ]


def _read_tick(body: Mapping[str, Any], head: Head, before: Tick | None, basket: Basket) -> Tick:
    snapshot, book = body["snapshot"], body["book"]
    reserves = _reserves_after(snapshot["pools"], head, before)
    time_s = snapshot["block"]["time_s"]
    orders = [Order.from_json(order) for order in body["orders"]]
    fills = [Fill.from_json(fill) for fill in body["fills"]]
    return Tick(
        number=body["tick"],
        block_number=snapshot["block"]["number"],
        block_hash=snapshot["block"]["hash"],
        time_s=time_s,
        pools={
            pool: _read_pool(view, head.spec(pool), reserves[pool])
            for pool, view in body["views"].items()
        },
        reserves=reserves,
        events=tuple(_read_event(event) for event in snapshot["events"]),
        decisions=tuple(Decision.from_json(decision) for decision in body["decisions"]),
        trades=tuple(
            Trade(tick=body["tick"], time_s=time_s, order=order, fill=fill)
            for order, fill in zip(orders, fills, strict=True)
        ),
        hedges=tuple(read_hedge(hedge) for hedge in book["hedges"]),
        layers=book["layers"],
        money=read_money(book),
        engine=read_money(book["engine"]),
        basket=basket.after(
            ((index, decode_pool(fields)) for index, *fields in snapshot["pools"]),
            block_number=snapshot["block"]["number"],
        ),
        advice=tuple(Advice.from_json(advice) for advice in body.get("advice", ())),
        papers=read_papers(book.get("advice", {})),
        ledger_seq=body["ledger"]["seq"],
        ledger_hash=body["ledger"]["hash"],
    )


def _reserves_after(
    changed: Iterable[list[Any]], head: Head, before: Tick | None
) -> Mapping[str, Pair]:
    """(base, quote) reserves of the hedged pools, carried on by what a record says changed."""
    reserves = dict(before.reserves) if before is not None else {}
    for index, reserve0, reserve1, *_ in changed:
        spec = head.specs[index]
        if spec.hedged:
            pair = int(reserve0), int(reserve1)
            reserves[spec.name] = pair if spec.base_is_token0 else (pair[1], pair[0])
    return reserves


def _read_pool(view: Mapping[str, Any], spec: PoolSpec, reserves: Pair) -> PoolSeen:
    market = view["market"]
    return PoolSeen(
        market=Market(
            pool=spec.name,
            time_s=market["time_s"],
            base_symbol=spec.base.symbol,
            base_decimals=spec.base.decimals,
            quote_symbol=spec.quote.symbol,
            quote_decimals=spec.quote.decimals,
            spot_atoms=int(market["spot"]),
            twap_atoms=None if market["twap"] is None else int(market["twap"]),
            realised_vol=market["realised_vol"],
        ),
        reserve_base_atoms=reserves[0],
        reserve_quote_atoms=reserves[1],
        exposure=None if view["exposure"] is None else _read_exposure(view["exposure"]),
        metrics=view["metrics"],
    )


def _read_exposure(row: Mapping[str, Any]) -> Exposure:
    fields: dict[str, Any] = {
        name: int(value) if name.endswith("_atoms") else value for name, value in row.items()
    }
    return Exposure(**fields)


def _read_event(row: Mapping[str, Any]) -> PositionEvent:
    amounts = {name: int(row[name]) for name in ("lp_atoms", "base_atoms", "quote_atoms")}
    return PositionEvent(**{**row, **amounts, "kind": EventKind(row["kind"])})
