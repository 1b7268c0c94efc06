"""The time-weighted average price at every tick of a history at once: core/twap.py's, in columns.

Both ends of each window are looked up among all cumulatives; no window is carried on. docs/maths.md
section 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.core.bars import Times
from bot.core.twap import CUMULATIVE_MODULUS, Q112


def twaps(
    times: Times, cumulatives: Sequence[int], *, window_s: int, base_decimals: int
) -> list[int | None]:
    """Quote atoms per whole base token over the window that ends at each tick, rounded down.

    times: unix seconds, never falling; of several ticks of one time the last so far counts.
    cumulatives: UQ112.112 seconds modulo 2**256, at each tick. None where the window is not whole.
    """
    starts = times - window_s
    older = np.searchsorted(times, starts, side="right") - 1  # at or before the start, the last
    newer = np.searchsorted(times, times[np.minimum(older + 1, times.size - 1)], side="right") - 1
    unit = 10**base_decimals
    found: list[int | None] = []
    rows = zip(starts.tolist(), older.tolist(), newer.tolist(), strict=True)
    for now, (start_s, before, behind) in enumerate(rows):
        if before < 0:
            found.append(None)
            continue
        after = min(now, behind)
        grown = (cumulatives[now] - cumulatives[before]) % CUMULATIVE_MODULUS
        part = (cumulatives[after] - cumulatives[before]) % CUMULATIVE_MODULUS
        early_s = start_s - times[before].item()
        gap_s = times[after].item() - times[before].item()
        # What grew, less the share of the gap before the window, over the window: one division.
        found.append((grown * gap_s - part * early_s) * unit // (gap_s * window_s * Q112))
    return found
