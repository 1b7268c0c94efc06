"""The tick: the one way the world advances, live and in replay alike. docs/tick.md tells it.

    snapshot -> look -> decide -> (plan is durable) -> execute -> settle -> (record is durable)

Start-up is recovery: fold the journal, then finish what was planned but not settled, under the
same ids. A reorg is undone by reversing entries and goes on from the last common tick.
Why so: docs/adr/0005-journal.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.bookkeeping import capital_draft, funding_draft
from bot.core.canonical import Json, canonical_json, digest
from bot.core.errors import BookCorruptError, ReorgTooDeepError
from bot.core.ledger import Entry, reversal
from bot.core.orders import Fill
from bot.core.plan import Plan
from bot.core.policy import decide
from bot.core.ports import Journal, Row, Venue
from bot.core.record import (
    decode_plan,
    decode_snapshot,
    decode_spec,
    encode_plan,
    encode_record,
    encode_snapshot,
    encode_spec,
    read_body,
)
from bot.core.rules import Rules
from bot.core.settlement import (
    Settled,
    book_values,
    free_cash,
    head_after,
    seal_all,
    settle,
    untouched,
)
from bot.core.sight import Sight, look
from bot.core.sleeves import Sleeve, opening_money
from bot.core.snapshot import Block, Snapshot
from bot.core.state import BookState

UNDO_DEPTH_TICKS = 64
"""How many ticks back a reorg can be undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a book is opened with; the journal's first row. `terms`: JSON of rules and venue.

    engine_bps: the share of the capital that the second engine is given."""

    chain_id: int
    genesis_hash: str
    capital: Mapping[str, int]
    rules_hash: str
    terms: Json
    engine_bps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tick in the book's trail: where it stood afterwards and what it had booked."""

    state: BookState
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The state now and the trail of states that a reorg may go back to, oldest first."""

    steps: tuple[Step, ...]

    @property
    def state(self) -> BookState:
        """The state after the last tick."""
        return self.steps[-1].state

    @property
    def blocks(self) -> Iterator[Block]:
        """Blocks of the ticks that can still be undone, newest first."""
        for step in reversed(self.steps):
            if step.state.snapshot is not None:
                yield step.state.snapshot.block

    def advanced(self, step: Step) -> Book:
        """The book one tick on; what is too deep to undo is forgotten."""
        return Book(steps=(*self.steps[-UNDO_DEPTH_TICKS:], step))


def open_book(opening: Opening, snapshot: Snapshot, *, journal: Journal) -> Book:
    """Write the journal's first row and the capital; the first tick is still to come."""
    body: Json = {
        "chain_id": opening.chain_id,
        "genesis_hash": opening.genesis_hash,
        "capital": {symbol: str(atoms) for symbol, atoms in opening.capital.items()},
        "engine_bps": opening.engine_bps,
        "rules_hash": opening.rules_hash,
        "terms": opening.terms,
        "specs": [encode_spec(spec) for spec in snapshot.specs],
        "snapshot": encode_snapshot(replace(snapshot, events=()), None),
    }
    book, entries = _opened(opening, snapshot)
    journal.append(kind="open", tick=0, body=canonical_json(body), entries=entries)
    return book


def opening_of(body: Mapping[str, Any]) -> Opening:
    """The opening that a journal's first row tells of."""
    return Opening(
        chain_id=body["chain_id"],
        genesis_hash=body["genesis_hash"],
        capital={symbol: int(atoms) for symbol, atoms in body["capital"].items()},
        rules_hash=body["rules_hash"],
        terms=body["terms"],
        engine_bps=body["engine_bps"],
    )


def run_tick(
    book: Book, snapshot: Snapshot, rules: Rules, *, venue: Venue, journal: Journal
) -> tuple[Book, Row]:
    """Advance the world by one tick; returns the new book and the record's row."""
    state = book.state
    sight = look(state, snapshot, rules, venue)
    plan = decide(state, sight, rules, venue)
    planned = encode_plan(plan, snapshot, state.snapshot)
    if plan.orders:
        journal.append(kind="plan", tick=plan.tick, body=canonical_json(planned))
    return _finish(book, sight, plan, planned, rules, venue=venue, journal=journal)


def undo_after(book: Book, ancestor: Block | None, *, journal: Journal) -> tuple[Book, Row]:
    """Take back every tick above `ancestor`, the newest block that is still on the chain.

    None: no block of any tick is. Then all are taken back, if the trail still reaches the opening.
    """
    undone, entries = _undone(book, ancestor)
    number, block_hash = _place_of(ancestor, book)
    body: Json = {
        "ancestor": {"number": number, "hash": block_hash},
        "ticks": len(book.steps) - len(undone.steps),
        "ledger": {"seq": undone.state.ledger_head.seq, "hash": undone.state.ledger_head.hash},
    }
    row = journal.append(
        kind="undo", tick=book.state.tick, body=canonical_json(body), entries=entries
    )
    return undone, row


def ancestor_of(book: Book, body: Mapping[str, Any]) -> Block | None:
    """The block that an undo row goes back to; None when it takes back every tick."""
    wanted = body["ancestor"]["hash"]
    return next((block for block in book.blocks if block.hash == wanted), None)


def recover(journal: Journal, rules: Rules, *, venue: Venue) -> Book:
    """Fold the journal and finish the tick that was planned but not settled, if there is one."""
    rows = journal.rows()
    book = _open_from(next(rows))
    planned: Row | None = None
    for row in rows:
        if row.kind == "plan":
            planned = row
            continue
        planned = None
        book = _folded(book, row, rules, venue)
    if planned is None:
        return book
    body = read_body(planned.body)
    sight, plan = _replanned(book.state, body, rules, venue)
    return _finish(book, sight, plan, body, rules, venue=venue, journal=journal)[0]


def _finish(
    book: Book,
    sight: Sight,
    plan: Plan,
    planned: Json,
    rules: Rules,
    *,
    venue: Venue,
    journal: Journal,
) -> tuple[Book, Row]:
    """From a durable plan to a durable record: the second half of every tick."""
    state = book.state
    markets = {pool: view.market for pool, view in plan.views.items()}
    fills = (
        venue.execute(plan.orders, markets, free_cash(state, plan, rules)) if plan.orders else ()
    )
    settled = settle(state, sight, plan, fills, rules)
    body = encode_record(
        planned,
        fills,
        head=settled.state.ledger_head,
        book=book_values(settled.state, sight, venue, known=untouched(plan, fills)),
    )
    row = journal.append(kind="record", tick=plan.tick, body=body, entries=settled.entries)
    return book.advanced(_step(settled)), row


def _folded(book: Book, row: Row, rules: Rules, venue: Venue) -> Book:
    """The book after one more row, by the same functions that wrote it."""
    body = read_body(row.body)
    if row.kind == "undo":
        after = _undone(book, ancestor_of(book, body))[0]
    else:
        sight, plan = _replanned(book.state, body, rules, venue)
        fills = tuple(Fill.from_json(fill) for fill in body["fills"])
        after = book.advanced(_step(settle(book.state, sight, plan, fills, rules)))
    if after.state.ledger_head.hash != body["ledger"]["hash"]:
        raise BookCorruptError(
            file="journal", table="journal", seq=row.seq,
            problem=f"folding tick {row.tick} gives another ledger",
        )  # fmt: skip
    return after


def _replanned(
    state: BookState, body: Mapping[str, Any], rules: Rules, venue: Venue
) -> tuple[Sight, Plan]:
    """What a recorded tick saw and planned: looked at anew, decided as it was recorded."""
    snapshot = decode_snapshot(body["snapshot"], state.specs, state.snapshot)
    sight = look(state, snapshot, rules, venue)
    return sight, decode_plan(body, sight.views)


def _open_from(row: Row) -> Book:
    body = read_body(row.body)
    specs = tuple(decode_spec(spec) for spec in body["specs"])
    return _opened(opening_of(body), decode_snapshot(body["snapshot"], specs, None))[0]


def _opened(opening: Opening, snapshot: Snapshot) -> tuple[Book, tuple[Entry, ...]]:
    capital, money = opening.capital, opening_money(opening.capital, engine_bps=opening.engine_bps)
    state = BookState(specs=snapshot.specs, money=money)
    cause = digest(snapshot.chain_id, snapshot.block.hash, "capital")
    drafts = [capital_draft(capital, cause=cause)] if capital else []
    if given := money[Sleeve.ENGINE].given:
        drafts.append(funding_draft(given, cause=cause))
    entries = seal_all(drafts, state.ledger_head, snapshot, tick=0)
    state = replace(state, ledger_head=head_after(state.ledger_head, entries))
    return Book(steps=(Step(state=state, entries=()),)), entries


def _undone(book: Book, ancestor: Block | None) -> tuple[Book, tuple[Entry, ...]]:
    """The book as it stood at `ancestor`, with the ledger carried on by reversals.

    Tick numbers and ledger go on, so that no id is ever used twice.
    """
    kept = [step for step in book.steps if _is_at_or_below(step, ancestor)]
    gone = [step for step in book.steps if not _is_at_or_below(step, ancestor)]
    last = book.state
    assert last.snapshot is not None, "only a chain that was read can be reorganised"
    if not kept:
        raise ReorgTooDeepError(depth_max=UNDO_DEPTH_TICKS, block_number=last.snapshot.block.number)
    number, block_hash = _place_of(ancestor, book)
    cause = digest("undo", number, block_hash, last.snapshot.block.hash, last.tick)
    drafts = [
        reversal(entry, cause=cause) for step in reversed(gone) for entry in reversed(step.entries)
    ]
    entries = seal_all(drafts, last.ledger_head, last.snapshot, tick=last.tick)
    found = kept[-1].state
    pools = {pool: replace(it, signals=it.signals.broken()) for pool, it in found.pools.items()}
    head = head_after(last.ledger_head, entries)
    state = replace(found, tick=last.tick, ledger_head=head, pools=pools)
    return Book(steps=(*kept[:-1], Step(state=state, entries=kept[-1].entries))), entries


def _is_at_or_below(step: Step, ancestor: Block | None) -> bool:
    snapshot = step.state.snapshot
    return snapshot is None or (ancestor is not None and snapshot.block.number <= ancestor.number)


def _place_of(ancestor: Block | None, book: Book) -> tuple[int, str]:
    """(number, hash) of the ancestor; for None of the block before the oldest tick's."""
    if ancestor is not None:
        return ancestor.number, ancestor.hash
    *_, oldest = book.blocks
    return oldest.number - 1, oldest.parent_hash


def _step(settled: Settled) -> Step:
    return Step(state=settled.state, entries=settled.entries)
