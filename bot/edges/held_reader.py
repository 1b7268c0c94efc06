"""A reader of a node that can be cut off: it goes on answering, with the chain as it was then.

Only what asks for the newest block is turned back; all else names its block and is passed on. That
is how a node behaves that has lost its peers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.edges.rpc import Call, ReadOnlyRpc


class HeldReader(ReadOnlyRpc):
    """A ReadOnlyRpc over another, whose newest block can be held. It keeps no connection."""

    def __init__(self, reader: ReadOnlyRpc) -> None:
        self.shown_url = reader.shown_url
        self._reader = reader
        self._newest: str | None = None

    @property
    def is_held(self) -> bool:
        """Whether the newest block is one of the past."""
        return self._newest is not None

    def hold(self, is_held: bool, /) -> None:
        """From now on the newest block is the one that there is now, or again what it is."""
        self._newest = str(self._reader.call("eth_blockNumber")) if is_held else None

    def close(self) -> None:
        """Drop the other's connection."""
        self._reader.close()

    def call(self, method: str, *params: Any) -> Any:
        """The result of one method."""
        return self._reader.call(method, *self._turned_back(method, params))

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of several methods in one round trip, in the order asked."""
        return self._reader.batch([(name, self._turned_back(name, asked)) for name, asked in calls])

    def _turned_back(self, method: str, params: Sequence[Any]) -> Sequence[Any]:
        if self._newest is None or method != "eth_getBlockByNumber" or params[0] != "latest":
            return params
        return (self._newest, *params[1:])
