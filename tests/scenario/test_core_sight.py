"""The plain numbers that a position is weighed by, against the record of the tick and the pools."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import log

import pytest

from bot.core.advice_memory import place_of
from bot.core.advice_terms import Kind
from bot.core.core_position import CorePosition
from bot.core.core_sight import core_position, gas_atoms
from bot.core.engine import recover
from bot.core.model_stage import model_world
from bot.core.record import decode_snapshot, read_body
from bot.core.rules import Rules
from bot.core.sight import Sight, look
from bot.core.snapshot import PoolSpec
from bot.core.state import BookState
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_world
from tests.builders.runs import HOUR_S, runner_for
from tests.builders.scripts import scenario_of
from tests.scenario.test_advice_faults import cut_behind
from tests.scenario.test_advice_run import WORLD, advised


def last_sight(rules: Rules, world_text: str = WORLD) -> tuple[BookState, Sight]:
    """The book before its last tick, and what that tick saw."""
    scenario, journal = scenario_of(world_text), MemoryStore()
    world = model_world(scenario)
    runner = runner_for(scenario, rules, world=world, journal=journal)
    replay_world(world, runner)
    rows = list(journal.rows())
    kept = [row for row in rows if row.kind != "plan" or row.tick < rows[-1].tick][:-1]
    state = recover(cut_behind(kept, journal), rules, venue=runner.venue).state
    seen = decode_snapshot(read_body(rows[-1].body)["snapshot"], state.specs, state.snapshot)
    return state, look(state, seen, rules, runner.venue)


def position(state: BookState, sight: Sight, rules: Rules, **memory: object) -> CorePosition:
    books = dict(sight.books)
    book = books["WETH-USDC"]
    books["WETH-USDC"] = replace(book, advice=replace(book.advice, **memory))
    terms = rules.advice
    assert terms is not None
    seen = replace(sight, books=books)
    found = core_position(state, seen, sight.views["WETH-USDC"], rules, terms)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def gone() -> tuple[Rules, BookState, Sight]:
    """A paper position that has gone to the other pool."""
    rules = advised(kinds=(Kind.MIGRATE,), samples=9, sample_s=4 * HOUR_S)
    return rules, *last_sight(rules)


def test_the_real_position_is_weighed_without_itself(gone: tuple[Rules, BookState, Sight]) -> None:
    """Depth, and others' part of the pool: the chain's claim taken off the reserves."""
    rules, state, sight = gone
    found = position(state, sight, rules, paper=None)
    exposure = sight.views["WETH-USDC"].exposure
    assert exposure is not None
    place = place_of("WETH-USDC", sight.snapshot)
    spec, pool = sight.snapshot.specs[place], sight.snapshot.pools[place]
    base, quote = pool.reserves(spec)
    assert found.value_atoms == exposure.lp_value_atoms
    assert (found.depth.base_atoms, found.depth.quote_atoms) == (
        base - exposure.claim_base_atoms, quote - exposure.claim_quote_atoms
    )  # fmt: skip
    assert found.pool_atoms == 2 * quote
    assert found.others_atoms == 2 * quote - exposure.lp_value_atoms
    assert found.price == pytest.approx(float(Fraction(quote, base)) * 10**12)
    (other,) = found.others
    assert other.pool == "HALF-USDC"


def test_another_pool_is_weighed_by_the_own_outlook_and_how_much_more_it_moves(
    gone: tuple[Rules, BookState, Sight],
) -> None:
    """The ratio of root mean squares of the remembered pairs, by fractions."""
    rules, state, sight = gone
    found = position(state, sight, rules, paper=None)
    pairs = sight.books["WETH-USDC"].advice.others["HALF-USDC"].pairs.returns
    squares = [sum(one * one for one in side) for side in zip(*pairs, strict=True)]
    ratio = float(Fraction(squares[1], squares[0])) ** 0.5
    assert abs(log(ratio)) > 0.01
    (other,) = found.others
    assert found.weighed_vol is not None
    assert found.vol is not None
    assert other.weighed_vol == pytest.approx(found.weighed_vol * ratio, abs=1e-6)
    assert other.vol == pytest.approx(found.vol * ratio, abs=1e-6)


def test_from_elsewhere_home_is_the_only_way_and_always_near(
    gone: tuple[Rules, BookState, Sight],
) -> None:
    """All of the pool there is others'; ends of a range are told over the price there."""
    rules, state, sight = gone
    paper = sight.books["WETH-USDC"].advice.paper
    assert paper is not None
    assert paper.pool == "HALF-USDC"
    place = place_of("HALF-USDC", sight.snapshot)
    spec, pool = sight.snapshot.specs[place], sight.snapshot.pools[place]
    price = pool.reserves(spec)[1] / pool.reserves(spec)[0]
    ranged = replace(paper, lower=price / 2, upper=price * 3, idle=5e9)
    found = position(state, sight, rules, paper=ranged)
    assert (found.lower, found.upper) == pytest.approx((0.5, 3.0))
    assert (found.idle_atoms, found.compounds) == (5 * 10**9, False)
    assert found.others_atoms == found.pool_atoms == 2 * pool.reserves(spec)[1]
    assert found.depth.quote_atoms == pool.reserves(spec)[1]
    (home,) = found.others
    assert (home.pool, home.correlation, home.is_trusted) == ("WETH-USDC", 1.0, True)
    here = position(state, sight, rules, paper=None)
    assert home.depth == here.depth
    assert home.weighed_vol == here.weighed_vol
    assert found.vol == here.others[0].vol


def test_gas_is_told_in_quote_atoms_at_the_pools_own_rate_rounded_up(
    gone: tuple[Rules, BookState, Sight],
) -> None:
    """3 gwei as fed, 400,000 units: 1.2e15 wei of a token of 18 decimals, or 120,000 atoms of one
    of 8; the pool may have it on either side, or none may, and then it has no price."""
    rules, _, sight = gone
    terms, seen = rules.advice, sight.snapshot
    assert terms is not None
    place = place_of("WETH-USDC", seen)
    spec, pool = seen.specs[place], seen.pools[place]
    base, quote = pool.reserves(spec)
    paid = seen.feeds["gas_wei"] * terms.gas_units
    assert paid == 1_200_000_000_000_000

    def told(changed: PoolSpec, home: PoolSpec = spec) -> int | None:
        specs = tuple(changed if one is spec else one for one in seen.specs)
        return gas_atoms(replace(seen, specs=specs), home, terms)

    assert told(spec) == -(-paid * quote // base)
    coarse = replace(spec, base=replace(spec.base, decimals=8))
    assert told(coarse) == -(-120_000 * quote // base)
    turned = replace(
        spec, base=spec.quote, quote=replace(spec.base, decimals=8),
        base_is_token0=not spec.base_is_token0,
    )  # fmt: skip
    assert told(turned) == -(-120_000 * quote // base)
    assert told(replace(spec, base=replace(spec.base, symbol="ELSE"))) is None
    in_gas = replace(spec, quote=replace(spec.quote, symbol="WETH", decimals=8))
    assert told(replace(spec, base=replace(spec.base, symbol="ELSE")), in_gas) == 120_000
    assert gas_atoms(replace(seen, feeds={}), spec, replace(terms, gas_wei=None)) is None
