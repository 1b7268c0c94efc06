"""The closing summary for people: pools side by side, then what was done and where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.report.advised import paper_sentence
from bot.report.basket import basket_sentence
from bot.report.figures import amount, change, fraction_of, moment, places_for
from bot.report.plaintext import clean
from bot.report.summary import TOTALS, Summary, summary_rows

REASONS_SHOWN = 8


def closing(summary: Summary, *, notes: Sequence[str]) -> RenderableType:
    """The summary; notes: lines such as the ledger's check and where the report lies."""
    parts: list[RenderableType] = [Text(""), _table(summary)]
    reasons = [f"{reason} {count:,}" for reason, count in summary.reasons.items()]
    more = len(reasons) - REASONS_SHOWN
    shown = ", ".join(reasons[:REASONS_SHOWN]) + (f", and {more} more" if more > 0 else "")
    last = summary.last
    until = "" if last is None else f", up to block {last.block_number:,}, {moment(last.time_s)}"
    lines = [
        *(() if last is None else (basket_sentence(last.basket),)),
        *_advised(summary),
        f"{summary.ticks:,} ticks{until}"
        + (f"; {summary.undone} undone by reorgs" if summary.undone else ""),
        f"orders: {summary.filled} filled, {summary.refused} refused",
        f"reasons: {shown or 'none'}",
        *notes,
    ]
    parts += [Text(clean(line), overflow="fold") for line in lines]
    return Group(*parts)


def _advised(summary: Summary) -> list[str]:
    """What was advised, and what following it came to."""
    given = summary.advice["given"]
    papers = {} if summary.last is None else summary.last.papers
    lines = [paper_sentence(pool, paper, summary.head.spec(pool)) for pool, paper in papers.items()]
    if isinstance(given, Mapping) and given:
        told = ", ".join(f"{action} {count}" for action, count in given.items())
        lines.insert(0, f"advice given: {told}")
    return lines


def _table(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for pool in summary.standing:
        spec = summary.head.spec(pool)
        table.add_column(
            Text(clean(f"{pool}, in {spec.quote.symbol}")), justify="right", overflow="fold"
        )
    columns = [
        summary_rows(standing, with_engine=summary.head.engine_bps > 0)
        for standing in summary.standing.values()
    ]
    for row, (label, _) in enumerate(columns[0] if columns else ()):
        cells = []
        for standing, column in zip(summary.standing.values(), columns, strict=True):
            decimals = summary.head.spec(standing.pool).quote.decimals
            places = places_for(standing.hold_atoms, decimals)
            atoms = column[row][1]
            write = amount if row == 0 else change
            cells.append(Text(write(atoms, decimals, places=places), _style(label, atoms)))
        table.add_row(Text(label, "bold" if label in TOTALS else ""), *cells)
        if label == TOTALS[0]:
            table.add_section()
    if columns:
        shares = [
            fraction_of_bps(standing.hedged_vs_hold_atoms, standing.hold_atoms)
            for standing in summary.standing.values()
        ]
        table.add_row(Text("  of the value held", "dim"), *(Text(s, "dim") for s in shares))
        told = [worth.rows(summary.head.spec(pool)) for pool, worth in summary.worth.items()]
        for cells_of in zip(*told, strict=True):
            figures = (Text(figure, "dim") for _, figure in cells_of)
            table.add_row(Text(cells_of[0][0], "dim"), *figures)
    return table


def fraction_of_bps(part_atoms: int, whole_atoms: int) -> str:
    """A share in basis points, signed.

    >>> fraction_of_bps(-5, 2000)
    '\u221225 bps'
    """
    if not whole_atoms:
        return "-"
    return fraction_of(part_atoms * 100, whole_atoms).replace(" %", " bps")


def _style(label: str, atoms: int) -> str:
    if label not in TOTALS:
        return ""
    return "bold green" if atoms > 0 else "bold red" if atoms < 0 else "bold"
