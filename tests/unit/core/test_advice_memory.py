"""What advice remembers of pools from tick to tick: only of those that have a price, and trust."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from bot.core.advice_memory import (
    NO_ADVICE_MEMORY,
    OTHERS_MAX,
    AdviceMemory,
    others_of,
    place_of,
    remembered,
)
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.guard import Guard
from bot.core.model_stage import model_world
from bot.core.paper_position import opened, price_of
from bot.core.rules import Rules
from bot.core.snapshot import PoolState, PoolTuple, Snapshot
from tests.builders.runs import HOUR_S, rules_of
from tests.builders.scripts import scenario_of

WORLD = """
name = "pair"
title = "Two pools"
description = "Two pools against the same quote token, hour by hour."
seed = 3
start = 2026-03-02T08:00:00Z
step_minutes = 60
days = 1

[tokens]
WETH = 18
USDC = 6
LINK = 18

[[pool]]
name = "WETH-USDC"
reserve_base = 1000
path = [[0, 2000], [1, 2100]]
vol = 0.4
turnover_bps_per_day = 2000
owner_share_bps = 1000

[[pool]]
name = "LINK-USDC"
reserve_base = 100000
path = [[0, 20], [1, 21]]
vol = 0.6
turnover_bps_per_day = 2000
owner_share_bps = 0
hedged = false
"""
TERMS = AdviceTerms(kinds=(Kind.MIGRATE,), samples=3, sample_s=HOUR_S)
EMPTY = {"total_supply": 0}
DRY = {"reserve0": 0, "reserve1": 0}


@pytest.fixture(scope="module")
def walk() -> list[Snapshot]:
    world = model_world(scenario_of(WORLD))
    seen = [world.source.read()]
    for step in range(1, world.steps_count + 1):
        world.step(step)
        seen.append(world.source.read())
    return seen


def rules(**changes: object) -> Rules:
    return rules_of(advice=TERMS, **changes)


def with_pool(snapshot: Snapshot, name: str, **changes: int) -> Snapshot:
    place = place_of(name, snapshot)
    pools: list[PoolState] = list(snapshot.pools)
    pools[place] = replace(pools[place], **changes)
    return replace(snapshot, pools=PoolTuple(pools))


def bent(snapshot: Snapshot) -> Snapshot:
    """The other pool a fifth off, its product kept."""
    state = snapshot.pools[place_of("LINK-USDC", snapshot)]
    return with_pool(
        snapshot,
        "LINK-USDC",
        reserve0=state.reserve0 * 10 // 11,
        reserve1=state.reserve1 * 11 // 10,
    )


def walked(
    snapshots: Iterable[Snapshot], terms: Rules, memory: AdviceMemory = NO_ADVICE_MEMORY
) -> AdviceMemory:
    before = None
    for now in snapshots:
        home = now.specs[place_of("WETH-USDC", now)]
        memory = remembered(memory, home, before, now, terms, is_trusted=True)
        before = now
    return memory


@pytest.mark.parametrize("gone", [EMPTY, DRY])
def test_a_pool_without_lp_tokens_or_reserves_is_remembered_as_it_was(
    gone: dict[str, int], walk: list[Snapshot]
) -> None:
    """Neither its fees nor its returns can be told on the tick, nor its fees on the next; the
    return that spans the gap is."""
    before = walked(walk[:5], rules())
    hole = with_pool(walk[5], "LINK-USDC", **gone)
    during = walked([walk[4], hole], rules(), before)
    assert during.others["LINK-USDC"] == before.others["LINK-USDC"]
    after = walked([hole, walk[6]], rules(), before)
    assert after.others["LINK-USDC"].stream == before.others["LINK-USDC"].stream
    assert len(after.others["LINK-USDC"].pairs.returns) == 3


@pytest.mark.parametrize("gone", [EMPTY, DRY])
def test_the_paper_position_is_paid_nothing_while_its_pool_has_no_price(
    gone: dict[str, int], walk: list[Snapshot]
) -> None:
    home = walk[0].specs[place_of("WETH-USDC", walk[0])]
    paper = opened(home, walk[0].pools[place_of("WETH-USDC", walk[0])], value_atoms=10**11)
    memory = AdviceMemory(paper=paper)
    hole = with_pool(walk[1], "WETH-USDC", **gone)
    terms = replace(rules(), advice=replace(TERMS, kinds=(Kind.RANGE,)))
    assert walked([walk[0], hole], terms, memory).paper == paper
    assert walked([hole, walk[2]], terms, memory).paper == paper
    assert walked([walk[0], walk[1]], terms, memory).paper != paper


def test_the_paper_position_elsewhere_is_paid_while_home_has_no_price(walk: list[Snapshot]) -> None:
    home = walk[0].specs[place_of("WETH-USDC", walk[0])]
    state = walk[0].pools[place_of("WETH-USDC", walk[0])]
    paper = replace(opened(home, state, value_atoms=10**11), pool="LINK-USDC")
    hole = with_pool(walk[1], "WETH-USDC", **DRY)
    memory = AdviceMemory(paper=paper)
    found = remembered(memory, home, walk[0], hole, rules(), is_trusted=False)
    assert found.paper is not None
    assert found.paper.fees > 0


def test_the_owners_own_tokens_elsewhere_are_others_to_the_paper_position(
    walk: list[Snapshot],
) -> None:
    """A range in a pool half of which the owner holds: at home that half is the position itself."""
    place = place_of("LINK-USDC", walk[0])
    half = walk[0].pools[place].total_supply // 2
    before, now = (with_pool(one, "LINK-USDC", lp_balance=half) for one in walk[:2])
    link, home = walk[0].specs[place], walk[0].specs[place_of("WETH-USDC", walk[0])]
    price = price_of(link, before.pools[place])
    paper = replace(
        opened(link, before.pools[place], value_atoms=10**11), lower=price / 2, upper=price * 2
    )
    paid = [
        remembered(AdviceMemory(paper=paper), spec, before, now, rules(), is_trusted=False).paper
        for spec in (home, link)
    ]
    assert paid[0] is not None
    assert paid[1] is not None
    assert paid[1].fees / paid[0].fees == pytest.approx(2, rel=0.1)


def test_a_bent_price_is_no_sample_and_the_next_return_spans_it(walk: list[Snapshot]) -> None:
    """Off the median of the last blocks: the sample of that pool waits, with the own pool's."""
    guarded = rules(guard=Guard(block_age_s_max=2 * HOUR_S))
    fair = walked(walk[:12], guarded).others["LINK-USDC"]
    assert fair.price.is_trusted
    seen = [*walk[:11], bent(walk[11])]
    held = walked(seen, guarded).others["LINK-USDC"]
    assert not held.price.is_trusted
    assert held.prices == walked(walk[:11], guarded).others["LINK-USDC"].prices
    assert held.prices != fair.prices
    bare = walked(seen, rules()).others["LINK-USDC"]
    assert bare.price.is_trusted
    assert abs(bare.pairs.returns[-1][1]) > 10 * abs(fair.pairs.returns[-1][1])


def test_what_is_remembered_of_a_pool_is_bounded(walk: list[Snapshot]) -> None:
    guard = Guard(block_age_s_max=2 * HOUR_S)
    held = walked(walk, rules(guard=guard)).others["LINK-USDC"]
    assert len(held.pairs.returns) == TERMS.samples
    assert len(held.price.guard.blocks) <= guard.blocks_kept
    assert len(held.price.observations) <= 2
    assert walked(walk, rules()).others["LINK-USDC"].price.observations == ()


def test_only_the_first_of_a_thousand_watched_pools_are_looked_at(walk: list[Snapshot]) -> None:
    """Sixteen of those against the same quote token; none where nobody asks for another pool."""
    link = walk[0].specs[place_of("LINK-USDC", walk[0])]
    state = walk[0].pools[place_of("LINK-USDC", walk[0])]
    odd = replace(link, quote=link.base)
    names = [replace(odd if i % 2 else link, name=f"P{i}") for i in range(1_000)]
    home = walk[0].specs[place_of("WETH-USDC", walk[0])]
    many = replace(
        walk[0], specs=(home, *names),
        pools=PoolTuple([walk[0].pools[place_of("WETH-USDC", walk[0])], *[state] * 1_000]),
    )  # fmt: skip
    found = [spec.name for spec, _ in others_of(home, many)]
    assert found == [f"P{2 * i}" for i in range(OTHERS_MAX)]
    assert all(many.specs[index].name == spec.name for spec, index in others_of(home, many))
    assert set(walked([many], rules()).others) == set(found)
    terms = replace(rules(), advice=replace(TERMS, kinds=(Kind.TIER,)))
    assert walked([many], terms).others == {}


def test_a_sample_waits_for_its_time_and_for_trust(walk: list[Snapshot]) -> None:
    slow = replace(rules(), advice=replace(TERMS, sample_s=3 * HOUR_S))
    assert walked(walk[:7], slow).sampled_s == walk[6].block.time_s
    assert walked(walk[:9], slow).sampled_s == walk[6].block.time_s
    assert len(walked(walk[:9], slow).others["LINK-USDC"].pairs.returns) == 2
    home = walk[0].specs[place_of("WETH-USDC", walk[0])]
    doubted = remembered(NO_ADVICE_MEMORY, home, None, walk[0], rules(), is_trusted=False)
    assert doubted.sampled_s is None
    assert doubted.others["LINK-USDC"].prices is None
