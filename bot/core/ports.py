"""The sockets of the core: what the engine needs from the world, as small protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bot.core.ledger import Entry
from bot.core.market import Market
from bot.core.orders import Contract, Fill, Leg, Order
from bot.core.sleeves import Sleeve
from bot.core.snapshot import Block, Snapshot
from bot.core.unit_greeks import UnitGreeks
from bot.core.vol_token import TokenSeen

Cash: TypeAlias = Mapping[Sleeve, Mapping[str, int]]
"""What each sleeve may spend, by quote symbol, atoms."""


class SnapshotSource(Protocol):
    """Where snapshots come from: a chain, a scenario, a journal."""

    @property
    def genesis_hash(self) -> str | None:
        """Hash of block 0, by which a book knows its chain; None before the first read."""
        ...

    def read(self) -> Snapshot:
        """Return the newest block's snapshot, with the position events since the last one.

        Raises NoNewBlockError when there is none, and ReorgDetectedError when the block of the
        last snapshot has left the chain; the caller then finds the newest block that
        `is_canonical` and calls `rewind` with its snapshot.
        """
        ...

    def is_canonical(self, block: Block) -> bool:
        """Whether a block is part of the chain as it stands."""
        ...

    def rewind(self, snapshot: Snapshot | None) -> None:
        """Go on behind this snapshot, or from the beginning: after a restart, a reorg, or when
        the snapshot read last was not booked."""
        ...


class Quoting(Protocol):
    """What a venue would deal at, as a pure function of the market: same market, same quotes."""

    def expiry_near(self, market: Market, *, tenor_s: int) -> int:
        """Return the listed expiry (unix time) nearest to `tenor_s` from now, still to come."""
        ...

    def contract(self, market: Market, *, kind: str, target_atoms: int, expiry_s: int) -> Contract:
        """Return the listed contract whose strike is nearest to `target_atoms`."""
        ...

    def quantity_down(self, market: Market, *, quantity_atoms: int, on_index: bool = False) -> int:
        """Round a size (>= 0) down to whole lots of contracts on the price or on the index; 0 when
        it is less than one."""
        ...

    def quantity_max(self, market: Market, *, on_index: bool = False) -> int:
        """The most that one order may have of a leg, in the unit of its contract."""
        ...

    def bid_ask(self, contract: Contract, market: Market) -> tuple[int, int]:
        """(bid, ask) in quote atoms per `contract_unit`; bid may be 0, an option's ask is > 0."""
        ...

    def mark(self, contract: Contract, market: Market) -> int:
        """Model price between bid and ask, for display and attribution, never for a fill."""
        ...

    def atm_vol(self, market: Market, *, tenor_s: int) -> float:
        """At-the-money implied volatility asked for now, annual fraction, 6 decimals."""
        ...

    def calm_vol(self, market: Market, *, tenor_s: int) -> float:
        """The same with the market's stress left out: a yardstick that a crash does not stretch."""
        ...

    def greeks(self, contract: Contract, market: Market) -> UnitGreeks:
        """What one `contract_unit` of a contract adds to delta, gamma and vega now."""
        ...

    def index_atoms(self, market: Market) -> int:
        """The pool's volatility index, quote atoms a contract: one quote token a vol point."""
        ...

    def index_points(self, market: Market) -> float:
        """The same in vol points, 6 decimals: 65.0 is 65 %."""
        ...

    def vol_token(self, seen: TokenSeen | None, market: Market) -> tuple[TokenSeen, int]:
        """The vol token as it was last seen, rolled on to this market, and what one is worth, in
        millionths of a quote token; without one before it begins here."""
        ...

    def quote_cash(self, legs: Sequence[Leg], market: Market) -> tuple[int, int]:
        """(cash, fee) of dealing these legs now: signed cash before fees, and fee >= 0."""
        ...

    def mark_cash(self, legs: Sequence[Leg], market: Market) -> int:
        """Signed cash of these legs at the mark, before fees: price bounds are measured from it."""
        ...

    def liquidation_atoms(self, legs: Sequence[Leg], market: Market) -> int:
        """Signed cash, after fees, of closing legs that we hold, at bid and ask, now."""
        ...

    def settle_atoms(self, legs: Sequence[Leg], market: Market, *, settlement_atoms: int) -> int:
        """Signed cash, after fees, of legs that we hold being settled at a price."""
        ...

    def margin_atoms(self, legs: Sequence[Leg], market: Market) -> int:
        """Margin that holding these legs needs, >= 0, in quote atoms."""
        ...


class Venue(Quoting, Protocol):
    """Who fills. A repeated order gets the same fill: ids are digests of their cause."""

    def execute(
        self, orders: Sequence[Order], markets: Mapping[str, Market], cash: Cash
    ) -> tuple[Fill, ...]:
        """One fill an order, in order. `cash`: what each sleeve may spend; no fill exceeds it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One journal row, sealed: hash = digest(seq, kind, tick, sha256 of body, prev_hash).

    kind: "open" (first row: what the book is kept on), "plan" (orders that are about to be sent),
    "record" (a whole tick), "undo" (ticks taken back after a reorg), "rules" (rules changed).
    body: canonical JSON. tick: number of the tick it belongs to, 0 for "open".
    """

    seq: int
    kind: str
    tick: int
    body: str
    prev_hash: str
    hash: str


class Timer(Protocol):
    """When things happen: a loop of jobs that never overlap."""

    late: int
    interrupted: bool

    def every(self, seconds: float, job: Callable[[], object], *, grace_s: float) -> None:
        """Run a job now and then every so many seconds; late by more than `grace_s` is missed."""
        ...

    def once_at(self, time_s: int, job: Callable[[], object], *, name: str) -> None:
        """Run a job at a moment (unix time), in place of the one of the same name, if any."""
        ...

    def run(self) -> None:
        """Run until `stop`, a signal, or an error in a job, which is raised here."""
        ...

    def stop(self) -> None:
        """End the loop once the job at work is done."""
        ...


class Journal(Protocol):
    """The durable books: append only, hash-chained, one writer."""

    def append(self, *, kind: str, tick: int, body: str, entries: Sequence[Entry] = ()) -> Row:
        """Write one row and its ledger entries in one transaction; durable when it returns."""
        ...

    def rows(self) -> Iterator[Row]:
        """All rows in order, each checked against the chain as it is read."""
        ...
