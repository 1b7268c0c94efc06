"""One tick as a picture for the terminal: pools, layers, hedges, cash. 80 columns suffice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bot.core.plan import Decision
from bot.core.reasons import Reason
from bot.core.snapshot import PoolSpec
from bot.report.figures import amount, change, fraction_of, moment, money, number, places_for
from bot.report.held import HedgeSeen, MoneySeen
from bot.report.plaintext import clean
from bot.report.reading import Head, PoolSeen, Tick
from bot.report.sentences import short
from bot.report.standing import Standing
from bot.report.waiting import Conditions, metrics_of, waits_for

STATUS_STYLES: Mapping[str, str] = {
    "idle": "dim",
    "armed": "bold yellow",
    "holding": "bold green",
    "cooling": "cyan",
    "frozen": "blue",
}
EVENTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Everything that one picture shows. ticks_total: None when there is no end in sight."""

    title: str
    head: Head
    tick: Tick
    standing: Mapping[str, Standing]
    conditions: Conditions
    events: Sequence[str]
    ticks_total: int | None
    ticks_done: int


def picture(frame: Frame, *, pools_max: int) -> RenderableType:
    """The frame as something rich can print; pools beyond `pools_max` are counted."""
    tick, head = frame.tick, frame.head
    in_order = [spec.name for spec in head.specs if spec.name in tick.pools]
    shown = [(pool, tick.pools[pool]) for pool in in_order[:pools_max]]
    parts: list[RenderableType] = [_headline(frame)]
    for pool, seen in shown:
        spec = head.spec(pool)
        standing, has_engine = frame.standing.get(pool), head.engine_bps > 0
        parts.append(_price_line(spec, seen))
        parts.append(_position_line(spec, seen, standing, has_engine=has_engine))
        parts.append(_layer_table(frame, spec))
    if len(tick.pools) > len(shown):
        parts.append(text(f"and {len(tick.pools) - len(shown)} more pools", "dim"))
    parts.append(_cash_line(frame))
    if head.engine_bps:
        parts.append(_money_line("engine cash ", tick.engine, head.decimals))
    parts += [text(f"· {event}", "dim", cut=True) for event in frame.events[-EVENTS_SHOWN:]]
    return Group(*parts)


def text(words: str, style: str = "", *, cut: bool = False) -> Text:
    """Words without markup or control characters, whatever a token calls itself."""
    return Text(
        clean(words),
        style=style,
        no_wrap=cut,
        overflow="ellipsis" if cut else "fold",
    )


def _headline(frame: Frame) -> RenderableType:
    tick, total = frame.tick, frame.ticks_total
    count = f"tick {frame.ticks_done:,}" + ("" if total is None else f" of {total:,}")
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1, no_wrap=True)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(
        text(frame.title, "bold", cut=True),
        text(f"block {tick.block_number:,} · {count} · {moment(tick.time_s)}", cut=True),
    )
    if total is None:
        return line
    # A bar ends no line of its own; a table's row does.
    bar = Table.grid(expand=True)
    bar.add_row(ProgressBar(total=total, completed=min(frame.ticks_done, total)))
    return Group(line, bar)


def _price_line(spec: PoolSpec, seen: PoolSeen) -> RenderableType:
    quote, base = spec.quote, spec.base
    move = seen.metrics.get("move_bps")
    line = text(spec.name, "bold cyan", cut=True)
    line.append(f"  {amount(seen.market.spot_atoms, quote.decimals)} {clean(quote.symbol)}", "bold")
    if move is not None:
        line.append(f"  {number(move / 100, places=2)} % since entry", _sign_style(move))
    line.append(
        f"  {_round(seen.reserve_base_atoms, base.decimals)} {clean(base.symbol)}"
        f" + {_round(seen.reserve_quote_atoms, quote.decimals)} {clean(quote.symbol)}",
        "dim",
    )
    return line


def _position_line(
    spec: PoolSpec, seen: PoolSeen, standing: Standing | None, *, has_engine: bool
) -> RenderableType:
    exposure = seen.exposure
    if exposure is None or standing is None:
        return text("  no LP position", "dim")
    decimals = spec.quote.decimals
    places = max(0, places_for(exposure.hold_value_atoms, decimals) - 2)
    pieces = (
        ("IL", f"{number(exposure.il_bps)} bps", exposure.il_atoms),
        ("fees", "", exposure.fees_atoms),
        ("P&L", "", exposure.funded_pnl_atoms),
        ("hedges", "", standing.hedge.pnl_atoms),
        *((("engine", "", standing.engine.pnl_atoms),) if has_engine else ()),
    )
    line = Text(no_wrap=True, overflow="ellipsis")
    for name, measure, atoms in pieces:
        line.append(f"  {name} ", "dim")
        line.append(f"{measure} " if measure else "")
        line.append(change(atoms, decimals, places=places), _sign_style(atoms))
    return line


def _layer_table(frame: Frame, spec: PoolSpec) -> RenderableType:
    table = Table.grid(padding=(0, 1), expand=True)
    for justify, ratio in (("left", None), ("left", None), ("right", None), ("left", 1)):
        table.add_column(justify=justify, ratio=ratio, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    hedges = {hedge.layer: hedge for hedge in frame.tick.hedges if hedge.pool == spec.name}
    for decision in frame.tick.decisions:
        if decision.pool == spec.name:
            table.add_row(*_layer_row(frame, spec, decision, hedges.get(decision.layer)))
    return table


def _layer_row(
    frame: Frame, spec: PoolSpec, decision: Decision, hedge: HedgeSeen | None
) -> Iterable[Text]:
    status = frame.tick.layers.get(spec.name, {}).get(decision.layer, decision.wanted.value)
    metrics = metrics_of(frame.tick, spec.name, decision.layer)
    waits = waits_for(decision.layer, status, frame.conditions, metrics)
    quiet = waits and decision.reason in (Reason.BELOW_ARM, Reason.IN_BAND)
    words = [] if quiet else [short(decision, spec)]
    words += [waits] if waits else []
    return (
        text(f"  {decision.layer}", cut=True),
        text(status, STATUS_STYLES.get(status, ""), cut=True),
        _hedge_text(hedge, spec),
        text("; ".join(words), "" if hedge else "dim", cut=True),
    )


def _hedge_text(hedge: HedgeSeen | None, spec: PoolSpec) -> Text:
    """`812.20 -> 1,920.10 (+136.4 %)`: cost, value and what that is."""
    if hedge is None:
        return Text("")
    decimals = spec.quote.decimals
    cost = amount(hedge.cost_atoms, decimals)
    if hedge.value_atoms is None:
        return text(f"cost {cost}, no value now", "dim", cut=True)
    line = text(f"{cost} -> ", cut=True)
    gain = hedge.value_atoms - hedge.cost_atoms
    line.append(amount(hedge.value_atoms, decimals), _sign_style(gain))
    line.append(f" ({fraction_of(gain, abs(hedge.cost_atoms))})", "dim")
    return line


def _cash_line(frame: Frame) -> RenderableType:
    tick, decimals = frame.tick, frame.head.decimals
    line = _money_line("cash ", tick.money, decimals)
    line.append(f"  open hedges {len(tick.hedges)}  ledger entry {tick.ledger_seq}", "dim")
    return line


def _money_line(label: str, held: MoneySeen, decimals: Mapping[str, int]) -> Text:
    line = Text(label, "dim", no_wrap=True, overflow="ellipsis")
    line.append(clean(money(held.cash, decimals)), "bold default")
    line.append(f"  margin {clean(money(held.margin, decimals))}", "dim")
    if held.debt:
        line.append(f"  debt {clean(money(held.debt, decimals))}", "bold red")
    return line


def _round(atoms: int, decimals: int) -> str:
    """A reserve without decimals once it is in the thousands."""
    return amount(atoms, decimals, places=0 if atoms >= 1000 * 10**decimals else None)


def _sign_style(value: float) -> str:
    return "green" if value > 0 else "red" if value < 0 else ""
