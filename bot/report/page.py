"""The report: one HTML file with everything in it, made from the book alone, the same every time.

Whatever comes from the chain is escaped here, at the only place where text becomes HTML.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Protocol

from bot.core.errors import BookMissingError, BookWriteError, BotError
from bot.core.ledger import Balances
from bot.core.orders import Leg
from bot.core.ports import Row
from bot.core.snapshot import PoolSpec
from bot.report.chart import draw
from bot.report.figures import amount, change, contracts, expiry, moment, places_for
from bot.report.ledger_view import amount_text, balance_lines
from bot.report.markup import classed, table
from bot.report.page_parts import advice_part, basket_part, worth_part
from bot.report.plots import charts_of
from bot.report.reading import Story, read_story
from bot.report.standing import Standing, standings
from bot.report.summary import TOTALS, Summary, summarise, summary_rows

HERE = Path(__file__).parent
TRADES_SHOWN = 500
ASSUMPTIONS = (
    "Paper trading; no advice. No order left this machine: fills are at the bid and ask of a model "
    "venue, and everything it assumes is written in docs/assumptions.md."
)
KEY = (
    '<ul class="key"><li><i class="armed"></i>armed</li><li><i class="holding"></i>holding</li>'
    '<li><i class="cooling"></i>cooling</li><li><i class="frozen"></i>frozen</li>'
    '<li><b class="mark open"></b>bought</li>'
    '<li><b class="mark monetise"></b>monetised</li><li><b class="mark close"></b>sold</li>'
    '<li><b class="mark settle"></b>settled</li></ul>'
)


class ReadableBook(Protocol):
    """What the report reads of a store."""

    file: str

    def rows(self) -> Iterable[Row]: ...

    def balances(self) -> Balances: ...

    def check(self) -> object: ...


def write_report(book: ReadableBook, path: Path) -> None:
    """Write the report of an open book to a file."""
    page = report_page(book)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BookWriteError(file=str(path), problem=str(error.strerror)) from error


def report_page(book: ReadableBook) -> str:
    """The whole page; a book that was never opened has none."""
    story = read_story(book.rows())
    if story is None:
        raise BookMissingError(file=book.file)
    summary = summarise(story)
    by_tick = list(standings(story.ticks))
    title = "layerhedge: " + ", ".join(summary.standing)
    parts = [
        _opening(story, summary),
        *(_pool_part(story, summary, pool, by_tick) for pool in summary.standing),
        basket_part(story),
        advice_part(story),
        _hedges(story),
        _trades(story),
        _balances(story, book.balances()),
        _reasons(summary),
        _facts(story, book),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_file('page.css')}</style></head>\n<body>"
        + "\n".join(parts)
        + f"\n<script>{_file('page.js')}</script></body></html>\n"
    )


def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _opening(story: Story, summary: Summary) -> str:
    last = summary.last
    if last is None:
        when = "no tick yet"
    else:
        first = story.ticks[0]
        when = (
            f"{summary.ticks:,} ticks, {moment(first.time_s)} to {moment(last.time_s)}, "
            f"blocks {first.block_number:,} to {last.block_number:,}"
        )
    return (
        f"<header><h1>Hedging {escape(', '.join(summary.standing) or 'nothing yet')}</h1>"
        f'<p class="soft">{escape(when)}</p></header>'
        f'<p class="notice">{escape(ASSUMPTIONS)}</p>'
    )


def _pool_part(
    story: Story,
    summary: Summary,
    pool: str,
    by_tick: Sequence[Mapping[str, Standing]],
) -> str:
    charts = [draw(chart) for chart in charts_of(story, pool, by_tick)]
    charts[0] = charts[0].replace("</figure>", f"{KEY}</figure>") if charts[0] else ""
    return (
        f"<section><h2>{escape(pool)}</h2>{_cards(story, summary.standing[pool])}"
        f"{''.join(charts)}{_money_table(story, summary.standing[pool])}"
        f"{worth_part(summary.worth[pool], story.head.spec(pool))}</section>"
    )


def _cards(story: Story, standing: Standing) -> str:
    quote = story.head.spec(standing.pool).quote
    places = places_for(standing.hold_atoms, quote.decimals)
    cards = (
        ("LP without hedges, against holding", standing.lp_vs_hold_atoms),
        ("Hedges", standing.hedge.pnl_atoms),
        *((("Second engine", standing.engine.pnl_atoms),) if story.head.engine_bps else ()),
        ("LP with hedges, against holding", standing.hedged_vs_hold_atoms),
    )
    return '<div class="cards">' + "".join(
        f'<div class="card"><span class="soft">{label}</span><b class="{_tone(atoms)}">'
        f"{change(atoms, quote.decimals, places=places)} <small>{escape(quote.symbol)}</small></b>"
        f'<span class="soft">{_bps(atoms, standing.hold_atoms)} of the value held</span></div>'
        for label, atoms in cards
    ) + "</div>"  # fmt: skip


def _money_table(story: Story, standing: Standing) -> str:
    quote = story.head.spec(standing.pool).quote
    places = places_for(standing.hold_atoms, quote.decimals)
    lines = summary_rows(standing, with_engine=story.head.engine_bps > 0)
    rows = "".join(
        f'<tr{classed("total") if label in TOTALS else ""}><td>{escape(label)}</td><td class="n">'
        f"{(amount if row == 0 else change)(atoms, quote.decimals, places=places)}</td></tr>"
        for row, (label, atoms) in enumerate(lines)
    )
    head = f'<tr><th>{escape(standing.pool)}</th><th class="n">{escape(quote.symbol)}</th></tr>'
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _hedges(story: Story) -> str:
    hedges = story.last.hedges if story.last is not None else ()
    if not hedges:
        return '<section><h2>Open hedges</h2><p class="soft">none</p></section>'
    rows = []
    for hedge in hedges:
        spec = story.head.spec(hedge.pool)
        decimals = spec.quote.decimals
        value = hedge.value_atoms
        rows.append(
            (
                hedge.pool,
                hedge.owner,
                _legs(hedge.legs, spec),
                f"{amount(hedge.cost_atoms, decimals)} {spec.quote.symbol}",
                "unknown" if value is None else f"{amount(value, decimals)} {spec.quote.symbol}",
                moment(hedge.opened_s),
                expiry(hedge.expiry_s),
            )
        )
    columns = ("pool:t", "layer", "contracts:k", "cost:n", "value:n", "bought:t", "expiry:t")
    return f"<section><h2>Open hedges</h2>{table(columns, rows)}</section>"


def _trades(story: Story) -> str:
    orders = [trade for tick in story.ticks for trade in tick.trades]
    trades = [trade for trade in orders if trade.is_filled]
    refused = Counter(trade.fill.reason for trade in orders if not trade.is_filled)
    rows = []
    for trade in trades[-TRADES_SHOWN:]:
        spec = story.head.spec(trade.order.pool)
        decimals, fill = spec.quote.decimals, trade.fill
        rows.append(
            (
                moment(trade.time_s),
                trade.order.pool,
                trade.order.layer,
                trade.order.intent.value,
                trade.order.reason,
                _legs(trade.order.legs, spec),
                f"{change(fill.cash_atoms, decimals)} {spec.quote.symbol}",
                amount(fill.spread_atoms, decimals),
                amount(fill.fee_atoms, decimals),
            )
        )
    hidden = len(trades) - len(rows)
    note = f"The last {len(rows)}; {hidden} earlier ones are in the book. " if hidden else ""
    if refused:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(refused.items()))
        note += f"Orders that the venue refused, by its reason: {reasons}."
    columns = ("time:t", "pool:t", "layer", "what", "reason", "contracts:k",
               "cash:n", "spread:n", "fee:n")  # fmt: skip
    body = table(columns, rows) if rows else '<p class="soft">none</p>'
    return f'<section><h2>Trades</h2><p class="soft">{escape(note)}</p>{body}</section>'


def _balances(story: Story, balances: Balances) -> str:
    lines = balance_lines(balances, decimals=story.head.decimals)
    rows = [(line.account, amount_text(line.amount), line.currency) for line in lines]
    return (
        '<section><h2>Ledger</h2><p class="soft">Balances of every account; each currency sums to '
        "zero, so income and equity stand with a minus.</p>"
        f"{table(('account:w', 'balance:n', 'currency'), rows)}</section>"
    )


def _reasons(summary: Summary) -> str:
    rows = [(reason, f"{count:,}") for reason, count in summary.reasons.items()]
    return (
        '<section><h2>Decisions by reason</h2><p class="soft">docs/rules.md explains each code.</p>'
        f"{table(('reason', 'decisions:n'), rows)}</section>"
    )


def _facts(story: Story, book: ReadableBook) -> str:
    last, head = story.last, story.head
    try:
        book.check()
        checked = "derived anew from entry one: whole, and every currency sums to zero"
    except BotError as error:
        checked = f"WRONG: {error.line}"
    undone = [
        f"{len(undo.ticks)} ticks above block {undo.ancestor_number}" for undo in story.undone
    ]
    rows = [
        ("book", Path(book.file).name),
        ("chain", f"id {head.chain_id}, block 0 {head.genesis_hash}"),
        (
            "chain head",
            "none" if last is None else f"block {last.block_number:,}, {last.block_hash}",
        ),
        ("rules", head.rules_hash),
        ("ledger", "empty" if last is None else f"entry {last.ledger_seq:,}, {last.ledger_hash}"),
        ("ledger check", checked),
        ("undone by reorgs", "; ".join(undone) or "nothing"),
    ]
    facts = table(("what:t", "value:w"), rows)
    return f"<section><h2>Where this comes from</h2>{facts}{_terms(story)}</section>"


def _terms(story: Story) -> str:
    """Rules and venue as the book was opened on; nothing else of the terms is shown."""
    terms = story.head.terms
    shown = (
        {name: terms[name] for name in ("rules", "venue") if name in terms}
        if isinstance(terms, Mapping)
        else {}
    )
    if not shown:
        return ""
    text = json.dumps(shown, indent=1, sort_keys=True, ensure_ascii=False)
    return f"<details><summary>Rules and venue</summary><pre>{escape(text)}</pre></details>"


def _legs(legs: tuple[Leg, ...], spec: PoolSpec) -> str:
    """One leg a line."""
    return contracts(legs, base_decimals=spec.base.decimals).replace(", ", "\n")


def _tone(atoms: int) -> str:
    return "good" if atoms > 0 else "bad" if atoms < 0 else ""


def _bps(part_atoms: int, whole_atoms: int) -> str:
    """A share in basis points, or a dash of nothing."""
    return (
        "-" if not whole_atoms else f"{change(part_atoms * 10**6 // whole_atoms, 2, places=1)} bps"
    )
