"""Lots: deposits open them, withdrawals consume the oldest first, nothing is lost between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.errors import LotAmountError, LpShortError
from bot.core.position import Lot, Position, Realised, apply_event, entry_share_down
from bot.core.snapshot import EventKind, PositionEvent

EMPTY = Position(pool="ETH-USD")


def event(kind: EventKind, lp: int, base: int, quote: int, *, log_index: int = 0) -> PositionEvent:
    return PositionEvent(
        pool="ETH-USD",
        kind=kind,
        lp_atoms=lp,
        base_atoms=base,
        quote_atoms=quote,
        block_number=7,
        log_index=log_index,
        tx_hash="0x01",
    )


@pytest.mark.parametrize("kind", [EventKind.MINT, EventKind.RECEIVE])
def test_tokens_that_come_in_open_a_lot_with_their_cost_and_time(kind: EventKind) -> None:
    position = apply_event(EMPTY, event(kind, 10, 100, 200), block_time_s=1_600)
    (lot,) = position.lots
    assert (lot.lp_atoms, lot.base_atoms, lot.quote_atoms) == (10, 100, 200)
    assert (lot.block_number, lot.time_s) == (7, 1_600)
    assert position.lp_atoms == 10
    assert position.realised == Realised()


def test_a_lot_is_named_by_the_log_that_opened_it() -> None:
    first, second, again = (
        apply_event(
            EMPTY, event(EventKind.MINT, 10, 100, 200, log_index=index), block_time_s=0
        ).lots[0]
        for index in (1, 2, 1)
    )
    assert first.id == again.id != second.id


@pytest.mark.parametrize("kind", [EventKind.BURN, EventKind.SEND])
def test_tokens_that_leave_consume_the_oldest_lot_first(kind: EventKind) -> None:
    position = EMPTY
    for index, cost in enumerate([(3, 10, 20), (5, 100, 300)]):
        position = apply_event(
            position, event(EventKind.MINT, *cost, log_index=index), block_time_s=index
        )
    after = apply_event(position, event(kind, 5, 70, 80), block_time_s=9)
    (left,) = after.lots
    assert left == replace(position.lots[1], lp_atoms=3, base_atoms=100 - 40, quote_atoms=300 - 120)
    assert after.realised == Realised(
        withdrawn_base_atoms=70,
        withdrawn_quote_atoms=80,
        entry_base_atoms=10 + 40,
        entry_quote_atoms=20 + 120,
    )


def test_a_split_rounds_the_part_that_leaves_down_and_loses_nothing() -> None:
    position = apply_event(EMPTY, event(EventKind.MINT, 3, 10, 20), block_time_s=0)
    assert entry_share_down(position.lots[0], lp_atoms=2) == (6, 13)
    after = apply_event(position, event(EventKind.BURN, 2, 0, 0), block_time_s=0)
    assert (after.lots[0].base_atoms, after.lots[0].quote_atoms) == (4, 7)


def test_a_withdrawal_of_everything_leaves_no_lot() -> None:
    position = apply_event(EMPTY, event(EventKind.MINT, 3, 10, 20), block_time_s=0)
    after = apply_event(position, event(EventKind.BURN, 3, 11, 19), block_time_s=0)
    assert after.lots == ()
    assert (after.realised.entry_base_atoms, after.realised.entry_quote_atoms) == (10, 20)


@pytest.mark.parametrize("lp_atoms", [0, 4])
def test_more_than_is_held_or_nothing_at_all_cannot_leave(lp_atoms: int) -> None:
    position = apply_event(EMPTY, event(EventKind.MINT, 3, 10, 20), block_time_s=0)
    with pytest.raises(LpShortError, match=f"{lp_atoms} LP atoms left a position that holds 3"):
        apply_event(position, event(EventKind.SEND, lp_atoms, 1, 1), block_time_s=0)


@pytest.mark.parametrize(("lp", "base", "quote"), [(0, 1, 1), (1, -1, 1), (1, 1, -1)])
def test_a_lot_of_nothing_or_of_negative_cost_cannot_be_built(
    lp: int, base: int, quote: int
) -> None:
    with pytest.raises(LotAmountError, match="impossible"):
        Lot(id="", lp_atoms=lp, base_atoms=base, quote_atoms=quote, block_number=0, time_s=0)
