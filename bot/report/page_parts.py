"""Parts of the report that stand beside the pools: the control, and advice on the core."""

from __future__ import annotations

from html import escape

from bot.report.advised import advice_sentence, latest, paper_sentence
from bot.report.basket import basket_sentence
from bot.report.chart import draw
from bot.report.plots import basket_chart
from bot.report.reading import Story


def basket_part(story: Story) -> str:
    """The control: what an unhedged basket of all watched pools came to."""
    if story.last is None:
        return ""
    drawn = draw(basket_chart(story.ticks)) if len(story.ticks) > 1 else ""
    return (
        f"<section><h2>The control: an unhedged basket</h2>"
        f"<p>{escape(basket_sentence(story.last.basket))}</p>{drawn}</section>"
    )


def advice_part(story: Story) -> str:
    """The newest advice on the core positions, and what following it came to; nothing without."""
    told, last = latest(story.ticks), story.last
    if not told or last is None:
        return ""
    lines = [advice_sentence(one, story.head.spec(one.pool)) for one in told]
    lines += [paper_sentence(name, one, story.head.spec(name)) for name, one in last.papers.items()]
    rows = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<section><h2>Advice on the core</h2><ul>{rows}</ul></section>"
