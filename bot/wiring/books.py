"""A book's terms and its proof: what it was opened on, decided again byte for byte."""

from __future__ import annotations

from pathlib import Path

from bot.core.canonical import Json
from bot.core.errors import BookMissingError
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.terms import rules_from_json, rules_to_json, venue_from_json, venue_to_json
from bot.core.venue import PaperVenue, VenueTerms
from bot.edges.memory_store import MemoryStore
from bot.edges.store import SqliteStore


def verify_journal(path: Path) -> int:
    """Decide every recorded tick again and compare each byte; the number of ticks."""
    from bot.runs.replay import replay_journal

    with SqliteStore(path, create=False, readonly=True) as store:
        rows = list(store.rows())
    if not rows:
        raise BookMissingError(file=str(path))
    terms = read_body(rows[0].body)["terms"]
    return replay_journal(
        rows,
        rules_from_json(terms["rules"]),
        venue=PaperVenue(venue_from_json(terms["venue"])),
        journal=MemoryStore(name=str(path)),
    )


def terms_json(rules: Rules, venue: VenueTerms) -> dict[str, Json]:
    """What a book is opened on, as its first row holds it."""
    return {"rules": rules_to_json(rules), "venue": venue_to_json(venue)}
