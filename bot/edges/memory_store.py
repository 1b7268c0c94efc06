"""The books in memory, for replays and inspection: the same hashes and checks, no disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.core.canonical import Json
from bot.core.errors import EntryRepeatedError
from bot.core.ledger import GENESIS_HASH, Balances, Entry, check_chain
from bot.core.ports import Row
from bot.edges.book_tip import BookSummary, Tip, check_row, check_tip, next_step


class MemoryStore:
    """A book that ends with the process; otherwise like `SqliteStore`."""

    def __init__(self, *, name: str = "memory") -> None:
        """Start an empty book; `name` stands for the file in errors."""
        self.file = name
        self._tip = Tip()
        self._rows: list[Row] = []
        self._entries: list[Entry] = []
        self._causes: set[tuple[str, str]] = set()
        self._balances: Balances = {}
        self._health: dict[str, Json] = {}

    def append(self, *, kind: str, tick: int, body: str, entries: Sequence[Entry] = ()) -> Row:
        """Add one row and its ledger entries, or refuse and leave everything as it was."""
        step = next_step(
            self._tip,
            self._balances,
            kind=kind,
            tick=tick,
            body=body,
            entries=entries,
            file=self.file,
        )
        causes: set[tuple[str, str]] = set()
        for entry in entries:
            cause = (entry.kind, entry.cause)
            if cause in self._causes or cause in causes:
                raise EntryRepeatedError(file=self.file, kind=entry.kind, cause=entry.cause)
            causes.add(cause)
        # After this line it must succeed.
        self._causes |= causes
        self._rows.append(step.row)
        self._entries.extend(entries)
        self._balances.update(step.balances)
        self._tip = step.tip
        return step.row

    def rows(self, *, after_seq: int = 0) -> Iterator[Row]:
        """All rows behind `after_seq` in order, each checked against the chain as it is read."""
        prev_hash = self._rows[after_seq - 1].hash if after_seq else GENESIS_HASH
        for seq, row in enumerate(self._rows[after_seq:], start=after_seq + 1):
            check_row(row, seq=seq, prev_hash=prev_hash, file=self.file)
            prev_hash = row.hash
            yield row

    def entries(self, *, after_seq: int = 0) -> Iterator[Entry]:
        """All entries behind `after_seq` in order; they were checked when they were written."""
        return iter(self._entries[after_seq:])

    @property
    def tip(self) -> Tip:
        """The ends of both chains."""
        return self._tip

    def balances(self) -> Balances:
        """Return the running balances: (account, currency) -> atoms."""
        return dict(self._balances)

    def check(self) -> BookSummary:
        """Derive the whole book anew, from the first row and the first entry on."""
        journal_seq, journal_hash = 0, GENESIS_HASH
        for row in self.rows():
            journal_seq, journal_hash = row.seq, row.hash
        ledger = check_chain(self._entries, file=self.file, stored=self._balances)
        found = Tip(journal_seq=journal_seq, journal_hash=journal_hash, ledger=ledger.head)
        check_tip(found, stored=self._tip, file=self.file)
        return BookSummary(tip=found, ledger=ledger)

    def put_health(self, values: Mapping[str, Json]) -> None:
        """Set runtime counters."""
        self._health.update(values)

    def health(self) -> dict[str, Json]:
        """Return the runtime counters."""
        return dict(self._health)

    def close(self) -> None:
        """Do nothing: there is no file."""
