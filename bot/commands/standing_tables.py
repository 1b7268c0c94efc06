"""Where a book stands after a tick, as tables: positions, tokens, layers, hedges."""

from __future__ import annotations

from bot.commands.terminal import Terminal
from bot.core.reasons import Reason
from bot.core.snapshot import PoolSpec
from bot.report.figures import amount, change, contracts, expiry, number, places_for
from bot.report.reading import Story, Tick, layers_in_order
from bot.report.sentences import SHORT
from bot.report.waiting import conditions_of, metrics_of, waits_for


def show_positions(terminal: Terminal, story: Story, tick: Tick) -> None:
    rows = []
    for spec in story.head.specs:
        seen = tick.pools.get(spec.name)
        if seen is None:
            continue
        decimals = spec.quote.decimals
        price = f"{amount(seen.market.spot_atoms, decimals)} {spec.quote.symbol}"
        exposure = seen.exposure
        if exposure is None:
            rows.append((spec.name, price, *["-"] * 5))
            continue
        places = places_for(exposure.hold_value_atoms, decimals)
        rows.append(
            (
                spec.name,
                price,
                amount(exposure.lp_value_atoms, decimals, places=places),
                number(exposure.il_bps),
                change(exposure.il_atoms, decimals, places=places),
                change(exposure.fees_atoms, decimals, places=places),
                change(exposure.funded_pnl_atoms, decimals, places=places),
            )
        )
    columns = ("pool", "price", "LP value", "IL bps", "IL", "fees", "funded P&L")
    terminal.table(columns, rows, right=columns[1:])


def show_holdings(terminal: Terminal, story: Story, tick: Tick) -> None:
    """The tokens behind the positions, and how they move with the price."""
    rows = []
    for spec in story.head.specs:
        seen = tick.pools.get(spec.name)
        if seen is None or seen.exposure is None:
            continue
        held = seen.exposure
        rows.append(
            (
                spec.name,
                _both(spec, held.entry_base_atoms, held.entry_quote_atoms),
                _both(spec, held.claim_base_atoms, held.claim_quote_atoms),
                f"{held.delta_base:,.2f} {spec.base.symbol}",
                f"{held.gamma_base:.4g} per {spec.quote.symbol}",
            )
        )
    columns = ("pool", "paid in", "would withdraw", "delta", "gamma")
    terminal.table(columns, rows, right=columns[1:])


def _both(spec: PoolSpec, base_atoms: int, quote_atoms: int) -> str:
    base = amount(base_atoms, spec.base.decimals)
    quote = amount(quote_atoms, spec.quote.decimals)
    return f"{base} {spec.base.symbol} + {quote} {spec.quote.symbol}"


def show_layers(terminal: Terminal, story: Story, tick: Tick) -> None:
    conditions = conditions_of(story.head.terms)
    shut = {(one.pool, one.layer) for one in tick.decisions if one.reason is Reason.GATE}
    rows = []
    for pool, layer, status in layers_in_order(tick):
        waits = "no price"
        if pool in tick.pools:
            waits = waits_for(layer, status, conditions, metrics_of(tick, pool, layer))
        if (pool, layer) in shut:
            waits = f"{SHORT[Reason.GATE]}; {waits}"
        rows.append((pool, layer, status, waits))
    terminal.table(("pool", "layer", "status", "waits"), rows)


def show_hedges(terminal: Terminal, story: Story, tick: Tick) -> None:
    if not tick.hedges:
        terminal.say("no open hedges")
        return
    rows = []
    for hedge in tick.hedges:
        spec = story.head.spec(hedge.pool)
        decimals = spec.quote.decimals
        value = "-" if hedge.value_atoms is None else amount(hedge.value_atoms, decimals)
        rows.append(
            (
                hedge.pool,
                hedge.owner,
                contracts(hedge.legs, base_decimals=spec.base.decimals),
                amount(hedge.cost_atoms, decimals),
                value,
                amount(hedge.margin_atoms, decimals),
                expiry(hedge.expiry_s),
            )
        )
    columns = ("pool", "layer", "contracts", "cost", "value", "margin", "expiry")
    terminal.table(columns, rows, right=("cost", "value", "margin"))
