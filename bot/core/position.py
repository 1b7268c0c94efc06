"""An LP position as lots: what was paid in for which LP tokens, and what was taken out again.

A deposit opens a lot at its own price and a withdrawal closes the oldest lots first, so that
neither ever shows as profit or loss of the position. docs/maths.md section 1.3.
Why so: docs/adr/0003-lots.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.core.canonical import digest
from bot.core.errors import LotAmountError, LpShortError
from bot.core.snapshot import EventKind, PositionEvent
from bot.core.units import mul_div_down

OPENING = (EventKind.MINT, EventKind.RECEIVE)
"""The kinds of event that bring LP tokens in; the others take them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """LP tokens that came in together, with what they cost.

    id: digest of the event that opened it; a lot that is partly consumed keeps its id.
    lp_atoms: LP tokens still held, > 0.
    base_atoms, quote_atoms: what was paid in for them, >= 0; their ratio is the entry price.
    """

    id: str
    lp_atoms: int
    base_atoms: int
    quote_atoms: int
    block_number: int
    time_s: int

    def __post_init__(self) -> None:
        if self.lp_atoms <= 0 or self.base_atoms < 0 or self.quote_atoms < 0:
            raise LotAmountError(lp=self.lp_atoms, base=self.base_atoms, quote=self.quote_atoms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """Totals over everything withdrawn so far, in atoms.

    withdrawn_*: what the chain paid out (for tokens sent away: their claim at that block).
    entry_*: what had been paid in for the same LP tokens.
    """

    withdrawn_base_atoms: int = 0
    withdrawn_quote_atoms: int = 0
    entry_base_atoms: int = 0
    entry_quote_atoms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The owner's LP tokens of one pool, oldest lot first."""

    pool: str
    lots: tuple[Lot, ...] = ()
    realised: Realised = Realised()

    @property
    def lp_atoms(self) -> int:
        """LP tokens held, in atoms."""
        return sum(lot.lp_atoms for lot in self.lots)


def apply_event(position: Position, event: PositionEvent, *, block_time_s: int) -> Position:
    """The position after one event of its pool.

    block_time_s: unix time of the event's block.
    """
    if event.kind in OPENING:
        return replace(position, lots=(*position.lots, _lot_of(event, block_time_s)))
    return _withdraw(position, event)


def _lot_of(event: PositionEvent, block_time_s: int) -> Lot:
    return Lot(
        id=digest("lot", event.pool, event.tx_hash, event.log_index),
        lp_atoms=event.lp_atoms,
        base_atoms=event.base_atoms,
        quote_atoms=event.quote_atoms,
        block_number=event.block_number,
        time_s=block_time_s,
    )


def _withdraw(position: Position, event: PositionEvent) -> Position:
    """Consume the oldest lots and record what came out against what had gone in."""
    if not 0 < event.lp_atoms <= position.lp_atoms:
        raise LpShortError(pool=position.pool, wanted=event.lp_atoms, held=position.lp_atoms)
    # After this line it must succeed.
    kept: list[Lot] = []
    wanted = event.lp_atoms
    entry_base = entry_quote = 0
    for lot in position.lots:
        taken = min(wanted, lot.lp_atoms)
        base, quote = entry_share_down(lot, lp_atoms=taken)
        wanted -= taken
        entry_base += base
        entry_quote += quote
        if taken < lot.lp_atoms:
            kept.append(
                replace(
                    lot,
                    lp_atoms=lot.lp_atoms - taken,
                    base_atoms=lot.base_atoms - base,
                    quote_atoms=lot.quote_atoms - quote,
                )
            )
    done = position.realised
    realised = Realised(
        withdrawn_base_atoms=done.withdrawn_base_atoms + event.base_atoms,
        withdrawn_quote_atoms=done.withdrawn_quote_atoms + event.quote_atoms,
        entry_base_atoms=done.entry_base_atoms + entry_base,
        entry_quote_atoms=done.entry_quote_atoms + entry_quote,
    )
    return replace(position, lots=tuple(kept), realised=realised)


def entry_share_down(lot: Lot, *, lp_atoms: int) -> tuple[int, int]:
    """(base, quote) paid in for `lp_atoms` of a lot, rounded down.

    The rest of the lot keeps what is left, so it is rounded up (against us: it raises the cost
    of what is still held), and the parts always sum to the whole.
    """
    return (
        mul_div_down(lot.base_atoms, lp_atoms, lot.lp_atoms),
        mul_div_down(lot.quote_atoms, lp_atoms, lot.lp_atoms),
    )
