"""The engine: opening, recovery, and reorgs of every shape, one beneath the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.canonical import canonical_json
from bot.core.engine import (
    UNDO_DEPTH_TICKS,
    Book,
    Opening,
    open_book,
    opening_of,
    recover,
    run_tick,
    undo_after,
)
from bot.core.errors import (
    BookCorruptError,
    ClockBackwardsError,
    NoNewBlockError,
    ReorgDetectedError,
    ReorgTooDeepError,
)
from bot.core.model_stage import model_world
from bot.core.ports import Row, SnapshotSource
from bot.core.record import read_body
from bot.core.snapshot import Block, PositionEvent, Snapshot
from bot.core.terms import sealed
from bot.edges.memory_store import MemoryStore
from bot.runs.inspection import UnbookedJournal
from bot.runs.replay import replay_journal, replay_world
from bot.runs.runner import Runner
from tests.builders.runs import (
    STORM,
    Watching,
    chain_path,
    rules_of,
    runner_for,
    storm,
    storm_rules,
)
from tests.builders.scripts import scenario_of, two_days

A_DEPOSIT = 'kind = "deposit"\nday = 0.25\npool = "WETH-USDC"\nshare_bps = 50'
STRAIGHT = two_days(A_DEPOSIT)
OTHER = two_days(A_DEPOSIT.replace("0.25", "0.125").replace("50", "70"))
RULES = sealed(replace(storm_rules(), vol_samples_min=6))  # the first hedge comes after the fork


class Blocks:
    """A chain in the hands of the test: the branch that stands now, as snapshots."""

    def __init__(self, *branch: Snapshot) -> None:
        self.branch = list(branch)
        self.last: Snapshot | None = None

    genesis_hash = "0x00"

    def read(self) -> Snapshot:
        head, last = self.branch[-1], self.last
        if last is not None and last.block not in [seen.block for seen in self.branch]:
            raise ReorgDetectedError(
                block_number=last.block.number, hash_seen=last.block.hash, hash_now="another"
            )
        if last is not None and last.block == head.block:
            raise NoNewBlockError(block_number=head.block.number)
        below = -1 if last is None else last.block.number
        events: tuple[PositionEvent, ...] = tuple(
            event for seen in self.branch for event in seen.events if event.block_number > below
        )
        self.last = head
        return replace(head, events=events)

    def is_canonical(self, block: Block) -> bool:
        return any(seen.block == block for seen in self.branch)

    def rewind(self, snapshot: Snapshot | None) -> None:
        self.last = snapshot


def runner_on(source: SnapshotSource, journal: MemoryStore | None = None) -> Runner:
    runner = runner_for(STRAIGHT, RULES, journal=journal)
    runner.source = source
    return runner


def walk(runner: Runner, blocks: Blocks, branch: list[Snapshot]) -> None:
    """Let the chain grow along a branch, block by block, from where it stands."""
    for end in range(len(blocks.branch), len(branch) + 1):
        blocks.branch = branch[:end]
        runner.tick()


def state_of(runner: Runner) -> Any:
    assert runner.book is not None
    return runner.book.state


def money(runner: Runner) -> tuple[Any, ...]:
    """What of a state must not depend on how one got there."""
    state = state_of(runner)
    claims = {
        name: (book.claim_base_atoms, book.claim_quote_atoms, book.position.lots, book.signals)
        for name, book in state.pools.items()
    }
    legs = [(hedge.layer, hedge.legs, hedge.cost_atoms) for hedge in state.hedges]
    return state.money, claims, legs, state.snapshot.block


PATH_A, PATH_B = chain_path(STRAIGHT), chain_path(OTHER)
FORK = next(i for i, (a, b) in enumerate(zip(PATH_A, PATH_B, strict=True)) if a.block != b.block)


def test_the_two_branches_share_their_first_blocks_and_nothing_more() -> None:
    assert FORK == 3
    assert not {seen.block.hash for seen in PATH_A[FORK:]} & {s.block.hash for s in PATH_B[FORK:]}


def test_a_chain_that_flips_to_a_branch_and_back_books_every_cause_once() -> None:
    """Bug: an order's id did not know its tick, so the way back asked for a booked order again."""
    journal, blocks = MemoryStore(), Blocks(PATH_A[0])
    runner = runner_on(blocks, journal)
    runner.tick()
    walk(runner, blocks, PATH_A[:20])
    opened = [entry.block_number for entry in journal.entries() if entry.kind == "hedge_open"]
    assert opened
    assert min(opened) > FORK, "the test needs a hedge on the branch that is left and found again"
    for branch in (PATH_B, PATH_A, PATH_B, PATH_A):
        blocks.branch = branch[: FORK + 1]
        runner.tick()
        walk(runner, blocks, branch[:20])
    causes = [(entry.kind, entry.cause) for entry in journal.entries()]
    assert len(causes) == len(set(causes))
    journal.check()
    assert recover(journal, RULES, venue=runner.venue) == runner.book


def test_a_tick_after_a_reorg_gives_the_same_book_as_a_run_that_never_saw_the_branch() -> None:
    blocks = Blocks(PATH_A[0])
    runner = runner_on(blocks)
    runner.tick()
    walk(runner, blocks, PATH_A[:FORK])
    walk(runner, blocks, PATH_A[:20])
    blocks.branch = PATH_B[:20]
    runner.tick()
    straight_blocks = Blocks(PATH_B[0])
    straight = runner_on(straight_blocks)
    straight.tick()
    walk(straight, straight_blocks, PATH_B[:FORK])
    straight_blocks.branch = PATH_B[:20]
    straight.tick()
    assert money(runner) == money(straight)


def test_a_reorg_under_the_first_block_takes_the_book_back_to_its_opening() -> None:
    """Bug: without a tick to go back to, the bot stopped for good on the first reorg."""
    journal, blocks = MemoryStore(), Blocks(*PATH_A[:4])
    runner = runner_on(blocks, journal)
    runner.tick()
    capital = state_of(runner).money
    blocks.branch = PATH_B[:4]
    assert runner.tick()
    assert state_of(runner).snapshot.block == PATH_B[3].block
    assert state_of(runner).money == capital
    assert [row.kind for row in journal.rows()] == ["open", "record", "undo", "record"]
    undo = read_body(next(row for row in journal.rows() if row.kind == "undo").body)
    assert undo["ancestor"] == {"number": 2, "hash": PATH_A[3].block.parent_hash}
    assert runner.counters.undone == 1
    journal.check()
    assert recover(journal, RULES, venue=runner.venue) == runner.book
    assert replay_journal(journal.rows(), RULES, venue=runner.venue, journal=MemoryStore()) == 2


def test_a_reorg_of_every_tick_of_a_young_book_goes_back_to_the_opening_too() -> None:
    journal, blocks = MemoryStore(), Blocks(*PATH_A[:4])
    runner = runner_on(blocks, journal)
    runner.tick()
    for end in range(4, 16):
        blocks.branch = PATH_A[: end + 1]
        runner.tick()
    blocks.branch = PATH_B[:10]
    assert runner.tick()
    assert runner.counters.undone == 13
    assert state_of(runner).tick == 14
    assert recover(journal, RULES, venue=runner.venue) == runner.book
    journal.check()


def test_a_reorg_deeper_than_the_trail_stops_and_leaves_the_book_as_it_was() -> None:
    calm = STORM[: STORM.index("[[event]]")].replace("step_minutes = 180", "step_minutes = 30")
    long_path = chain_path(scenario_of(calm))
    other_path = chain_path(scenario_of(calm.replace("seed = 7", "seed = 8")))
    assert len(long_path) > UNDO_DEPTH_TICKS + 2
    journal, blocks = MemoryStore(), Blocks(long_path[0])
    runner = runner_on(blocks, journal)
    runner.tick()
    walk(runner, blocks, long_path[: UNDO_DEPTH_TICKS + 2])
    before, rows = runner.book, list(journal.rows())
    blocks.branch = [*long_path[:1], *other_path[1:70]]
    with pytest.raises(ReorgTooDeepError, match="64"):
        runner.tick()
    assert runner.book == before
    assert list(journal.rows()) == rows
    blocks.branch = [*long_path[:2], *other_path[2:70]]
    assert runner.tick(), "exactly as deep as the trail is undone"
    assert runner.counters.undone == UNDO_DEPTH_TICKS


def test_an_undo_row_counts_the_ticks_it_takes_back_also_beneath_an_older_undo() -> None:
    """Bug: numbers of ticks that an older undo had taken back were counted once more."""
    journal, blocks = MemoryStore(), Blocks(PATH_A[0])
    runner = runner_on(blocks, journal)
    runner.tick()
    walk(runner, blocks, PATH_A[:8])
    blocks.branch = PATH_B[:8]  # 5 ticks back to block 2
    runner.tick()
    blocks.branch = [PATH_A[0], *[replace_block(seen) for seen in PATH_B[1:8]]]  # 3 back to 0
    runner.tick()
    counts = [read_body(row.body)["ticks"] for row in journal.rows() if row.kind == "undo"]
    assert counts == [5, 3]
    assert runner.counters.undone == 8


def replace_block(seen: Snapshot) -> Snapshot:
    """The same state in a block of a third branch."""
    return replace(seen, block=replace(seen.block, hash=seen.block.hash[:-4] + "cccc"))


def test_a_chain_that_came_back_before_anybody_looked_undoes_nothing() -> None:
    """Bug: a reorg that was over when its ancestor was searched stopped the bot."""

    class Fickle(Blocks):
        fickle = False

        def read(self) -> Snapshot:
            if self.fickle:
                self.fickle = False
                raise ReorgDetectedError(block_number=1, hash_seen="a", hash_now="b")
            return super().read()

    journal, blocks = MemoryStore(), Fickle(PATH_A[0])
    runner = runner_on(blocks, journal)
    runner.tick()
    blocks.fickle = True
    assert not runner.tick()
    blocks.fickle = True
    blocks.branch = PATH_A[:2]
    assert runner.tick()
    assert [row.kind for row in journal.rows()] == ["open", "record", "record"]


def test_an_opening_comes_back_from_its_row() -> None:
    opening = Opening(
        chain_id=5, genesis_hash="0xaa", capital={"USDC": 10**30}, rules_hash="r", terms={"a": [1]}
    )
    journal = MemoryStore()
    open_book(opening, PATH_A[0], journal=journal)
    (row,) = journal.rows()
    assert opening_of(read_body(row.body)) == opening
    (entry,) = journal.entries()
    assert entry.kind == "open"
    assert journal.balances()["Assets:Cash", "USDC"] == 10**30


def test_a_book_without_capital_is_opened_without_an_entry() -> None:
    opening = Opening(chain_id=5, genesis_hash="", capital={}, rules_hash="r", terms={})
    journal = MemoryStore()
    book = open_book(opening, PATH_A[0], journal=journal)
    assert list(journal.entries()) == []
    assert recover(journal, RULES, venue=runner_for(STRAIGHT, RULES).venue) == book


def test_a_tick_without_orders_writes_one_row_and_one_with_orders_two() -> None:
    scenario = storm()
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, RULES, world=world, journal=journal))
    rows = list(journal.rows())
    planned = {row.tick for row in rows if row.kind == "plan"}
    ordered = {row.tick for row in rows if row.kind == "record" and read_body(row.body)["orders"]}
    assert planned == ordered
    assert 0 < len(planned) < sum(row.kind == "record" for row in rows)


def test_a_plan_is_the_beginning_of_its_record_word_for_word() -> None:
    scenario = storm()
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, RULES, world=world, journal=journal))
    plan: dict[str, Any] | None = None
    for row in journal.rows():
        body = read_body(row.body)
        assert canonical_json(body) == row.body
        if plan is not None:
            assert plan == {key: body[key] for key in plan}
            assert set(body) - set(plan) == {"fills", "ledger", "book"}
        plan = body if row.kind == "plan" else None


def test_recovering_twice_changes_nothing() -> None:
    """The journal ends with a plan: the first recovery settles it, the second finds it settled."""
    whole = MemoryStore()
    runner = runner_for(storm(), RULES, journal=whole)
    world = model_world(storm())
    runner.source = world.source
    replay_world(world, runner)
    rows = list(whole.rows())
    for cut, row in enumerate(rows):
        if row.kind != "plan":
            continue
        journal = cut_off(whole, rows[: cut + 1])
        book = recover(journal, RULES, venue=runner.venue)
        assert list(journal.rows()) == rows[: cut + 2]
        assert recover(journal, RULES, venue=runner.venue) == book
        assert list(journal.rows()) == rows[: cut + 2]
        assert list(journal.entries()) == list(whole.entries())[: book.state.ledger_head.seq]


def cut_off(whole: MemoryStore, rows: list[Row]) -> MemoryStore:
    """A book that ends with the last of these rows."""
    journal, entries = MemoryStore(), list(whole.entries())
    for row in rows:
        body = read_body(row.body)
        seq = body["ledger"]["seq"] if "ledger" in body else journal.tip.ledger.seq
        seq = 1 if row.kind == "open" else seq
        journal.append(
            kind=row.kind, tick=row.tick, body=row.body,
            entries=entries[journal.tip.ledger.seq : seq],
        )  # fmt: skip
    return journal


def test_a_record_that_does_not_lead_to_its_own_ledger_is_refused_on_recovery() -> None:
    whole = MemoryStore()
    runner = runner_on(Blocks(PATH_A[0]), whole)
    runner.tick()
    first, record = whole.rows()
    body = read_body(record.body)
    body["ledger"]["hash"] = "f" * 64
    forged = [first, replace(record, body=canonical_json(body))]
    with pytest.raises(BookCorruptError, match="another ledger"):
        recover(UnbookedJournal(forged), RULES, venue=runner.venue)


def test_a_block_dated_before_the_last_tick_is_skipped_and_the_next_good_one_is_taken() -> None:
    blocks, watching = Blocks(PATH_A[0]), Watching()
    runner = runner_on(blocks)
    runner.watcher = watching
    runner.tick()
    early = replace(PATH_A[1], block=replace(PATH_A[1].block, time_s=PATH_A[0].block.time_s - 1))
    blocks.branch = [PATH_A[0], early]
    assert not runner.tick()
    assert [type(error) for error in watching.skips] == [ClockBackwardsError]
    blocks.branch = PATH_A[:3]
    assert runner.tick()
    assert (runner.counters.ticks, runner.counters.skips) == (2, 1)


def test_skips_are_counted_in_a_row_and_the_last_error_ends_the_run_at_the_bound() -> None:
    blocks = Blocks(PATH_A[0])
    runner = runner_on(blocks)
    runner.skips_max = 2
    runner.tick()
    early = replace(PATH_A[1], block=replace(PATH_A[1].block, time_s=0))
    blocks.branch = [PATH_A[0], early]
    assert [runner.tick(), runner.tick()] == [False, False]
    blocks.branch = PATH_A[:2]
    assert runner.tick()
    blocks.branch = [*PATH_A[:2], replace(early, block=replace(early.block, number=2))]
    assert [runner.tick(), runner.tick()] == [False, False]
    with pytest.raises(ClockBackwardsError):
        runner.tick()
    assert runner.counters.skips == 5


def test_the_trail_forgets_what_is_too_old_to_undo() -> None:
    book: Book | None = None
    journal, venue = MemoryStore(), runner_for(STRAIGHT, RULES).venue
    opening = Opening(chain_id=0, genesis_hash="", capital={}, rules_hash="", terms={})
    rules = rules_of()
    book = open_book(opening, PATH_A[0], journal=journal)
    for number in range(UNDO_DEPTH_TICKS + 5):
        seen = PATH_A[min(number, 3)]
        block = replace(
            seen.block, number=number, hash=f"0x{number}", time_s=PATH_A[3].block.time_s + number
        )
        book, _ = run_tick(
            book,
            replace(seen, block=block, events=seen.events if number == 0 else ()),
            rules,
            venue=venue,
            journal=journal,
        )
    assert len(book.steps) == UNDO_DEPTH_TICKS + 1
    with pytest.raises(ReorgTooDeepError):
        undo_after(book, None, journal=journal)
