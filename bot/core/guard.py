"""Whether a pool's price may be acted on: what one block, one swap or one stale node makes may not.

A price is doubted while it is new: far from the median of the last blocks or from the average,
right after blocks stayed out or were replaced, or in a pool that most of its liquidity has left.
What lasts is trusted: every doubt ends after a number of blocks that the rules state. All numbers
are ints, so a walk block by block and core/guard_history.py agree to the bit.
Why so: docs/adr/0020-confirmed-prices.md; docs/methodology.md tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

from bot.core.units import BPS

RHYTHM = 2
"""A pause is one when it is so many times longer than blocks were apart before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What a price must stand before a layer acts on it. A block is one that the bot has read.

    confirmations: blocks in a row on which a condition must have held, after which a move that
    stays counts as real, and which must have come since the last pause or reorg.
    median_blocks: odd; the price is held against the median of so many, this one included.
    median_gap_bps_max, twap_gap_bps_max: how far it may be from that median and from the TWAP.
    block_age_s_max: a block that comes later than this after the one before begins anew.
    depth_blocks, depth_drop_bps_max: how much of the median depth of so many blocks may be gone;
    of the median, so that liquidity which comes for one block and goes again shuts nobody out.
    """

    is_on: bool = True
    confirmations: int = 3
    median_blocks: int = 5
    median_gap_bps_max: int = 200
    twap_gap_bps_max: int = 500
    block_age_s_max: int = 900
    depth_blocks: int = 24
    depth_drop_bps_max: int = 5_000

    @property
    def blocks_needed(self) -> int:
        """Blocks in a row on which a condition must have held."""
        return self.confirmations if self.is_on else 1

    @property
    def blocks_kept(self) -> int:
        """How many blocks are remembered."""
        return max(self.median_blocks, self.depth_blocks, self.confirmations + 1)


NO_GUARD = Guard(is_on=False)
"""Every price is acted on at once."""


class Doubt(Enum):
    """Why a price is not trusted; the first that applies, in this order."""

    WARMING = "WARMING"  # too few blocks, or no whole averaging window, were seen
    REORG = "REORG"  # blocks were replaced just now
    PAUSE = "PAUSE"  # no block came for long, just now
    THIN = "THIN"  # too much of the pool's depth has left
    OFF_MEDIAN = "OFF_MEDIAN"  # too far from the median of the last blocks
    OFF_TWAP = "OFF_TWAP"  # too far from the average of the averaging window


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whether a price may be acted on; doubt None means yes. numbers: what is behind a doubt."""

    doubt: Doubt | None = None
    numbers: Mapping[str, str] = field(default_factory=dict)


TRUSTED = Trust()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A pool at the end of a block.

    spot_atoms: quote atoms per whole base token. depth: square root of the product of the
    reserves in atoms, which trades leave alone but for their fees.
    """

    time_s: int
    spot_atoms: int
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardMemory:
    """What the guard remembers of a pool, at most `Guard.blocks_kept` blocks, oldest first.

    since_break: blocks seen since the last pause or reorg, whichever `broken_by` names.
    median_run, twap_run: blocks in a row, this one included, on which the price was too far above
    (> 0) or below (< 0) the median or the average; 0 where it is near.
    trust: the verdict on the newest block.
    """

    blocks: tuple[Seen, ...] = ()
    since_break: int = 0
    broken_by: Doubt = Doubt.PAUSE
    median_run: int = 0
    twap_run: int = 0
    trust: Trust = TRUSTED


NOTHING_SEEN = GuardMemory()


def remember_block(
    memory: GuardMemory, new: Seen, *, twap_atoms: int | None, guard: Guard
) -> GuardMemory:
    """The memory with one more block, and the verdict on it. twap_atoms: None while unknown."""
    if not guard.is_on:
        return memory
    # Right behind a reorg there are blocks that were never read: that is no pause besides.
    paused = memory.since_break > 0 and is_pause(memory.blocks, new, guard=guard)
    blocks = (*memory.blocks[1 - guard.blocks_kept :], new)
    median = median_of([seen.spot_atoms for seen in blocks[-guard.median_blocks :]])
    median_side = side(new.spot_atoms, median, gap_bps_max=guard.median_gap_bps_max)
    twap_side = side(new.spot_atoms, twap_atoms, gap_bps_max=guard.twap_gap_bps_max)
    after = GuardMemory(
        blocks=blocks,
        since_break=1 if paused else memory.since_break + 1,
        broken_by=Doubt.PAUSE if paused else memory.broken_by,
        median_run=longer(memory.median_run, median_side),
        twap_run=longer(memory.twap_run, twap_side),
    )
    trust = _verdict(after, median=median, twap_atoms=twap_atoms, guard=guard)
    return after if trust is TRUSTED else replace(after, trust=trust)


def broken(memory: GuardMemory) -> GuardMemory:
    """The memory behind a reorg: what comes next has to be confirmed anew."""
    if not memory.blocks:
        return memory  # there is no guard, or nothing yet that could be broken
    return replace(memory, since_break=0, broken_by=Doubt.REORG)


def is_pause(before: Sequence[Seen], new: Seen, *, guard: Guard) -> bool:
    """Whether a block came late, by the limit and by the rhythm of those remembered before it.

    Blocks that are always slow are no pause, so that whoever looks once a day is not shut out.
    """
    if len(before) < 2 or new.time_s - before[-1].time_s <= guard.block_age_s_max:
        return False
    usual_s = median_of([newer.time_s - older.time_s for older, newer in pairwise(before)])
    return new.time_s - before[-1].time_s > RHYTHM * usual_s


def median_of(values: Sequence[int]) -> int:
    """The middle value, the higher one of an even number.

    >>> median_of((2_000, 1_500, 2_010))
    2000
    """
    return sorted(values)[len(values) // 2]


def side(spot_atoms: int, reference: int | None, *, gap_bps_max: int) -> int:
    """1 where a price is more than so many bps above a reference, -1 below, 0 within.

    An unknown reference has no sides.

    >>> side(1_950, 2_000, gap_bps_max=200), side(2_041, 2_000, gap_bps_max=200)
    (-1, 1)
    """
    if reference is None or abs(spot_atoms - reference) * BPS <= gap_bps_max * reference:
        return 0
    return 1 if spot_atoms > reference else -1


def longer(run: int, new_side: int) -> int:
    """A run of blocks on one side, carried on by one block or begun anew.

    >>> longer(-2, -1), longer(-2, 1), longer(-2, 0)
    (-3, 1, 0)
    """
    return run + new_side if run * new_side > 0 else new_side


def leaps(spots: Sequence[int], *, guard: Guard) -> bool:
    """Whether the newest move is beyond the limit, and over twice each of those that confirm it.

    One block must not ride on a real move that the blocks before it have confirmed.
    spots: of the last `confirmations` + 1 blocks, or of as many as there are.
    """
    moves = [abs(newer - older) for older, newer in pairwise(spots)]
    if len(moves) < 2 or not side(spots[-1], spots[-2], gap_bps_max=guard.median_gap_bps_max):
        return False
    return moves[-1] > RHYTHM * max(moves[:-1])


def _verdict(memory: GuardMemory, *, median: int, twap_atoms: int | None, guard: Guard) -> Trust:
    """The first doubt that applies to the newest block, with its numbers."""
    blocks, new, needed = memory.blocks, memory.blocks[-1], guard.confirmations
    least = max(guard.median_blocks, needed)
    if len(blocks) < least or twap_atoms is None:
        return _doubt(Doubt.WARMING, blocks=len(blocks), of=least, twap=twap_atoms)
    if memory.since_break < needed:
        return _doubt(memory.broken_by, blocks=memory.since_break, of=needed)
    usual = median_of([seen.depth for seen in blocks[-guard.depth_blocks :]])
    if new.depth * BPS < usual * (BPS - guard.depth_drop_bps_max):
        gone_bps = BPS - new.depth * BPS // usual
        return _doubt(Doubt.THIN, gone_bps=gone_bps, limit_bps=guard.depth_drop_bps_max)
    if memory.median_run and (
        abs(memory.median_run) < needed
        or leaps([seen.spot_atoms for seen in blocks[-needed - 1 :]], guard=guard)
    ):
        return _doubt(
            Doubt.OFF_MEDIAN,
            spot=new.spot_atoms,
            median=median,
            limit_bps=guard.median_gap_bps_max,
            blocks=abs(memory.median_run),
            of=needed,
        )
    if memory.twap_run and abs(memory.twap_run) < needed:
        return _doubt(
            Doubt.OFF_TWAP,
            spot=new.spot_atoms,
            twap=twap_atoms,
            limit_bps=guard.twap_gap_bps_max,
            blocks=abs(memory.twap_run),
            of=needed,
        )
    return TRUSTED


def _doubt(doubt: Doubt, **numbers: int | None) -> Trust:
    return Trust(doubt=doubt, numbers={k: str(v) for k, v in numbers.items() if v is not None})
