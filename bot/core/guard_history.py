"""The guard's verdict on every block of a whole history at once: the twin of core/guard.py's walk.

Nothing is carried from block to block: each verdict is worked out from the columns. So a backtest
can ask which blocks could fire before it visits any, and each way checks the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate

from bot.core.guard import Doubt, Guard, Seen, is_pause, leaps, median_of, side
from bot.core.units import BPS


def doubts(
    blocks: Sequence[Seen],
    twaps: Sequence[int | None],
    guard: Guard,
    *,
    reorgs: Collection[int] = (),
) -> tuple[Doubt | None, ...]:
    """Why each block's price is not trusted, None where it is. twaps: one a block, None unknown.

    reorgs: places of the blocks that came right behind a reorg, where other blocks had stood.
    """
    if not guard.is_on:
        return (None,) * len(blocks)
    count, needed = len(blocks), guard.confirmations
    spots = [seen.spot_atoms for seen in blocks]
    breaks = [
        i in reorgs or is_pause(blocks[max(0, i - guard.blocks_kept) : i], blocks[i], guard=guard)
        for i in range(count)
    ]
    # Index of the last break up to each block; the first block begins.
    begun = list(accumulate((i if breaks[i] else 0 for i in range(count)), max))
    medians = [median_of(spots[max(0, i + 1 - guard.median_blocks) : i + 1]) for i in range(count)]
    by_median = _sides(spots, medians, gap_bps_max=guard.median_gap_bps_max)
    by_twap = _sides(spots, twaps, gap_bps_max=guard.twap_gap_bps_max)
    least = max(guard.median_blocks, needed)

    def doubt(i: int) -> Doubt | None:
        if i + 1 < least or twaps[i] is None:
            return Doubt.WARMING
        if i - begun[i] + 1 < needed:
            return Doubt.REORG if begun[i] in reorgs else Doubt.PAUSE
        usual = median_of(
            [seen.depth for seen in blocks[max(0, i + 1 - guard.depth_blocks) : i + 1]]
        )
        if blocks[i].depth * BPS < usual * (BPS - guard.depth_drop_bps_max):
            return Doubt.THIN
        if by_median[i] and (
            not _lasts(by_median, i, needed)
            or leaps(spots[max(0, i - needed) : i + 1], guard=guard)
        ):
            return Doubt.OFF_MEDIAN
        if by_twap[i] and not _lasts(by_twap, i, needed):
            return Doubt.OFF_TWAP
        return None

    return tuple(doubt(i) for i in range(count))


def _sides(
    spots: Sequence[int], references: Sequence[int | None], *, gap_bps_max: int
) -> list[int]:
    pairs = zip(spots, references, strict=True)
    return [side(spot, reference, gap_bps_max=gap_bps_max) for spot, reference in pairs]


def _lasts(sides: Sequence[int], i: int, needed: int) -> bool:
    """Whether the last `needed` blocks up to i were all on the side on which block i is."""
    return i + 1 >= needed and all(other == sides[i] for other in sides[i + 1 - needed : i + 1])
