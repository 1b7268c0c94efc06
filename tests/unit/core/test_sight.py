"""Looking: positions, prices and metrics of pools in every state a chain can leave them in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.engine import recover
from bot.core.errors import PositionMismatchError
from bot.core.exposure import claim_down
from bot.core.sight import look
from bot.core.snapshot import EventKind, PoolState, PoolTuple, PositionEvent, Snapshot
from bot.core.state import BookState
from bot.edges.memory_store import MemoryStore
from bot.runs.runner import Runner
from tests.builders.runs import POOL, chain_path, runner_for, storm_rules
from tests.builders.scripts import two_days

SCENARIO = two_days()
PATH = chain_path(SCENARIO)
RULES = storm_rules()
VENUE = runner_for(SCENARIO, RULES).venue


class Listed:
    """A source that gives the snapshots of a list, one a read."""

    genesis_hash = "0x0"

    def __init__(self, *snapshots: Snapshot) -> None:
        self.left = list(snapshots)

    def read(self) -> Snapshot:
        return self.left.pop(0)

    def is_canonical(self, block: object) -> bool:
        return True

    def rewind(self, snapshot: Snapshot | None) -> None:
        pass


def run(*snapshots: Snapshot) -> tuple[Runner, MemoryStore]:
    journal = MemoryStore()
    runner = runner_for(SCENARIO, RULES, journal=journal)
    runner.source = Listed(*snapshots)
    for _ in snapshots:
        assert runner.tick(), runner.counters.last_error
    journal.check()
    assert recover(journal, RULES, venue=VENUE) == runner.book
    return runner, journal


def with_pool(seen: Snapshot, *events: PositionEvent, **changes: object) -> Snapshot:
    pool: PoolState = replace(seen.pools[0], **changes)  # type: ignore[arg-type]
    return replace(seen, pools=PoolTuple([pool]), events=events)


def event(kind: EventKind, lp_atoms: int, base: int, quote: int) -> PositionEvent:
    return PositionEvent(
        pool=POOL, kind=kind, lp_atoms=lp_atoms, base_atoms=base, quote_atoms=quote,
        block_number=1, log_index=0, tx_hash="0xaa",
    )  # fmt: skip


def test_a_position_of_dust_that_cost_nothing_is_followed_and_not_hedged() -> None:
    """Bug: anybody who sent an owner one atom of LP tokens divided the bot by zero."""
    dust = with_pool(PATH[0], event(EventKind.RECEIVE, 1, 0, 0), lp_balance=1)
    runner, _ = run(dust, with_pool(PATH[1], lp_balance=1))
    assert runner.book is not None
    assert runner.book.state.pools[POOL].position.lp_atoms == 1
    assert runner.book.state.hedges == ()


def test_a_pool_that_loses_all_its_liquidity_is_kept_and_not_valued() -> None:
    empty = {"reserve0": 0, "reserve1": 0, "total_supply": 0, "lp_balance": 0}
    held = PATH[0].pools[0].lp_balance
    base, quote = claim_down(PATH[0].specs[0], PATH[0].pools[0])
    gone = with_pool(PATH[1], event(EventKind.BURN, held, base, quote), **empty)
    runner, journal = run(PATH[0], gone, with_pool(PATH[2], **empty))
    assert runner.book is not None
    assert runner.book.state.pools[POOL].position.lots == ()
    assert journal.balances()[f"Assets:Pool:{POOL}", "WETH"] == 0


def test_a_price_below_one_atom_is_no_price() -> None:
    """Bug: a pool drained of its quote token ended the bot in the logarithm of nothing."""
    spec = PATH[0].specs[0]
    quote = "reserve1" if spec.base_is_token0 else "reserve0"
    base = "reserve0" if spec.base_is_token0 else "reserve1"
    drained = with_pool(PATH[1], **{quote: 1, base: 10**30})
    runner, _ = run(PATH[0], drained, PATH[2])
    assert runner.book is not None
    assert runner.book.state.tick == 3


def test_a_balance_that_the_events_do_not_explain_is_refused() -> None:
    state = BookState(specs=PATH[0].specs)
    odd = with_pool(PATH[0], *PATH[0].events, lp_balance=5)
    with pytest.raises(PositionMismatchError, match="5 LP atoms on the chain"):
        look(state, odd, RULES, VENUE)


def test_a_pool_that_is_only_watched_has_no_book() -> None:
    specs = (replace(PATH[0].specs[0], hedged=False),)
    sight = look(BookState(specs=specs), replace(PATH[0], specs=specs, events=()), RULES, VENUE)
    assert (sight.books, sight.views) == ({}, {})
