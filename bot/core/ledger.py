"""The double-entry ledger: entries of integer atoms that sum to zero per currency, hash-chained.

An entry is never changed or deleted; a reorg is undone by its reversal. The chart of accounts is
in docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from bot.core.accounts import NEVER_NEGATIVE, account_root, is_hedge
from bot.core.canonical import Json, canonical_json, digest_text
from bot.core.errors import BookCorruptError, LedgerInvariantError, LedgerUnbalancedError

GENESIS_HASH = "0" * 64
"""What the first entry of a chain follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """`atoms` of `currency` into (> 0) or out of (< 0) an account."""

    account: str
    currency: str
    atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has its place in the chain.

    kind: open, fund, deposit, withdraw, mark, hedge_open, hedge_close, hedge_settle, reversal, ...
    cause: id of what caused it (order id, event id, tick id): unique together with `kind`.
    """

    kind: str
    cause: str
    memo: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        residuals = residual_by_currency(self.postings)
        if residuals:
            raise LedgerUnbalancedError(entry_id=self.cause, residuals=residuals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A draft in its place: `hash` seals it together with all that came before."""

    seq: int
    tick: int
    time_s: int
    block_number: int
    block_hash: str
    kind: str
    cause: str
    memo: str
    postings: tuple[Posting, ...]
    prev_hash: str
    hash: str

    def to_json(self) -> Json:
        """Return the canonical form; `hash` is the digest of all the rest."""
        return {**_sealed_part(self), "hash": self.hash}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Entry:
        """Read what `to_json` wrote."""
        return cls(
            seq=row["seq"],
            tick=row["tick"],
            time_s=row["time_s"],
            block_number=row["block_number"],
            block_hash=row["block_hash"],
            kind=row["kind"],
            cause=row["cause"],
            memo=row["memo"],
            postings=tuple(
                Posting(account=account, currency=currency, atoms=int(atoms))
                for account, currency, atoms in row["postings"]
            ),
            prev_hash=row["prev_hash"],
            hash=row["hash"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    """The end of the chain: how many entries there are and the hash of the last."""

    seq: int = 0
    hash: str = GENESIS_HASH


def residual_by_currency(postings: Iterable[Posting]) -> dict[str, int]:
    """What postings do not sum to, by currency; empty when they balance."""
    totals: dict[str, int] = {}
    for posting in postings:
        totals[posting.currency] = totals.get(posting.currency, 0) + posting.atoms
    return {currency: atoms for currency, atoms in totals.items() if atoms}


def seal(
    draft: Draft, *, head: LedgerHead, tick: int, time_s: int, block_number: int, block_hash: str
) -> Entry:
    """Give a draft its place after `head`."""
    place: dict[str, Any] = {
        "seq": head.seq + 1,
        "tick": tick,
        "time_s": time_s,
        "block_number": block_number,
        "block_hash": block_hash,
        "kind": draft.kind,
        "cause": draft.cause,
        "memo": draft.memo,
        "prev_hash": head.hash,
    }
    sealed = digest_text(canonical_json({**place, "postings": _postings_json(draft.postings)}))
    return Entry(**place, postings=draft.postings, hash=sealed)


def seal_of(entry: Entry) -> str:
    """Return the hash that the entry's content calls for."""
    return digest_text(canonical_json(_sealed_part(entry)))


def reversal(entry: Entry, *, cause: str) -> Draft:
    """Return the draft that undoes an entry, posting by posting."""
    return Draft(
        kind="reversal",
        cause=f"{cause}:{entry.seq}",
        memo=f"undoes entry {entry.seq} ({entry.kind}): {cause}",
        postings=tuple(replace(posting, atoms=-posting.atoms) for posting in entry.postings),
    )


def check_entry(entry: Entry, *, head: LedgerHead, file: str, reseal: bool = True) -> None:
    """Refuse an entry that is unbalanced, out of its place, changed, or off the chart.

    reseal: work its hash out anew; left out only where `seal` has just made it.
    """
    problem = ""
    if entry.seq != head.seq + 1:
        problem = f"it follows entry {head.seq}"
    elif entry.prev_hash != head.hash:
        problem = f"it follows hash {entry.prev_hash}, the entry before has {head.hash}"
    elif reseal and entry.hash != (content_hash := seal_of(entry)):
        problem = f"it is sealed {entry.hash}, its content gives {content_hash}"
    if problem:
        raise BookCorruptError(file=file, table="entries", seq=entry.seq, problem=problem)
    if residuals := residual_by_currency(entry.postings):
        raise LedgerUnbalancedError(entry_id=entry.cause, residuals=residuals)
    for posting in entry.postings:
        account_root(posting.account)


Balances: TypeAlias = dict[tuple[str, str], int]
"""(account, currency) -> atoms; an account that was ever posted to stays, with 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSummary:
    """What a chain of entries says, derived from the first entry on.

    kinds: how many entries there are of each kind. trial: sum of all balances by currency, each
    0. first_time_s and last_time_s: block times of the first and last entry, 0 without entries.
    """

    head: LedgerHead
    kinds: Mapping[str, int]
    balances: Mapping[tuple[str, str], int]
    trial: Mapping[str, int]
    first_time_s: int
    last_time_s: int


def check_chain(
    entries: Iterable[Entry],
    *,
    file: str = "ledger",
    stored: Mapping[tuple[str, str], int] | None = None,
) -> LedgerSummary:
    """Derive the whole ledger anew and refuse the first thing that cannot be.

    Checked for each entry: seal, place, sum per currency, chart of accounts, one booking per
    cause, no cash or margin below zero after it. Checked at the end: trial balance zero per
    currency, settled contracts gone, and `stored` balances, when given, equal to the derived.
    """
    head = LedgerHead()
    balances: Balances = {}
    kinds: dict[str, int] = {}
    causes: set[tuple[str, str]] = set()
    settled: dict[tuple[str, str], int] = {}
    first_time_s = last_time_s = 0
    for entry in entries:
        check_entry(entry, head=head, file=file)
        if (entry.kind, entry.cause) in causes:
            problem = f"{entry.kind} of {entry.cause} is booked twice"
            raise LedgerInvariantError(seq=entry.seq, problem=problem)
        causes.add((entry.kind, entry.cause))
        post(balances, entry)
        _refuse_debt(balances, entry)
        _note_settlement(settled, entry)
        head = LedgerHead(seq=entry.seq, hash=entry.hash)
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
        first_time_s = first_time_s or entry.time_s
        last_time_s = entry.time_s
    for key, seq in settled.items():
        if balances[key]:
            problem = f"{key[0]} holds {balances[key]} of {key[1]}, which settled in entry {seq}"
            raise LedgerInvariantError(seq=head.seq, problem=problem)
    if stored is not None:
        _refuse_difference(balances, stored, file=file)
    return LedgerSummary(
        head=head,
        kinds=kinds,
        balances=balances,
        trial=_trial_balance(balances, head),
        first_time_s=first_time_s,
        last_time_s=last_time_s,
    )


def post(balances: Balances, entry: Entry) -> None:
    """Add an entry to running balances, in place."""
    for posting in entry.postings:
        key = (posting.account, posting.currency)
        balances[key] = balances.get(key, 0) + posting.atoms


def _refuse_debt(balances: Balances, entry: Entry) -> None:
    for posting in entry.postings:
        atoms = balances[posting.account, posting.currency]
        if atoms < 0 and posting.account in NEVER_NEGATIVE:
            problem = f"{posting.account} is {atoms} atoms of {posting.currency}"
            raise LedgerInvariantError(seq=entry.seq, problem=problem)


def _note_settlement(settled: dict[tuple[str, str], int], entry: Entry) -> None:
    """Keep, per contract, the settlement that spoke last; a reversal takes its word back."""
    for posting in entry.postings:
        if is_hedge(posting.account):
            key = (posting.account, posting.currency)
            if entry.kind == "hedge_settle":
                settled[key] = entry.seq
            elif entry.kind == "reversal":
                settled.pop(key, None)


def _refuse_difference(
    derived: Balances, stored: Mapping[tuple[str, str], int], *, file: str
) -> None:
    for account, currency in sorted(derived.keys() | stored.keys()):
        ours, theirs = derived.get((account, currency)), stored.get((account, currency))
        if ours != theirs:
            problem = f"{account} is stored as {theirs} {currency}, the entries give {ours}"
            raise BookCorruptError(file=file, table="balances", seq=0, problem=problem)


def _trial_balance(balances: Balances, head: LedgerHead) -> dict[str, int]:
    totals: dict[str, int] = {}
    for (_, currency), atoms in balances.items():
        totals[currency] = totals.get(currency, 0) + atoms
    if off := {currency: atoms for currency, atoms in totals.items() if atoms}:
        raise LedgerInvariantError(seq=head.seq, problem=f"the trial balance is off by {off}")
    return totals


def _sealed_part(entry: Entry) -> dict[str, Json]:
    return {
        "seq": entry.seq,
        "tick": entry.tick,
        "time_s": entry.time_s,
        "block_number": entry.block_number,
        "block_hash": entry.block_hash,
        "kind": entry.kind,
        "cause": entry.cause,
        "memo": entry.memo,
        "postings": _postings_json(entry.postings),
        "prev_hash": entry.prev_hash,
    }


def _postings_json(postings: Iterable[Posting]) -> Json:
    return [[posting.account, posting.currency, str(posting.atoms)] for posting in postings]
