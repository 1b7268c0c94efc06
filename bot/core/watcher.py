"""Who looks on while a run goes: the terminal, a JSON stream, a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from bot.core.errors import BotError
from bot.core.ports import Row


class EndCause(Enum):
    """Why a run ended."""

    FINISHED = "finished"  # the scenario or the journal is at its end
    TICKS_DONE = "ticks_done"  # --max-ticks or --once
    INTERRUPTED = "interrupted"  # Ctrl-C or SIGTERM; the books are closed


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended. ticks: recorded by this run; skips: refused or late; undone: by reorgs."""

    cause: EndCause
    ticks: int
    skips: int
    undone: int


class Watcher(Protocol):
    """Called in order on the thread that ticks; it must not raise and must not be slow."""

    def on_open(self, body: Mapping[str, Any], /) -> None:
        """A book stands ready: the body of its first row, new or found."""
        ...

    def on_tick(self, row: Row, /) -> None:
        """A tick is durable: its record row."""
        ...

    def on_undo(self, row: Row, /) -> None:
        """Ticks were taken back after a reorg: the undo row."""
        ...

    def on_skip(self, error: BotError, /) -> None:
        """A tick was skipped or refused, and why; the next one tries again."""
        ...

    def on_end(self, end: RunEnd, /) -> None:
        """Nothing more comes; the books are closed."""
        ...
