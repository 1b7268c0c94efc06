"""The state machine as docs/rules.md draws it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
ARROW = re.compile(r"^    (\w+) --> (\w+): (.+)$", re.MULTILINE)


def diagram() -> frozenset[tuple[str, str, str]]:
    """(from, to, reason) of every arrow on the page; remarks in brackets are for people."""
    text = PAGE.read_text(encoding="utf-8")
    drawing = text[text.index("```mermaid") :]
    arrows = ARROW.findall(drawing[: drawing.index("```", 10)])
    return frozenset(
        (start, end, reason)
        for start, end, label in arrows
        for reason in re.sub(r"\([^)]*\)", "", label).replace(" ", "").split(",")
    )
