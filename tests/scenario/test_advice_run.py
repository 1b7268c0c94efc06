"""Advice in whole runs: recorded when it is due, replayed, booked apart, undone with its blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from bot.core import accounts
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.conditions import Comparison
from bot.core.engine import recover
from bot.core.guard import Guard
from bot.core.market_terms import MarketTerms
from bot.core.model_stage import model_world
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.scenario import Scenario
from bot.core.units import DAY_S
from bot.edges.memory_store import MemoryStore
from bot.report.reading import Story, read_story
from bot.runs.replay import replay_journal, replay_world
from tests.builders.played import require_parity
from tests.builders.runs import HOUR_S, layer, rules_of, runner_for
from tests.builders.scripts import scenario_of

WORLD = """
name = "advised"
title = "A calm pool beside a busier one that moves along"
description = "Fees above losses, a pool whose price is half of the other's, gas that is fed."
seed = 5
start = 2026-03-02T08:00:00Z
step_minutes = 60
days = 6

[tokens]
WETH = 18
USDC = 6
HALF = 18

[[pool]]
name = "WETH-USDC"
reserve_base = 1000
path = [[0, 2000], [2, 2060], [4, 1960], [6, 2050]]
vol = 0.4
turnover_bps_per_day = 1500
owner_share_bps = 1000

[[pool]]
name = "HALF-USDC"
reserve_base = 9000
path = [[0, 0.5], [6, 0.5]]
product_of = ["WETH-USDC"]
vol = 0.02
turnover_bps_per_day = 9000
owner_share_bps = 0
hedged = false

[[feed]]
name = "gas_wei"
points = [[0, "2000000000"], [3, "3000000000"]]

[[feed]]
name = "lend_ppm:USDC"
points = [[0, "40000"]]

[[event]]
kind = "deposit"
day = 1
pool = "WETH-USDC"
share_bps = 100
"""
REORG = '\n[[event]]\nkind = "reorg"\nday = {day}\ndepth = 4\n'
TERMS = AdviceTerms(
    every_s=6 * HOUR_S, kinds=(Kind.RANGE, Kind.TIER, Kind.MIGRATE, Kind.COMPOUND), follow=True,
    cooldown_s=DAY_S, samples=9, sample_s=4 * HOUR_S, payback_s_max=120 * DAY_S,
)  # fmt: skip
MARKET = MarketTerms(half_life_s=12 * HOUR_S, beta_index="WETH-USDC", beta_bars=12)


def advised(**changes: Any) -> Rules:
    return rules_of(layer("guard"), advice=replace(TERMS, **changes), market=MARKET)


def played(rules: Rules, scenario: Scenario | None = None) -> MemoryStore:
    scenario = scenario_of(WORLD) if scenario is None else scenario
    journal, world = MemoryStore(), model_world(scenario)
    runner = runner_for(scenario, rules, world=world, journal=journal)
    replay_world(world, runner)
    journal.check()
    copied = MemoryStore()
    replay_journal(list(journal.rows()), rules, venue=runner.venue, journal=copied)
    assert [row.hash for row in copied.rows()] == [row.hash for row in journal.rows()]
    return journal


def told(journal: MemoryStore) -> Iterator[tuple[int, dict[str, Any]]]:
    """(block time, advice) in the order of the records."""
    for row in journal.rows():
        body = read_body(row.body)
        for advice in body.get("advice", ()):
            yield body["snapshot"]["block"]["time_s"], advice


def story_of(journal: MemoryStore) -> Story:
    story = read_story(journal.rows())
    assert story is not None
    return story


def borne(journal: MemoryStore) -> int:
    """What the ledger says that following has cost."""
    return -journal.balances().get((accounts.ADVICE + ":WETH-USDC", "USDC"), 0)


def test_losses_are_weighed_by_the_larger_of_what_was_and_what_is_asked() -> None:
    """As the record of the tick has both: calm at first, wilder than the venue asks in the fall."""
    storm = WORLD.replace("[4, 1960], [6, 2050]", "[4, 1500], [6, 1900]")
    journal = played(advised(kinds=(Kind.RANGE,)), scenario_of(storm))
    larger = set()
    ticks = {tick.time_s: tick for tick in story_of(journal).ticks}
    for time_s, one in told(journal):
        metrics = ticks[time_s].pools["WETH-USDC"].metrics
        realised, implied = metrics["realised_vol"], metrics["implied_vol"]
        if realised is not None and implied is not None:
            assert one["numbers"]["vol"] == realised
            assert one["numbers"]["weighed_vol"] == max(realised, implied)
            larger.add(realised > implied)
    assert larger == {True, False}


def test_advice_is_recorded_when_it_is_due_one_piece_a_kind() -> None:
    times = defaultdict(list)
    for time_s, advice in told(played(advised())):
        times[advice["kind"]].append(time_s)
    assert set(times) == {"range", "tier", "migrate", "compound"}
    for stamps in times.values():
        gaps = [b - a for a, b in pairwise(stamps)]
        assert set(gaps) == {6 * HOUR_S}


def test_capital_goes_to_the_busier_pool_that_moves_along() -> None:
    journal = played(advised(kinds=(Kind.MIGRATE,)))
    done = [advice for _, advice in told(journal) if advice["why"] == "FOLLOWED"]
    assert [(one["action"], one["target"]) for one in done] == [("migrate", "HALF-USDC")]
    assert done[0]["numbers"]["correlation"] > 0.9
    papers = story_of(journal).ticks[-1].papers
    assert papers["WETH-USDC"].pool == "HALF-USDC"
    assert papers["WETH-USDC"].moves == 1


def test_what_following_costs_is_booked_apart_and_to_the_atom() -> None:
    journal = played(advised())
    done = [advice for _, advice in told(journal) if advice["why"] == "FOLLOWED"]
    costs = sum(int(one["gas"]) + int(one["fee"]) + int(one["slippage"]) for one in done)
    assert {one["kind"] for one in done} >= {"range", "compound"}
    assert borne(journal) == costs == story_of(journal).ticks[-1].papers["WETH-USDC"].costs_atoms
    booked = [entry for entry in journal.entries() if entry.kind == "advice"]
    assert len(booked) == len(done)
    touched = {posting.account for entry in booked for posting in entry.postings}
    prefixes = {":".join(account.split(":")[:2]) for account in touched}
    assert prefixes <= {
        accounts.ADVICE, accounts.ADVICE_GAS, accounts.ADVICE_FEES, accounts.ADVICE_SLIPPAGE
    }  # fmt: skip


def test_gas_is_the_fed_price_at_the_pools_own_rate() -> None:
    """400,000 units at 2 gwei are 8e14 wei, at about 2,000 dollars 1.6; two transactions."""
    journal = played(advised(kinds=(Kind.RANGE,)))
    story = story_of(journal)
    spots = {tick.time_s: tick.pools["WETH-USDC"].price for tick in story.ticks}
    seen = 0
    for time_s, advice in told(journal):
        if advice["gas"] != "0":
            wei = 2 * 400_000 * (2 if time_s < spots_start(story) + 3 * DAY_S else 3) * 10**9
            assert abs(int(advice["gas"]) - wei * spots[time_s]) <= 2
            seen += 1
    assert seen > 10


def spots_start(story: Story) -> int:
    return story.ticks[0].time_s


def test_nothing_else_of_the_book_knows_of_the_advice() -> None:
    """The same run without [advice]: every other entry has the same postings, in the same order."""
    plain = rules_of(layer("guard"), market=MARKET)
    ours = [e for e in played(advised()).entries() if e.kind != "advice"]
    theirs = played(plain).entries()
    assert [(e.kind, e.postings) for e in ours] == [(e.kind, e.postings) for e in theirs]
    record = read_body(list(played(plain).rows())[-1].body)
    assert "advice" not in record
    assert "advice" not in record["book"]


def test_advice_that_is_not_followed_books_nothing_and_has_no_paper_position() -> None:
    journal = played(advised(follow=False))
    assert "PAYS" in {advice["why"] for _, advice in told(journal)}
    assert "FOLLOWED" not in {advice["why"] for _, advice in told(journal)}
    assert borne(journal) == 0
    assert all(not tick.papers for tick in story_of(journal).ticks)


@pytest.mark.parametrize("follow", [True, False])
def test_advice_does_not_flap(follow: bool) -> None:
    """What is given changes no sooner than the cooldown, fees put back apart."""
    last: tuple[int, str] | None = None
    for time_s, advice in told(played(advised(follow=follow))):
        if advice["why"] not in ("PAYS", "FOLLOWED") or advice["kind"] == "compound":
            continue
        key = f"{advice['action']} {advice['target']}"
        if last is not None and key != last[1]:
            assert time_s - last[0] >= DAY_S
        if last is None or key != last[1]:
            last = (time_s, key)
    assert last is not None


def test_the_paper_position_stands_beside_the_same_capital_left_alone() -> None:
    """Before the deposit, alone is the real position; after it, what that would be without it."""
    story = story_of(played(advised(kinds=(Kind.TIER,), gain_bps_min=10_000)))
    for tick in story.ticks:
        paper, seen = tick.papers.get("WETH-USDC"), tick.pools["WETH-USDC"]
        if paper is None or seen.exposure is None:
            continue
        assert paper.value_atoms == pytest.approx(paper.alone_atoms, rel=1e-9)
        if tick.time_s < spots_start(story) + DAY_S:
            assert paper.alone_atoms == pytest.approx(seen.exposure.lp_value_atoms, abs=3)
        else:
            assert paper.alone_atoms < 0.95 * seen.exposure.lp_value_atoms


def test_a_core_that_is_too_large_is_taken_back_into_its_band_and_stays_there() -> None:
    """A scenario's paper cash is a tenth of the position: the core is 91 % of the capital."""
    journal = played(advised(kinds=(Kind.RESIZE,), payback_s_max=3_650 * DAY_S))
    found = [advice for _, advice in told(journal)]
    assert found[0]["why"] == "UNKNOWN"
    done = [one for one in found if one["why"] == "FOLLOWED"]
    assert done
    assert done[0]["action"] == "shrink"
    assert 8_900 < int(done[0]["numbers"]["core_bps"]) < 9_200
    after = found[found.index(done[0]) + 1]
    assert int(after["numbers"]["core_bps"]) < 7_100
    paper = story_of(journal).ticks[-1].papers["WETH-USDC"]
    assert paper.moved_atoms < 0
    assert paper.alone_atoms + paper.gain_atoms == paper.value_atoms - paper.moved_atoms


def test_a_reorg_takes_back_what_was_followed_in_it() -> None:
    """The ledger bears what the paper position has paid, whichever blocks were replaced."""
    undone = 0
    for day in (0.875, 1.625, 1.875, 3.375):
        journal = played(advised(), scenario_of(WORLD + REORG.format(day=day)))
        paper = story_of(journal).ticks[-1].papers["WETH-USDC"]
        assert borne(journal) == paper.costs_atoms
        undone += sum(
            entry.kind == "reversal" and any("Advice" in p.account for p in entry.postings)
            for entry in journal.entries()
        )
    assert undone > 0


def test_a_book_that_is_opened_again_remembers_what_was_said_and_done() -> None:
    rules = advised()
    scenario, journal = scenario_of(WORLD), MemoryStore()
    world = model_world(scenario)
    runner = runner_for(scenario, rules, world=world, journal=journal)
    replay_world(world, runner)
    found = recover(journal, rules, venue=runner.venue).state.pools["WETH-USDC"].advice
    assert found.paper is not None
    assert found.said.given.since_s is not None
    assert found.others.keys() == {"HALF-USDC"}
    assert runner.book is not None
    assert found == runner.book.state.pools["WETH-USDC"].advice


def test_a_tick_that_died_between_plan_and_record_follows_the_advice_that_was_planned() -> None:
    """Killed right behind each durable plan with advice in it: the next start writes the very row
    that the whole run wrote."""
    rules = rules_of(
        layer("guard", tenor_s=DAY_S, arm=Comparison(metric="move_sigma_abs", above=0.02),
              disarm=Comparison(metric="move_sigma_abs", below=0.01), cooldown_s=HOUR_S),
        advice=replace(TERMS, every_s=HOUR_S, confirmations=1), market=MARKET,
    )  # fmt: skip
    whole = played(rules)
    rows, entries = list(whole.rows()), list(whole.entries())
    planned = [
        place
        for place, row in enumerate(rows)
        if row.kind == "plan"
        and any(one["why"] == "FOLLOWED" for one in read_body(row.body).get("advice", ()))
    ]
    assert planned
    scenario = scenario_of(WORLD)
    for place in planned:
        cut, booked = MemoryStore(), 0
        for row in rows[: place + 1]:
            upto = booked
            if row.kind == "record":
                upto = read_body(row.body)["ledger"]["seq"]
            elif row.kind == "open":
                upto = sum(entry.tick == 0 for entry in entries)
            cut.append(
                kind=row.kind, tick=row.tick, body=row.body, entries=tuple(entries[booked:upto])
            )
            booked = upto
        runner = runner_for(scenario, rules, world=model_world(scenario), journal=cut)
        recover(cut, rules, venue=runner.venue)
        assert list(cut.rows())[-1].hash == rows[place + 1].hash


def test_a_doubted_price_is_not_weighed() -> None:
    """With the guard on nothing is said in its warm-up; the weighing stays due and comes after."""
    rules = replace(advised(), guard=Guard(block_age_s_max=2 * HOUR_S))
    first = next(told(played(rules)))[0]
    assert first - scenario_of(WORLD).start_s >= 3 * HOUR_S


@pytest.mark.fork
def test_advice_is_the_same_on_anvil_and_on_the_model() -> None:
    short = WORLD.replace("days = 6", "days = 3").replace(", [4, 1960], [6, 2050]", ", [3, 2000]")
    short = short.replace("[6, 0.5]", "[3, 0.5]").replace(', [3, "3000000000"]', "")
    require_parity(scenario_of(short), advised(), "anvil")
