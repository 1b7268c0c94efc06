"""The paper position against the real one, and against fees that swaps really paid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import isqrt

import pytest

from bot.config.scenario_file import load_scenario
from bot.core.advice import Action, Advice, Cost, Why
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.model_stage import model_world
from bot.core.paper_position import PaperPosition, earned, followed, opened, price_of
from bot.core.pool_economics import tier_rates
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.ticks import range_amounts_down

TERMS = AdviceTerms()
USD = 10**6


@pytest.fixture(scope="module")
def walk() -> tuple[PoolSpec, list[PoolState]]:
    """The ether pool of the calm scenario: no deposit by anybody, noise and arbitrage."""
    world = model_world(load_scenario("calm"))
    states = [world.source.read().pools[0]]
    for step in range(1, world.steps_count + 1):
        world.step(step)
        states.append(world.source.read().pools[0])
    return world.specs[0], states


def pairs(states: list[PoolState]) -> Iterator[tuple[PoolState, PoolState]]:
    return itertools.pairwise(states)


def advice(action: Action, target: str, *, cost: int = 0, kind: Kind = Kind.RANGE) -> Advice:
    return Advice(
        pool="WETH-USDC", kind=kind, action=action, why=Why.FOLLOWED, target=target,
        cost=Cost(gas_atoms=cost), numbers={"fee_yield": 0.12, "vol": 0.6},
    )  # fmt: skip


def test_left_alone_it_is_what_the_real_position_would_be(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    """To 1e-9 of it: its liquidity is kept in 12 digits. Value by LP tokens is the oracle."""
    spec, states = walk
    paper = opened(spec, states[0], value_atoms=100_000 * USD)
    for before, after in pairs(states):
        paper = earned(paper, spec, before, after, is_home=True)
    alone = paper.alone_atoms(spec, states[-1])
    lp = [2 * state.reserves(spec)[1] / state.total_supply for state in (states[0], states[-1])]
    assert alone == pytest.approx(100_000 * USD * lp[1] / lp[0], abs=1)
    assert paper.value_atoms(price_of(spec, states[-1])) == pytest.approx(alone, rel=1e-9)
    assert paper.fees > 0
    assert paper.gain_atoms(price_of(spec, states[-1]), alone_atoms=alone) == pytest.approx(
        0, abs=1e-9 * alone
    )


def test_a_range_that_is_nearly_everything_is_paid_what_lp_tokens_are(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    """In the real position's place; idle fees against the growth of root k per LP token."""
    spec, states = walk
    share = states[0].lp_balance / states[0].total_supply
    value = round(2 * states[0].reserves(spec)[1] * share)
    start = opened(spec, states[0], value_atoms=value)
    price = price_of(spec, states[0])
    paper = replace(start, lower=price / 1e8, upper=price * 1e8)
    fees = 0.0
    for before, after in pairs(states):
        roots = [isqrt(one.reserve0 * one.reserve1 << 128) for one in (before, after)]
        grown = roots[1] * before.total_supply / (roots[0] * after.total_supply) - 1
        fees += grown * 2 * start.liquidity * price_of(spec, after) ** 0.5
        paper = earned(paper, spec, before, after, is_home=True)
    assert paper.liquidity == start.liquidity
    # Fees that lie idle earn none: compounding is the second order of them.
    assert paper.idle == pytest.approx(fees, rel=2e-2)
    assert paper.idle == paper.fees


def test_out_of_its_range_it_is_paid_nothing_and_is_of_one_token(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    spec, states = walk
    price = price_of(spec, states[0])
    paper = replace(opened(spec, states[0], value_atoms=USD), lower=price * 1.5, upper=price * 2.0)
    for before, after in pairs(states):
        assert earned(paper, spec, before, after, is_home=True) is paper
    assert paper.base_share(price) == 1.0
    below = replace(paper, lower=price / 2.0, upper=price / 1.5)
    assert below.base_share(price) == 0.0


def test_a_narrow_range_shares_the_fees_with_the_liquidity_it_adds(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    """Two positions of one and a thousand parts: each is paid by its share of all that works."""
    spec, states = walk
    price = price_of(spec, states[0])
    pool = isqrt(states[1].reserve0 * states[1].reserve1)
    others = pool * (states[1].total_supply - states[1].lp_balance) / states[1].total_supply
    paid = []
    for liquidity in (pool / 1_000, pool * 1.0):
        paper = PaperPosition(
            pool=spec.name, start_atoms=1, start_lp=opened(spec, states[0], value_atoms=1).start_lp,
            liquidity=liquidity, fee_bps=30, lower=price * 0.5, upper=price * 2,
        )  # fmt: skip
        paid.append(earned(paper, spec, states[0], states[1], is_home=True).idle / liquidity)
    assert paid[0] / paid[1] == pytest.approx((others + pool) / (others + pool / 1_000), rel=1e-9)


@pytest.mark.parametrize("moved", [0.7, 0.85, 1.0, 1.2, 1.4])
def test_a_range_is_made_of_what_v3_would_pay_out(
    moved: float, walk: tuple[PoolSpec, list[PoolState]]
) -> None:
    """Oracle: the integers of a burn at the ticks nearest to +-25 %, the price inside, and beyond
    either end. Token0 is base, atoms as the pool has them."""
    spec, states = walk
    price = price_of(spec, states[0])
    put = followed(
        opened(spec, states[0], value_atoms=10**12), advice(Action.NARROW, "2500"), TERMS,
        price=price, home=spec,
    )  # fmt: skip
    ticks = [round(math.log(end, 1.0001)) for end in (put.lower, put.upper)]
    at = price * moved
    root = math.isqrt(int(Fraction(at) * 2**192))
    liquidity = int(put.liquidity * 10**6)
    base, quote = range_amounts_down(
        root, lower_tick=ticks[0], upper_tick=ticks[1], liquidity=liquidity
    )
    value = (base * Fraction(at) + quote) / 10**6
    assert put.value_atoms(at) == pytest.approx(float(value), rel=2e-4)
    assert put.base_share(at) == pytest.approx(float(base * Fraction(at) / 10**6 / value), abs=2e-3)


@pytest.mark.parametrize(
    ("action", "target"),
    [(Action.RECENTRE, "2500"), (Action.NARROW, "2500"), (Action.WIDEN, "full")],
)
def test_a_move_costs_what_it_costs_and_nothing_else(
    action: Action, target: str, walk: tuple[PoolSpec, list[PoolState]]
) -> None:
    spec, states = walk
    price = price_of(spec, states[0])
    paper = replace(opened(spec, states[0], value_atoms=10**12), idle=5e9)
    after = followed(paper, advice(action, target, cost=7 * USD), TERMS, price=price, home=spec)
    assert after.value_atoms(price) == pytest.approx(10**12 + 5 * 10**9 - 7 * USD, rel=1e-11)
    assert (after.idle, after.costs_atoms, after.moves) == (0.0, 7 * USD, 1)
    if target == "full":
        assert after.is_full
    else:
        assert after.lower == pytest.approx(price / 1.25)
        assert after.upper == pytest.approx(price * 1.25)
        assert after.base_share(price) == pytest.approx(0.5)


def test_what_moves_have_cost_adds_up(walk: tuple[PoolSpec, list[PoolState]]) -> None:
    spec, states = walk
    price = price_of(spec, states[0])
    paper = opened(spec, states[0], value_atoms=10**12)
    for cost in (7, 5):
        done = advice(Action.NARROW, "2500", cost=cost * USD)
        paper = followed(paper, done, TERMS, price=price, home=spec)
    assert (paper.costs_atoms, paper.moves) == (12 * USD, 2)


def test_capital_put_in_or_taken_out_is_no_gain(walk: tuple[PoolSpec, list[PoolState]]) -> None:
    spec, states = walk
    price = price_of(spec, states[0])
    paper = opened(spec, states[0], value_atoms=10**12)
    alone = paper.alone_atoms(spec, states[0])
    for action, sign in ((Action.GROW, 1), (Action.SHRINK, -1)):
        moved = followed(
            paper, advice(action, str(10**11), cost=3 * USD, kind=Kind.RESIZE), TERMS,
            price=price, home=spec,
        )  # fmt: skip
        assert moved.moved_atoms == sign * 10**11
        assert moved.gain_atoms(price, alone_atoms=alone) == pytest.approx(-3 * USD, abs=10)


def test_in_another_tier_it_is_paid_by_the_figures_that_were_recorded(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    spec, states = walk
    price = price_of(spec, states[0])
    paper = opened(spec, states[0], value_atoms=10**12)
    moved = followed(
        paper, advice(Action.MOVE_TIER, "100", kind=Kind.TIER), TERMS, price=price, home=spec
    )
    fees, _ = tier_rates(
        fee_yield=0.12, vol=0.6, fee_bps=30, other_bps=100, elasticity=1.0, block_s=12.0
    )
    assert moved.fee_factor == pytest.approx(fees / 0.12)
    assert not moved.compounds_in(spec)
    there = earned(moved, spec, states[0], states[1], is_home=True)
    here = earned(replace(moved, fee_factor=1.0), spec, states[0], states[1], is_home=True)
    assert there.idle == pytest.approx(here.idle * fees / 0.12)


def test_in_another_pool_it_is_that_pools_lp_tokens(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    spec, states = walk
    price = price_of(spec, states[0])
    away = replace(spec, name="LINK-USDC")
    moved = followed(
        opened(spec, states[0], value_atoms=10**12), advice(Action.MIGRATE, "LINK-USDC"), TERMS,
        price=price, home=spec, target=(away, 4 * price),
    )  # fmt: skip
    assert moved.pool == "LINK-USDC"
    assert moved.compounds_in(away)
    ranged = replace(moved, fee_factor=0.9, fee_bps=100, lower=price / 2, upper=price * 2)
    back = followed(
        ranged, advice(Action.MIGRATE, "WETH-USDC"), TERMS, price=price, home=away,
        target=(spec, price),
    )  # fmt: skip
    assert (back.fee_factor, back.is_full, back.compounds_in(spec)) == (1.0, True, True)
    assert moved.value_atoms(4 * price) == pytest.approx(10**12, rel=1e-11)


def test_capital_that_came_from_elsewhere_shares_the_fees_of_the_pool_it_came_to(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    """As much again as lies in the pool is paid half of what an LP token was; the owner's own LP
    tokens there are others'. At home the position is the real one, and nothing is shared twice."""
    spec, states = walk
    before, after = states[0], states[1]
    whole = isqrt(before.reserve0 * before.reserve1)
    value = round(2 * before.reserves(spec)[1])
    paper = opened(spec, before, value_atoms=value)
    assert paper.liquidity == pytest.approx(whole, rel=1e-9)
    away = earned(replace(paper, pool="LINK-USDC"), spec, before, after, is_home=False)
    grown = earned(paper, spec, before, after, is_home=False).liquidity / paper.liquidity - 1
    lp = isqrt(after.reserve0 * after.reserve1 << 64) / isqrt(
        before.reserve0 * before.reserve1 << 64
    )
    assert after.total_supply == before.total_supply
    assert grown == pytest.approx((lp - 1) / 2, rel=1e-3)
    assert away.fees == pytest.approx(paper.liquidity * grown * 2 * price_of(spec, after) ** 0.5)
    ranged = replace(paper, lower=price_of(spec, before) / 1e8, upper=price_of(spec, before) * 1e8)
    there = earned(ranged, spec, before, after, is_home=False)
    assert there.idle == pytest.approx(away.fees, rel=1e-3)


def test_a_position_that_grew_at_home_shares_the_fees_with_what_it_put_in(
    walk: tuple[PoolSpec, list[PoolState]],
) -> None:
    """Twice the real one: the pool would have held one position more than the LP tokens saw."""
    spec, states = walk
    before, after = states[0], states[1]
    share = Fraction(before.lp_balance, before.total_supply)
    start = opened(spec, before, value_atoms=int(2 * before.reserves(spec)[1] * share))
    grown = replace(start, liquidity=2 * start.liquidity)
    plain = earned(start, spec, before, after, is_home=True).liquidity / start.liquidity - 1
    found = earned(grown, spec, before, after, is_home=True).liquidity / grown.liquidity - 1
    assert found / plain == pytest.approx(float(1 / (1 + share)), rel=1e-3)


def test_fees_put_back_are_liquidity_again(walk: tuple[PoolSpec, list[PoolState]]) -> None:
    spec, states = walk
    price = price_of(spec, states[0])
    paper = replace(
        opened(spec, states[0], value_atoms=10**12), lower=price / 1.1, upper=price * 1.1, idle=1e10
    )
    done = followed(
        paper, advice(Action.COMPOUND, str(10**10), cost=USD, kind=Kind.COMPOUND), TERMS,
        price=price, home=spec,
    )  # fmt: skip
    assert done.value_atoms(price) == pytest.approx(paper.value_atoms(price) - USD, abs=2)
    assert done.liquidity > paper.liquidity
    assert (done.lower, done.upper, done.idle) == (paper.lower, paper.upper, 0.0)
