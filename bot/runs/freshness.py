"""A source that refuses blocks that are too old: a node that is cut off goes on answering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import StaleBlockError
from bot.core.ports import SnapshotSource
from bot.core.snapshot import Block, Snapshot


@dataclass(frozen=True, slots=True)
class FreshSource:
    """A SnapshotSource whose newest block is at most `age_s_max` behind the wall clock."""

    source: SnapshotSource
    age_s_max: int
    clock: Callable[[], float]

    @property
    def genesis_hash(self) -> str | None:
        """See SnapshotSource."""
        return self.source.genesis_hash

    def read(self) -> Snapshot:
        """See SnapshotSource; a block that is too old raises StaleBlockError."""
        snapshot = self.source.read()
        age_s = int(self.clock()) - snapshot.block.time_s
        if age_s > self.age_s_max:
            raise StaleBlockError(
                block_number=snapshot.block.number, age_s=age_s, age_s_max=self.age_s_max
            )
        return snapshot

    def is_canonical(self, block: Block) -> bool:
        """See SnapshotSource."""
        return self.source.is_canonical(block)

    def rewind(self, snapshot: Snapshot | None) -> None:
        """See SnapshotSource."""
        self.source.rewind(snapshot)
