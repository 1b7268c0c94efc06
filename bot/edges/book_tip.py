"""The end of a book and what may follow it: the rules that every store writes and reads by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.canonical import digest, digest_text
from bot.core.errors import BookCorruptError
from bot.core.ledger import GENESIS_HASH, Balances, Entry, LedgerHead, LedgerSummary, check_entry
from bot.core.ports import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The ends of both chains, the journal's and the ledger's."""

    journal_seq: int = 0
    journal_hash: str = GENESIS_HASH
    ledger: LedgerHead = field(default_factory=LedgerHead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One append, worked out before anything is written: the row, the new tip, new balances."""

    row: Row
    tip: Tip
    balances: Balances


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSummary:
    """What `check` found: the tip of a book that is whole, and what its ledger says."""

    tip: Tip
    ledger: LedgerSummary


def row_hash(*, seq: int, kind: str, tick: int, body: str, prev_hash: str) -> str:
    """Return the seal of a journal row; its body may be long and goes in as its own digest."""
    return digest(seq, kind, tick, digest_text(body), prev_hash)


def next_step(
    tip: Tip,
    balances: Mapping[tuple[str, str], int],
    *,
    kind: str,
    tick: int,
    body: str,
    entries: Sequence[Entry],
    file: str,
) -> Step:
    """Work out an append; entries that do not follow the ledger's head are refused.

    Their own seals are taken as `seal` has just made them, and checked whenever they are read.
    """
    seq = tip.journal_seq + 1
    sealed = row_hash(seq=seq, kind=kind, tick=tick, body=body, prev_hash=tip.journal_hash)
    head = tip.ledger
    changed: Balances = {}
    for entry in entries:
        check_entry(entry, head=head, file=file, reseal=False)
        head = LedgerHead(seq=entry.seq, hash=entry.hash)
        for posting in entry.postings:
            key = (posting.account, posting.currency)
            before = changed.get(key)
            changed[key] = (balances.get(key, 0) if before is None else before) + posting.atoms
    return Step(
        row=Row(seq=seq, kind=kind, tick=tick, body=body, prev_hash=tip.journal_hash, hash=sealed),
        tip=Tip(journal_seq=seq, journal_hash=sealed, ledger=head),
        balances=changed,
    )


def check_row(row: Row, *, seq: int, prev_hash: str, file: str) -> None:
    """Refuse a journal row that is out of its place or was changed."""
    problem = ""
    if row.seq != seq:
        problem = f"row {seq} was expected here"
    elif row.prev_hash != prev_hash:
        problem = f"it follows hash {row.prev_hash}, the row before has {prev_hash}"
    elif row.hash != (
        content_hash := row_hash(
            seq=row.seq, kind=row.kind, tick=row.tick, body=row.body, prev_hash=row.prev_hash
        )
    ):
        problem = f"it is sealed {row.hash}, its content gives {content_hash}"
    if problem:
        raise BookCorruptError(file=file, table="journal", seq=row.seq, problem=problem)


def check_tip(found: Tip, *, stored: Tip, file: str) -> None:
    """Refuse a book whose chains end elsewhere than its head says: rows were lost or added."""
    if found != stored:
        problem = (
            f"the chains end at row {found.journal_seq} and entry {found.ledger.seq}, "
            f"the head says {stored.journal_seq} and {stored.ledger.seq}"
        )
        raise BookCorruptError(file=file, table="head", seq=1, problem=problem)
