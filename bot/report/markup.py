"""Tables as HTML: the place where cells are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; a column's name may carry its class after a colon: n figures, t times, w words."""
    names = [column.partition(":")[::2] for column in columns]
    head = "".join(f"<th{classed(tone)}>{escape(name)}</th>" for name, tone in names)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{classed(tone)}>{escape(str(cell))}</td>"
            for cell, (_, tone) in zip(row, names, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def classed(tone: str) -> str:
    """A class attribute, or nothing."""
    return f' class="{tone}"' if tone else ""
