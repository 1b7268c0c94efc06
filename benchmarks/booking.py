"""One durable commit of journal and ledger, against bare sqlite3 with the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bare import BareBook
from benchmarks.measure import Line, Pairs, uncollected
from bot.core.ledger import Draft, Entry, LedgerHead, Posting, seal
from bot.edges.store import SqliteStore

PAIRS = 1_500
TARGET = 1.25
"""80 % of the floor's rate."""

BODY = '{"tick":1,"filler":"' + "x" * 2_500 + '"}'
"""As long as the record of a tick of one pool."""

MARK = (
    ("Assets:Pool:WETH-USDC", "WETH", 3 * 10**18),
    ("Income:PoolFees:WETH-USDC", "WETH", -3 * 10**18),
    ("Assets:Pool:WETH-USDC", "USDC", -6_000 * 10**6),
    ("Income:PoolFees:WETH-USDC", "USDC", 6_000 * 10**6),
)


def lines() -> Iterator[Line]:
    """A record with one entry of four postings."""
    with TemporaryDirectory() as folder:
        book, pairs = BareBook(Path(folder) / "bare.sqlite"), Pairs()
        with SqliteStore(Path(folder) / "book.sqlite", create=True) as store:
            writer = _Writer(store)
            with uncollected():
                for _ in range(PAIRS):
                    entry = writer.next_entry()
                    rows = book.rows(BODY, [entry])
                    pairs.take(
                        lambda: writer.write(entry),  # noqa: B023 - called in this round
                        lambda: book.commit(rows),  # noqa: B023
                    )
            if store.check().ledger.head.seq != PAIRS:
                raise AssertionError("the book does not hold what was written")
        book.close()
    yield Line(
        bench="commit",
        unit="ms",
        ours=pairs.ours * 1e3,
        floor=pairs.floor * 1e3,
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=TARGET,
        more={"per_s": 1 / pairs.ours, "floor_per_s": 1 / pairs.floor},
        note="a record, one entry of 4 postings, balances, full sync; ours checks the entry and "
        "seals the row, entries arrive sealed",
    )


@dataclass(slots=True)
class _Writer:
    """Appends entry after entry to a book."""

    store: SqliteStore
    head: LedgerHead = field(default_factory=LedgerHead)

    def next_entry(self) -> Entry:
        number = self.head.seq + 1
        return seal(
            Draft(
                kind="mark",
                cause=f"{number:064x}",
                memo="claim 3 WETH + 6000 USDC atoms",
                postings=tuple(Posting(account=a, currency=c, atoms=n) for a, c, n in MARK),
            ),
            head=self.head,
            tick=number,
            time_s=1_790_000_000 + number,
            block_number=number,
            block_hash=f"0x{number:064x}",
        )

    def write(self, entry: Entry) -> None:
        self.store.append(kind="record", tick=entry.tick, body=BODY, entries=(entry,))
        self.head = LedgerHead(seq=entry.seq, hash=entry.hash)
