"""Rates a year and break-evens of a run, against its own last row and against SciPy's root."""

from __future__ import annotations

import math

import pytest
from scipy.optimize import brentq

from bot.core.model_stage import model_world
from bot.core.orders import Fill
from bot.core.sleeves import Sleeve
from bot.core.units import YEAR_S
from bot.edges.memory_store import MemoryStore
from bot.report.reading import Story, read_story
from bot.report.standing import standings
from bot.report.summary import summarise
from bot.report.worth import NONE, UNKNOWN, Worth, worth_of
from bot.runs.replay import replay_world
from tests.builders.runs import POOL, runner_for, storm, storm_rules
from tests.unit.report.story_book import played


@pytest.fixture(scope="module")
def crash() -> Story:
    """Twelve days with a deposit before the crash and a withdrawal after it; two pools."""
    found = read_story(played("crash").rows())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def gone() -> Story:
    """Two stormy days at whose end everything has been withdrawn."""
    journal, scenario = MemoryStore(), storm()
    world = model_world(scenario)
    replay_world(world, runner_for(scenario, storm_rules(), world=world, journal=journal))
    found = read_story(journal.rows())
    assert found is not None
    return found


def test_the_price_is_within_the_band_just_while_the_hedged_position_is_ahead_of_holding(
    crash: Story, gone: Story
) -> None:
    """Tick by tick of both runs, one in seven of the longer: the band and the last row."""
    seen = set()
    for story, every in ((crash, 7), (gone, 1)):
        by_tick = list(standings(story.ticks))
        for at in range(1, len(story.ticks), every):
            worth = worth_of(story.ticks[: at + 1], by_tick[at])
            for pool, standing in by_tick[at].items():
                last, band = story.ticks[at].pools[pool], worth[pool].even
                # To the atom: a price at the very edge may fall either way.
                if last.exposure is None or abs(standing.hedged_vs_hold_atoms) <= 10:
                    continue
                inside = band is not None and band[0] <= last.price <= band[1]
                assert inside == (standing.hedged_vs_hold_atoms > 0)
                seen.add(None if band is None else inside)
    assert seen == {True, False, None}


def root(story: Story, pool: str, *, hedged: bool) -> float:
    """The rate at which all flows and what is there now are worth nothing, carried to the end."""
    rows: list[tuple[int, int]] = []
    last = story.ticks[-1]
    for tick in story.ticks:
        for event in tick.events:
            if event.pool == pool:
                way = -2 if event.kind.value in ("mint", "receive") else 2
                rows.append((tick.time_s, way * event.quote_atoms))
        if hedged:
            rows += [(tick.time_s, cash(trade.fill)) for trade in tick.trades
                     if trade.order.pool == pool and trade.order.sleeve is Sleeve.CORE]  # fmt: skip
    exposure = last.pools[pool].exposure
    assert exposure is not None
    rows.append((last.time_s, exposure.lp_value_atoms))
    if hedged:
        rows += [(last.time_s, hedge.value_atoms or 0) for hedge in last.hedges
                 if hedge.pool == pool]  # fmt: skip

    def worth(rate: float) -> float:
        return math.fsum(a * (1 + rate) ** ((last.time_s - at) / YEAR_S) for at, a in rows)

    found: float = brentq(worth, -0.9999999, 1e4, xtol=1e-12)
    return found


def cash(fill: Fill) -> int:
    return fill.cash_atoms - fill.fee_atoms if fill.is_dealt else 0


def test_the_rates_are_the_roots_of_the_runs_own_flows(crash: Story) -> None:
    for pool, worth in summarise(crash).worth.items():
        assert worth.irr == pytest.approx(root(crash, pool, hedged=False), abs=2e-6)
        assert worth.irr_hedged == pytest.approx(root(crash, pool, hedged=True), abs=2e-6)
    worth = summarise(crash).worth["WETH-USDC"]
    assert worth.irr != worth.irr_hedged  # the other pool was not hedged


def test_a_position_that_is_gone_has_no_band_and_no_rate_and_says_so(gone: Story) -> None:
    summary = summarise(gone)
    worth, spec = summary.worth[POOL], gone.head.spec(POOL)
    assert worth == Worth(
        earned_atoms=worth.earned_atoms, even=None, even_vol=None, irr=None, irr_hedged=None
    )
    assert [figure for _, figure in worth.rows(spec)] == [NONE] * 3 + [UNKNOWN] * 2
    told = worth.to_json(spec)
    assert isinstance(told, dict)
    assert {name for name, value in told.items() if value is None} == {
        "even_low", "even_high", "even_vol", "irr", "irr_hedged",
    }  # fmt: skip


def test_the_json_has_the_band_as_exact_text_rounded_inwards(crash: Story) -> None:
    ticks = crash.ticks[:40]  # before the fall
    *_, standing = standings(ticks)
    spec = crash.head.spec("WETH-USDC")
    worth = worth_of(ticks, standing)["WETH-USDC"]
    assert worth.even is not None
    told = worth.to_json(spec)
    assert isinstance(told, dict)
    for name, exact in zip(("even_low", "even_high"), worth.even, strict=True):
        text = told[name]
        assert isinstance(text, str)
        whole, places = text.split(".")
        assert len(places) == 6
        atoms = int(whole + places)
        off = float(exact * 10**18 - atoms)
        assert -1 < off <= 0 if name == "even_low" else 0 <= off < 1
