"""Parts of the report that stand beside the pools: the control, and advice on the core."""

from __future__ import annotations

from html import escape

from bot.core.snapshot import PoolSpec
from bot.report.advised import advice_cells, latest, paper_sentence
from bot.report.basket import basket_sentence
from bot.report.chart import draw
from bot.report.markup import table
from bot.report.plots import basket_chart
from bot.report.reading import Story
from bot.report.worth import Worth

ADVICE_COLUMNS = (
    "pool:t", "advice:w", "why:w", "gain a year:n", "cost:n", "earned back, days:n", "figures:w",
)  # fmt: skip


def basket_part(story: Story) -> str:
    """The control: what an unhedged basket of all watched pools came to."""
    if story.last is None:
        return ""
    drawn = draw(basket_chart(story.ticks)) if len(story.ticks) > 1 else ""
    return (
        f"<section><h2>The control: an unhedged basket</h2>"
        f"<p>{escape(basket_sentence(story.last.basket))}</p>{drawn}</section>"
    )


def worth_part(worth: Worth, spec: PoolSpec) -> str:
    """Where a position breaks even, and what it came to as a rate a year."""
    rows = [(label.strip(), figure) for label, figure in worth.rows(spec)]
    return table(("fees and hedges against IL", f"{spec.quote.symbol}, or a share:n"), rows)


def advice_part(story: Story) -> str:
    """The newest advice on the core positions, and what following it came to; nothing without."""
    told, last = latest(story.ticks), story.last
    if not told or last is None:
        return ""
    rows = [(one.pool, *advice_cells(one, story.head.spec(one.pool))) for one in told]
    papers = "".join(
        f"<p>{escape(paper_sentence(name, one, story.head.spec(name)))}.</p>"
        for name, one in last.papers.items()
    )
    return f"<section><h2>Advice on the core</h2>{table(ADVICE_COLUMNS, rows)}{papers}</section>"
