"""Advice where something goes wrong: a price bent elsewhere, a kill at any row, moves of owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.core import accounts
from bot.core.advice_terms import Kind
from bot.core.conditions import Comparison
from bot.core.engine import ancestor_of, recover, run_tick, undo_after
from bot.core.guard import Guard
from bot.core.model_stage import model_world
from bot.core.ports import Row
from bot.core.record import decode_snapshot, read_body
from bot.core.rules import Rules
from bot.core.scenario import PushCue, Scenario
from bot.core.units import DAY_S
from bot.edges.memory_store import MemoryStore
from tests.builders.runs import HOUR_S, layer, rules_of, runner_for
from tests.builders.scripts import scenario_of
from tests.scenario.test_advice_run import (
    MARKET,
    REORG,
    TERMS,
    WORLD,
    advised,
    borne,
    played,
    story_of,
    told,
)

GUARD = Guard(block_age_s_max=2 * HOUR_S)
OWNER = """
[[event]]
kind = "deposit"
day = 2
pool = "WETH-USDC"
share_bps = 200

[[event]]
kind = "withdraw"
day = 2.25
pool = "WETH-USDC"
share_bps = 3000

[[event]]
kind = "send"
day = 2.5
pool = "WETH-USDC"
share_bps = 1000

[[event]]
kind = "withdraw" # all of it
day = 4
pool = "WETH-USDC"
share_bps = 10000
"""


def followed(journal: MemoryStore) -> list[tuple[int, dict[str, Any]]]:
    return [(time_s, one) for time_s, one in told(journal) if one["why"] == "FOLLOWED"]


def pushed(step: int, move_bps: int) -> Scenario:
    """The world with the other pool's price bent for the one block of this step."""
    plain = scenario_of(WORLD)
    cue = PushCue(step=step, pool="HALF-USDC", move_bps=move_bps, blocks=1)
    return replace(plain, cues=(*plain.cues, cue))


def step_of(time_s: int) -> int:
    plain = scenario_of(WORLD)
    return (time_s - plain.start_s) // plain.step_s


@pytest.mark.parametrize("move", [-2_500, 2_500])
def test_capital_is_not_sent_to_a_pool_whose_price_somebody_bends(move: int) -> None:
    """Pushed by a quarter on the very tick of the advice. Without the guard it goes there at the
    bent price; with it, not before the price is what it was."""
    bare = advised(kinds=(Kind.MIGRATE,))
    rules = replace(bare, guard=GUARD)
    when, fair = followed(played(rules))[0]
    assert fair["target"] == "HALF-USDC"
    held = played(rules, pushed(step_of(when), move))
    (there,) = [one for time_s, one in told(held) if time_s == when]
    assert (there["action"], there["why"]) == ("keep", "DOUBTED")
    assert all(time_s > when for time_s, _ in followed(held))
    papers = {tick.time_s: tick.papers for tick in story_of(held).ticks}
    assert papers[when]["WETH-USDC"].pool == "WETH-USDC"
    first = followed(played(bare))[0][0]
    assert followed(played(bare, pushed(step_of(first), move)))[0][0] == first


def test_a_position_that_went_elsewhere_is_not_weighed_at_a_bent_price() -> None:
    """Gone on the third day; later its pool is pushed for one block: nothing is said on that tick,
    and it stays due until the average of half an hour is itself too."""
    rules = replace(advised(kinds=(Kind.MIGRATE,)), guard=GUARD)
    plain = played(rules)
    gone = followed(plain)[0][0]
    when = next(time_s for time_s, _ in told(plain) if time_s > gone + DAY_S)
    times = {time_s for time_s, _ in told(played(rules, pushed(step_of(when), 2_500)))}
    assert when not in times
    assert any(when < time_s <= when + 3 * HOUR_S for time_s in times)


def eager() -> Rules:
    """Something to follow every hour, and hedges, so that there are plans and records."""
    return rules_of(
        layer("guard", tenor_s=DAY_S, arm=Comparison(metric="move_sigma_abs", above=0.02),
              disarm=Comparison(metric="move_sigma_abs", below=0.01), cooldown_s=HOUR_S),
        advice=replace(TERMS, every_s=2 * HOUR_S, confirmations=1, cooldown_s=0), market=MARKET,
    )  # fmt: skip


def cut_behind(rows: Sequence[Row], journal: MemoryStore) -> MemoryStore:
    """A store with these rows and the entries that were written with them."""
    cut, booked, entries = MemoryStore(), 0, list(journal.entries())
    for row in rows:
        upto = booked
        if row.kind in ("record", "undo"):
            upto = read_body(row.body)["ledger"]["seq"]
        elif row.kind == "open":
            upto = sum(entry.tick == 0 for entry in entries)
        cut.append(kind=row.kind, tick=row.tick, body=row.body, entries=entries[booked:upto])
        booked = upto
    return cut


def test_a_book_killed_at_any_row_and_opened_again_ends_in_the_same_bytes() -> None:
    """Deposits, withdrawals and a transfer on ticks with advice, and a reorg over some of it."""
    moves, _, _ = OWNER.partition('\n[[event]]\nkind = "withdraw" # all')
    scenario = scenario_of(WORLD + moves + REORG.format(day=2.125))
    rules = eager()
    journal, world = MemoryStore(), model_world(scenario)
    runner = runner_for(scenario, rules, world=world, journal=journal)
    runner.tick()
    for step in range(1, world.steps_count + 1):
        world.step(step)
        runner.tick()
    rows = list(journal.rows())
    assert {"plan", "record", "undo"} <= {row.kind for row in rows}
    with_advice = [
        place
        for place, row in enumerate(rows)
        if any(one["why"] == "FOLLOWED" for one in read_body(row.body).get("advice", ()))
    ]
    assert {rows[place].kind for place in with_advice} == {"plan", "record"}
    for place in with_advice[::3]:
        book_rows = rows[: place + 1]
        cut = cut_behind(book_rows, journal)
        book = recover(cut, rules, venue=runner.venue)
        done = list(cut.rows())
        for row in rows[len(done) :]:
            if len(list(cut.rows())) > row.seq - rows[0].seq:
                continue  # the record of a plan that was just written
            body = read_body(row.body)
            if row.kind == "undo":
                book = undo_after(book, ancestor_of(book, body), journal=cut)[0]
                continue
            seen = decode_snapshot(body["snapshot"], book.state.specs, book.state.snapshot)
            book = run_tick(book, seen, rules, venue=runner.venue, journal=cut)[0]
        cut.check()
        assert list(cut.rows())[-1].hash == rows[-1].hash
        assert cut.balances() == journal.balances()


@pytest.mark.parametrize("kinds", [tuple(Kind), (Kind.RANGE, Kind.COMPOUND)])
def test_the_books_of_following_are_exact_whatever_the_owner_does(kinds: tuple[Kind, ...]) -> None:
    """Entries sum to nothing, no cost is negative, and the ledger bears what the paper position has
    paid: on ticks with a deposit, a withdrawal, a transfer, and after all has been withdrawn."""
    rules = advised(kinds=kinds, every_s=2 * HOUR_S, confirmations=1, cooldown_s=6 * HOUR_S)
    journal = played(rules, scenario_of(WORLD + OWNER))
    ticks = story_of(journal).ticks
    moved = {tick.time_s for tick in ticks if tick.events}
    assert len(moved) == 6
    assert moved & {time_s for time_s, _ in told(journal)}
    booked = [entry for entry in journal.entries() if entry.kind == "advice"]
    assert booked
    for entry in booked:
        sums: dict[str, int] = {}
        for posting in entry.postings:
            sums[posting.currency] = sums.get(posting.currency, 0) + posting.atoms
            assert (posting.atoms > 0) == posting.account.startswith("Expenses:")
        assert not any(sums.values())
    assert borne(journal) == ticks[-1].papers["WETH-USDC"].costs_atoms
    last = ticks[-1].pools["WETH-USDC"].exposure
    assert last is None
    assert not [
        one for time_s, one in told(journal) if time_s > scenario_of(WORLD).start_s + 4 * DAY_S
    ]


TWO_HEDGED = WORLD.replace("hedged = false", "").replace(
    "owner_share_bps = 0", "owner_share_bps = 1000"
)


def test_two_positions_that_are_too_large_shrink_to_the_band_together_and_no_further() -> None:
    """Each takes its part of the change, and sees what the other has taken: the core ends at the
    upper end of its band, where it was left at a half when each saw only itself."""
    rules = advised(kinds=(Kind.RESIZE,), payback_s_max=3_650 * DAY_S, confirmations=1)
    journal = played(rules, scenario_of(TWO_HEDGED))
    done = followed(journal)
    assert {one["pool"] for _, one in done} == {"WETH-USDC", "HALF-USDC"}
    last = story_of(journal).ticks[-1]
    core = sum(paper.value_atoms for paper in last.papers.values())
    moved = sum(paper.moved_atoms for paper in last.papers.values())
    share = core / (core + last.money.cash["USDC"] - moved)
    assert 0.58 < share < 0.72
    assert accounts.ADVICE + ":HALF-USDC" in {
        posting.account for entry in journal.entries() for posting in entry.postings
    }
