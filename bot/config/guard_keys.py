"""The keys of the [guard] table of a rule file, each with its bounds and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.config.keys import Flag, Key, Whole
from bot.config.places import INVALID, Place
from bot.core.guard import Guard
from bot.core.units import BPS, DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A whole number that has a middle."""

    lowest: int
    highest: int

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        read = Whole(lowest=self.lowest, highest=self.highest).read(value, place)
        if read is not INVALID and read % 2 == 0:
            return place.misfit(value, "is even", f"write {read - 1} or {read + 1}")
        return read

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        whole = Whole(lowest=self.lowest, highest=self.highest).schema()
        return {**whole, "not": {"multipleOf": 2}}


_GUARD = Guard()

GUARD_KEYS = {
    "on": Key(Flag(), "false acts on every price at once", _GUARD.is_on),
    "confirmations": Key(
        Whole(lowest=2, highest=64),
        "blocks in a row on which a condition must have held; a move that lasts so long is real",
        _GUARD.confirmations,
    ),
    "median_blocks": Key(
        Odd(lowest=3, highest=63),
        "the price is held against the median of so many blocks, an odd number",
        _GUARD.median_blocks,
    ),
    "median_gap_bps_max": Key(
        Whole(lowest=1, highest=BPS),
        "how far from that median, bps, before it must last",
        _GUARD.median_gap_bps_max,
    ),
    "twap_gap_bps_max": Key(
        Whole(lowest=1, highest=BPS),
        "how far from the TWAP, bps, before it must last",
        _GUARD.twap_gap_bps_max,
    ),
    "block_age_s_max": Key(
        Whole(lowest=1, highest=366 * DAY_S),
        "a block later than this after the last, seconds, and than twice the usual, begins anew",
        _GUARD.block_age_s_max,
    ),
    "depth_blocks": Key(
        Whole(lowest=1, highest=256),
        "the pool's depth is held against the median of so many blocks",
        _GUARD.depth_blocks,
    ),
    "depth_drop_bps_max": Key(
        Whole(lowest=1, highest=BPS),
        "how much of that depth may be gone, bps",
        _GUARD.depth_drop_bps_max,
    ),
}
