"""A source that refuses blocks that are too old: a node that is cut off goes on answering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import NoNewBlockError, StaleBlockError
from bot.core.ports import SnapshotSource
from bot.core.snapshot import Block, Snapshot


@dataclass(slots=True)
class FreshSource:
    """A SnapshotSource whose newest block is at most `age_s_max` behind the wall clock.

    last: the newest block that was read. A node that shows it for longer than that is stale too,
    though it shows nothing new.
    """

    source: SnapshotSource
    age_s_max: int
    clock: Callable[[], float]
    last: Block | None = None

    @property
    def genesis_hash(self) -> str | None:
        """See SnapshotSource."""
        return self.source.genesis_hash

    def read(self) -> Snapshot:
        """See SnapshotSource; a newest block that is too old raises StaleBlockError."""
        try:
            snapshot = self.source.read()
        except NoNewBlockError:
            if self.last is not None:
                self._refuse_old(self.last)
            raise
        self._refuse_old(snapshot.block)
        self.last = snapshot.block
        return snapshot

    def is_canonical(self, block: Block) -> bool:
        """See SnapshotSource."""
        return self.source.is_canonical(block)

    def rewind(self, snapshot: Snapshot | None) -> None:
        """See SnapshotSource."""
        self.last = None if snapshot is None else snapshot.block
        self.source.rewind(snapshot)

    def _refuse_old(self, block: Block) -> None:
        age_s = int(self.clock()) - block.time_s
        if age_s > self.age_s_max:
            raise StaleBlockError(block_number=block.number, age_s=age_s, age_s_max=self.age_s_max)
