"""A recorded run walked again from its snapshots alone: byte for byte, or it says where not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.canonical import canonical_json
from bot.core.errors import BookCorruptError, JournalMismatchError
from bot.core.model_stage import model_world
from bot.core.ports import Row
from bot.core.quotes import SpreadTerms
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.scenario import Scenario
from bot.core.venue import PaperVenue, VenueTerms
from bot.edges.memory_store import MemoryStore
from bot.edges.store import SqliteStore
from bot.runs.replay import replay_journal, replay_world
from bot.runs.runner import Runner
from tests.builders.runs import runner_for, storm, storm_rules

STARTER = Path(__file__).parents[2] / "rules" / "starter.toml"


def recorded(scenario: Scenario, rules: Rules) -> tuple[MemoryStore, Runner]:
    """A whole run's book and its runner."""
    world, journal = model_world(scenario), MemoryStore()
    runner = runner_for(scenario, rules, world=world, journal=journal)
    replay_world(world, runner)
    return journal, runner


STORM, STORM_RUNNER = recorded(storm(), storm_rules())
ROWS = list(STORM.rows())


def replayed(rows: list[Row], runner: Runner = STORM_RUNNER) -> MemoryStore:
    again = MemoryStore()
    replay_journal(rows, runner.rules, venue=runner.venue, journal=again)
    return again


@pytest.mark.parametrize("name", ["calm", "crash", "reorg", "whipsaw"])
def test_a_shipped_scenario_replayed_from_its_journal_is_the_same_book(name: str) -> None:
    """Plans and undos too: the rows' seals and every ledger entry are equal."""
    journal, runner = recorded(load_scenario(name), load_rules(STARTER))
    again = replayed(list(journal.rows()), runner)
    assert list(again.rows()) == list(journal.rows())
    assert list(again.entries()) == list(journal.entries())
    assert again.balances() == journal.balances()


def test_a_replay_counts_the_ticks_and_writes_plans_and_undos_again() -> None:
    again = MemoryStore()
    venue = STORM_RUNNER.venue
    ticks = replay_journal(iter(ROWS), STORM_RUNNER.rules, venue=venue, journal=again)
    assert ticks == sum(row.kind == "record" for row in ROWS)
    assert list(again.rows()) == ROWS


def test_a_record_that_ends_with_a_plan_is_no_mismatch() -> None:
    cut = next(place for place, row in enumerate(ROWS) if row.kind == "plan")
    again = replayed(ROWS[: cut + 1])
    assert list(again.rows()) == ROWS[: cut + 2]


def forged(change: Callable[[dict[str, Any]], None], *, kind: str = "record") -> list[Row]:
    """The storm's rows with one body changed, from a tick that has orders."""
    for place, row in enumerate(ROWS):
        body = read_body(row.body)
        if row.kind == kind and body.get("orders"):
            change(body)
            return [*ROWS[:place], replace(row, body=canonical_json(body)), *ROWS[place + 1 :]]
    raise AssertionError("no such row")


FIRST_ORDER_TICK = next(row.tick for row in ROWS if row.kind == "plan")


def test_a_decision_that_the_rules_do_not_take_is_reported_with_its_tick_and_place() -> None:
    """Bug: a replay wrote the second record and compared it with nothing."""

    def hold(body: dict[str, Any]) -> None:
        body["decisions"][1]["reason"] = "BELOW_ARM"

    with pytest.raises(JournalMismatchError) as caught:
        replayed(forged(hold))
    assert caught.value.operands == {"tick": FIRST_ORDER_TICK, "where": "decisions.1.reason"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda body: body["fills"][0].update(cash="-1"), "fills.0.cash"),
        (lambda body: body["fills"].pop(), "fills"),
        (lambda body: body["orders"][0].update(id="0" * 64), "orders.0.id"),
        (lambda body: body["ledger"].update(hash="0" * 64), "ledger.hash"),
        (lambda body: body["book"]["cash"].update(USDC="0"), "book.cash.USDC"),
        (lambda body: body["views"]["WETH-USDC"]["metrics"].update(il_bps=0.5),
         "views.WETH-USDC.metrics.il_bps"),
        (lambda body: body.update(tick=99), "tick"),
    ],
)  # fmt: skip
def test_every_part_of_a_record_is_compared(
    change: Callable[[dict[str, Any]], None], where: str
) -> None:
    with pytest.raises(JournalMismatchError) as caught:
        replayed(forged(change))
    assert caught.value.operands == {"tick": FIRST_ORDER_TICK, "where": where}


def test_a_forged_plan_is_found_before_its_record() -> None:
    with pytest.raises(JournalMismatchError, match="decisions.0.wanted"):
        replayed(forged(lambda body: body["decisions"][0].update(wanted="idle"), kind="plan"))


def test_a_plan_that_was_never_made_is_a_row_of_another_kind() -> None:
    place = next(i for i, row in enumerate(ROWS) if row.kind == "record")
    with pytest.raises(JournalMismatchError, match="row kind plan against record"):
        replayed([*ROWS[:place], replace(ROWS[place], kind="plan"), *ROWS[place:]])


def test_a_body_in_another_spelling_is_a_difference() -> None:
    (first, second) = ROWS[:2]
    with pytest.raises(JournalMismatchError, match="spelling"):
        replayed([first, replace(second, body=second.body.replace(",", ", ", 1))])


def test_other_rules_are_found_by_the_first_tick_that_they_change() -> None:
    other = replace(STORM_RUNNER, rules=replace(STORM_RUNNER.rules, hash="other"))
    with pytest.raises(JournalMismatchError) as caught:
        replayed(ROWS, other)
    assert caught.value.operands == {"tick": FIRST_ORDER_TICK, "where": "orders.0.hedge_id"}


def test_another_venue_is_found_by_the_first_quote_that_it_changes() -> None:
    assert isinstance(STORM_RUNNER.venue, PaperVenue)
    ((name, terms),) = STORM_RUNNER.venue.terms.pools.items()
    wider = VenueTerms(pools={name: replace(terms, spread=SpreadTerms(half_share=0.3))})
    with pytest.raises(JournalMismatchError) as caught:
        replayed(ROWS, replace(STORM_RUNNER, venue=PaperVenue(wider)))
    assert caught.value.operands["tick"] == FIRST_ORDER_TICK


def test_every_corrupted_byte_of_a_recorded_body_is_detected(tmp_path: Path) -> None:
    """By the row's seal when the book is read, wherever in the body the byte is."""
    book = tmp_path / "book.sqlite"
    with SqliteStore(book, create=True) as store:
        world = model_world(storm())
        replay_world(world, runner_for(storm(), storm_rules(), world=world, journal=store))
    body = ROWS[9].body
    for place in range(0, len(body), max(1, len(body) // 40)):
        changed = body[:place] + chr(ord(body[place]) ^ 1) + body[place + 1 :]
        with sqlite3.connect(book) as db:
            triggers = db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall()
            for (name,) in triggers:
                db.execute(f"DROP TRIGGER {name}")
            db.execute("UPDATE journal SET body = ? WHERE seq = 10", (changed,))
        db.close()
        with (
            SqliteStore(book, create=False, readonly=True) as reader,
            pytest.raises(BookCorruptError, match="row 10"),
        ):
            list(reader.rows())
