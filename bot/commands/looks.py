"""status, explain, positions, history: looking at a book without touching it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from bot.commands.shelf import opened, read_book
from bot.commands.standing_tables import (
    show_hedges,
    show_holdings,
    show_layers,
    show_positions,
)
from bot.commands.terminal import Terminal
from bot.core.advice import Advice
from bot.core.contracts import NEVER_S, contract_decimals
from bot.core.errors import TickMissingError, UsageError
from bot.report.advised import advice_json, advice_sentence, latest, paper_json, paper_sentence
from bot.report.basket import basket_sentence
from bot.report.figures import moment, money, plain
from bot.report.held import HedgeSeen, MoneySeen
from bot.report.live import event_lines
from bot.report.reading import PoolSeen, Story, Tick, layers_in_order
from bot.report.sentences import sentence, trade_sentence
from bot.report.summary import summarise
from bot.report.waiting import awaited, conditions_of, gaps, metrics_of


def status(args: Namespace, terminal: Terminal) -> int:
    """Where the book stands after its last tick."""
    with opened(args) as (store, path):
        story = read_book(store, path)
    tick = story.last
    if terminal.wants_json:
        book = {"book": str(path), "capital": _plain_money(story.head.capital, story)}
        terminal.emit({**book, **summarise(story).to_json(), **_tick_json(story, tick)})
        return 0
    if tick is None:
        terminal.say(f"{path}: open, no tick yet")
        return 0
    terminal.say(f"{path}: tick {tick.number}, block {tick.block_number:,}, {moment(tick.time_s)}")
    show_tick(terminal, story, tick, with_decisions=False)
    return 0


def explain(args: Namespace, terminal: Terminal) -> int:
    """Every decision of a tick in a sentence, and what came of the orders."""
    with opened(args) as (store, path):
        story = read_book(store, path)
    if args.tick == "last":
        if story.last is None:
            raise TickMissingError(tick="last", file=path, first=0, last=0)
        tick = story.last
    elif args.tick.isdecimal():
        tick = story.tick(int(args.tick), file=str(path))
    else:
        raise UsageError(problem=f"{args.tick!r} is no tick number", command="explain")
    if terminal.wants_json:
        terminal.emit(_explained(story, tick))
        return 0
    terminal.say(f"Tick {tick.number}, block {tick.block_number:,}, {moment(tick.time_s)}")
    for line in _sentences(story, tick):
        terminal.say(line)
    return 0


def positions(args: Namespace, terminal: Terminal) -> int:
    """LP positions and open hedges after the last tick."""
    with opened(args) as (store, path):
        story = read_book(store, path)
    tick = story.last
    if terminal.wants_json:
        keys = ("positions", "hedges")
        found = _tick_json(story, tick)
        terminal.emit({"book": str(path), **{key: found[key] for key in keys}})
        return 0
    if tick is None:
        terminal.say(f"{path}: open, no tick yet")
        return 0
    show_positions(terminal, story, tick)
    show_holdings(terminal, story, tick)
    show_hedges(terminal, story, tick)
    return 0


def history(args: Namespace, terminal: Terminal) -> int:
    """The last events: liquidity, trades, layers that moved, reorgs."""
    with opened(args) as (store, path):
        story = read_book(store, path)
    events = [(tick, line) for tick in story.ticks for line in event_lines(tick, story)]
    events = events[-args.n :]
    if terminal.wants_json:
        terminal.emit(
            {
                "book": str(path),
                "events": [
                    {"tick": tick.number, "time_s": tick.time_s, "text": line}
                    for tick, line in events
                ],
                "undone": [
                    {"ancestor": undo.ancestor_number, "ticks": list(undo.ticks)}
                    for undo in story.undone
                ],
            }
        )
        return 0
    for tick, line in events:
        terminal.say(f"{moment(tick.time_s)}  tick {tick.number:>5}  {line}")
    for undo in story.undone:
        ticks = f"{undo.ticks[0]} to {undo.ticks[-1]}" if undo.ticks else "none"
        terminal.say(f"reorg: ticks {ticks} undone, back to block {undo.ancestor_number}")
    return 0


def show_tick(terminal: Terminal, story: Story, tick: Tick, *, with_decisions: bool = True) -> None:
    """A tick for people: positions, layers or decisions, hedges, cash."""
    show_positions(terminal, story, tick)
    if with_decisions:
        for line in _sentences(story, tick):
            terminal.say(line)
    show_layers(terminal, story, tick)
    show_hedges(terminal, story, tick)
    decimals = story.head.decimals
    terminal.say(_money_text(tick.money, decimals))
    if story.head.engine_bps:
        terminal.say(f"second engine: {_money_text(tick.engine, decimals)}")
    terminal.say(basket_sentence(tick.basket))
    if not with_decisions:  # with them it has been said
        for line in advice_lines(story, latest(story.ticks), tick):
            terminal.say(line)


def advice_lines(story: Story, told: list[Advice], tick: Tick) -> list[str]:
    """Advice in sentences, and what following it has come to."""
    lines = [advice_sentence(one, story.head.spec(one.pool)) for one in told]
    return [f"Advice: {line}" for line in lines] + [
        paper_sentence(pool, paper, story.head.spec(pool)) for pool, paper in tick.papers.items()
    ]


def _money_text(held: MoneySeen, decimals: Mapping[str, int]) -> str:
    owed = f"; debt {money(held.debt, decimals)}" if held.debt else ""
    return f"cash {money(held.cash, decimals)}; margin {money(held.margin, decimals)}{owed}"


def _sentences(story: Story, tick: Tick) -> list[str]:
    lines = [sentence(decision, story.head.spec(decision.pool)) for decision in tick.decisions]
    return (
        lines
        + [
            f"Order: {trade_sentence(trade, story.head.spec(trade.order.pool))}"
            for trade in tick.trades
        ]
        + advice_lines(story, list(tick.advice), tick)
    )


def _tick_json(story: Story, tick: Tick | None) -> dict[str, Any]:
    if tick is None:
        return {
            "tick": None, "positions": {}, "hedges": [], "layers": {}, "waits": [],
            "cash": {}, "margin": {}, "debt": {}, "advice": [], "followed": {},
            "engine": {"cash": {}, "margin": {}, "debt": {}},
        }  # fmt: skip
    return {
        "tick": tick.number,
        "positions": {pool: _position_json(story, pool, seen) for pool, seen in tick.pools.items()},
        "hedges": [_hedge_json(story, hedge) for hedge in tick.hedges],
        "layers": {pool: dict(layers) for pool, layers in tick.layers.items()},
        "waits": _waits_json(story, tick),
        "advice": [advice_json(one, story.head.spec(one.pool)) for one in latest(story.ticks)],
        "followed": {
            pool: paper_json(paper, story.head.spec(pool)) for pool, paper in tick.papers.items()
        },
        **_money_json(tick.money, story),
        "engine": _money_json(tick.engine, story),
    }


def _money_json(held: MoneySeen, story: Story) -> dict[str, Any]:
    return {
        "cash": _plain_money(held.cash, story),
        "margin": _plain_money(held.margin, story),
        "debt": _plain_money(held.debt, story),
    }


def _waits_json(story: Story, tick: Tick) -> list[dict[str, Any]]:
    """What each layer waits for: the condition's comparisons, each with how far it is from true."""
    conditions = conditions_of(story.head.terms)
    found = []
    for pool, layer, status in layers_in_order(tick):
        word, row = awaited(layer, status, conditions)
        if row is not None and pool in tick.pools:
            rows = gaps(row, metrics_of(tick, pool, layer))
            found.append({"pool": pool, "layer": layer, "for": word, "gaps": rows})
    return found


def _position_json(story: Story, pool: str, seen: PoolSeen) -> dict[str, Any]:
    spec = story.head.spec(pool)
    quote, base = spec.quote.decimals, spec.base.decimals
    found: dict[str, Any] = {
        "base": spec.base.symbol,
        "quote": spec.quote.symbol,
        "price": plain(seen.market.spot_atoms, quote),
        "reserve_base": plain(seen.reserve_base_atoms, base),
        "reserve_quote": plain(seen.reserve_quote_atoms, quote),
        "metrics": dict(seen.metrics),
        "lp": None,
    }
    exposure = seen.exposure
    if exposure is not None:
        found["lp"] = {
            "claim_base": plain(exposure.claim_base_atoms, base),
            "claim_quote": plain(exposure.claim_quote_atoms, quote),
            "lp_value": plain(exposure.lp_value_atoms, quote),
            "hold_value": plain(exposure.hold_value_atoms, quote),
            "entry_value": plain(exposure.entry_value_atoms, quote),
            "il": plain(exposure.il_atoms, quote),
            "il_bps": exposure.il_bps,
            "fees": plain(exposure.fees_atoms, quote),
            "price_exposure": plain(exposure.price_exposure_atoms, quote),
            "funded_pnl": plain(exposure.funded_pnl_atoms, quote),
            "delta_base": exposure.delta_base,
            "gamma_base": exposure.gamma_base,
        }
    return found


def _hedge_json(story: Story, hedge: HedgeSeen) -> dict[str, Any]:
    spec = story.head.spec(hedge.pool)
    decimals = spec.quote.decimals
    return {
        "id": hedge.id,
        "pool": hedge.pool,
        "layer": hedge.layer,
        "sleeve": hedge.sleeve.value,
        "legs": [
            {
                "contract": leg.contract.code,
                "quantity": plain(
                    leg.quantity_atoms,
                    contract_decimals(leg.contract, base_decimals=spec.base.decimals),
                ),
            }
            for leg in hedge.legs
        ],
        "cost": plain(hedge.cost_atoms, decimals),
        "value": None if hedge.value_atoms is None else plain(hedge.value_atoms, decimals),
        "margin": plain(hedge.margin_atoms, decimals),
        "opened_s": hedge.opened_s,
        "expiry_s": None if hedge.expiry_s == NEVER_S else hedge.expiry_s,
    }


def _explained(story: Story, tick: Tick) -> dict[str, Any]:
    return {
        "tick": tick.number,
        "block": tick.block_number,
        "time_s": tick.time_s,
        "decisions": [
            {
                "pool": decision.pool,
                "layer": decision.layer,
                "status": decision.status.value,
                "wanted": decision.wanted.value,
                "reason": decision.reason.value,
                "numbers": dict(decision.numbers),
                "text": sentence(decision, story.head.spec(decision.pool)),
            }
            for decision in tick.decisions
        ],
        "advice": [advice_json(one, story.head.spec(one.pool)) for one in tick.advice],
        "orders": [
            {
                "id": trade.order.id,
                "status": trade.fill.status.value,
                "reason": trade.fill.reason,
                "text": trade_sentence(trade, story.head.spec(trade.order.pool)),
            }
            for trade in tick.trades
        ],
    }


def _plain_money(balances: Mapping[str, int], story: Story) -> dict[str, str]:
    return {symbol: plain(atoms, story.head.decimals[symbol]) for symbol, atoms in balances.items()}
