"""Laws of lots: whatever comes and goes, every atom is either still held or realised."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.position import Position, apply_event
from bot.core.snapshot import EventKind, PositionEvent

atoms = st.integers(0, 2**112)


@given(st.lists(st.tuples(st.sampled_from(EventKind), st.integers(1, 2**112), atoms, atoms)))
def test_lots_and_realised_totals_always_add_up_to_what_went_in(
    moves: list[tuple[EventKind, int, int, int]],
) -> None:
    position = Position(pool="ETH-USD")
    held = put_base = put_quote = got_base = got_quote = 0
    for index, (kind, lp_atoms, base, quote) in enumerate(moves):
        opens = kind in (EventKind.MINT, EventKind.RECEIVE)
        if not opens and not held:
            continue
        moved = lp_atoms if opens else 1 + lp_atoms % held
        event = PositionEvent(
            pool="ETH-USD",
            kind=kind,
            lp_atoms=moved,
            base_atoms=base,
            quote_atoms=quote,
            block_number=index,
            log_index=0,
            tx_hash="0x",
        )
        oldest = [lot.id for lot in position.lots]
        position = apply_event(position, event, block_time_s=index)
        if opens:
            held, put_base, put_quote = held + moved, put_base + base, put_quote + quote
        else:
            held, got_base, got_quote = held - moved, got_base + base, got_quote + quote
            left = [lot.id for lot in position.lots]
            assert left == oldest[len(oldest) - len(left) :]
        done = position.realised
        assert position.lp_atoms == held
        assert put_base == done.entry_base_atoms + sum(lot.base_atoms for lot in position.lots)
        assert put_quote == done.entry_quote_atoms + sum(lot.quote_atoms for lot in position.lots)
        assert (got_base, got_quote) == (done.withdrawn_base_atoms, done.withdrawn_quote_atoms)
