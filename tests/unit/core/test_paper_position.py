"""The paper position against the real one, and against fees that swaps really paid."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from math import isqrt

import pytest

from bot.config.scenario_file import load_scenario
from bot.core.advice import Action, Advice, Cost, Why
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.model_stage import model_world
from bot.core.paper_position import PaperPosition, earned, followed, opened, price_of
from bot.core.pool_economics import tier_rates
from bot.core.snapshot import PoolSpec, PoolState

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
        paper = earned(paper, spec, before, after)
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
        paper = earned(paper, spec, before, after)
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
        assert earned(paper, spec, before, after) is paper
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
        paid.append(earned(paper, spec, states[0], states[1]).idle / liquidity)
    assert paid[0] / paid[1] == pytest.approx((others + pool) / (others + pool / 1_000), rel=1e-9)


@pytest.mark.parametrize(("action", "target"), [(Action.NARROW, "2500"), (Action.WIDEN, "full")])
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
    there = earned(moved, spec, states[0], states[1])
    here = earned(replace(moved, fee_factor=1.0), spec, states[0], states[1])
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
    assert moved.value_atoms(4 * price) == pytest.approx(10**12, rel=1e-11)


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
