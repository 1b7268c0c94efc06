"""A book's terms and its proof: what it was opened on, decided again byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.core.canonical import Json
from bot.core.errors import BookMissingError, ConfigError
from bot.core.market_metrics import ON_BETA
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.snapshot import PoolSpec
from bot.core.terms import rules_from_json, rules_to_json, venue_from_json, venue_to_json
from bot.core.units import DAY_S
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


def require_index(rules: Rules, specs: Sequence[PoolSpec]) -> None:
    """Refuse rules whose beta is to a pool that nobody watches: it would never be known."""
    index = rules.market.beta_index
    watched = [spec.name for spec in specs]
    if rules.metric_names & ON_BETA and index not in watched:
        raise ConfigError(
            file=f"rules {rules.name}",
            key="strategy.beta_index",
            problem=f"{index} is no watched pool",
            remedy=f"name one of: {', '.join(watched)}",
        )


def require_listed(rules: Rules, venue: VenueTerms) -> None:
    """Refuse a tenor beyond the venue's last expiry: the nearest would be another hedge."""
    for name, pool in venue.pools.items():
        farthest_s = pool.listing.farthest_days * DAY_S
        for layer in rules.layers:
            if layer.tenor_s > farthest_s:
                raise ConfigError(
                    file=f"rules {rules.name}",
                    key=f"layer {layer.name}: tenor_days",
                    problem=f"{layer.tenor_s / DAY_S:g} days, and the venue lists {name} for "
                    f"{pool.listing.farthest_days} at the most",
                    remedy="shorten it, or raise monthly_days of the venue's listing",
                )


def terms_json(rules: Rules, venue: VenueTerms) -> dict[str, Json]:
    """What a book is opened on, as its first row holds it."""
    return {"rules": rules_to_json(rules), "venue": venue_to_json(venue)}
