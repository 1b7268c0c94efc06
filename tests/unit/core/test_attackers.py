"""Attackers: they push as far as they say, get back what the push brought, and lose only fees."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from bot.core.actions import Action, RemoveLiquidity, Role, Swap
from bot.core.amm import sqrt_k
from bot.core.attackers import attack_swaps
from bot.core.errors import NoNewBlockError
from bot.core.model_stage import ModelStage, model_specs, model_world
from bot.core.scenario import PushCue, Scenario
from bot.core.snapshot import Snapshot
from bot.core.world import Scene, ScriptedWorld
from tests.builders.scripts import TWO_DAYS, scenario_of

QUIET = TWO_DAYS.replace("vol = 0.5", "vol = 0").replace("[1, 1900], [2, 1800]", "[2, 2000]")
POOL = 'pool = "WETH-USDC"\n'


class Watched(ModelStage):
    """A model stage that keeps what its blocks were made of."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario, specs=model_specs(scenario))
        self.scenes: list[Scene] = []

    def mine(self, scene: Scene) -> None:
        super().mine(scene)
        self.scenes.append(scene)


def played(*events: str) -> list[Scene]:
    """Six steps of a pool at rest, with these events and no noise traders."""
    text = QUIET.replace("turnover_bps_per_day = 2000", "turnover_bps_per_day = 0")
    scenario = scenario_of(text + "".join(f"\n[[event]]\n{event}\n" for event in events))
    stage = Watched(scenario)
    world = ScriptedWorld(scenario, stage)
    for step in range(1, 7):
        world.step(step)
    return stage.scenes


def price(scene: Scene) -> Fraction:
    spec = model_specs(scenario_of(QUIET))[0]
    return scene.pools["WETH-USDC"].price(spec) * 10**12


def attacks(actions: tuple[Action, ...]) -> list[Swap]:
    return [a for a in actions if isinstance(a, Swap) and a.role is Role.ATTACKER]


@pytest.mark.parametrize("move_bps", [-5_000, -1_000, 1_000, 20_000])
def test_a_spike_ends_its_block_within_the_fee_of_the_wanted_price(move_bps: int) -> None:
    scenes = played(f'kind = "spike"\nday = 0.125\n{POOL}move_bps = {move_bps}\nblocks = 1')
    wanted = 2_000 * (1 + Fraction(move_bps, 10_000))
    assert abs(price(scenes[3]) / wanted - 1) < Fraction(31, 10_000)


@pytest.mark.parametrize("move_bps", [-2_500, 2_500])
def test_an_attacker_swaps_back_exactly_what_the_push_brought(move_bps: int) -> None:
    scenes = played(f'kind = "spike"\nday = 0.125\n{POOL}move_bps = {move_bps}\nblocks = 1')
    (push,), (back,) = attacks(scenes[3].actions), attacks(scenes[4].actions)
    assert back.amount_in_atoms == push.amount_out_min_atoms
    assert back.sells_base is not push.sells_base
    assert scenes[4].actions[0] == back
    assert attacks(scenes[5].actions) == []


def test_a_flash_swap_leaves_nothing_but_its_fees() -> None:
    """Two swaps, so the pool's depth grows by their fees and its price by less than these."""
    scenes = played(f'kind = "flash_swap"\nday = 0.125\n{POOL}move_bps = -2500')
    before, after = scenes[2].pools["WETH-USDC"], scenes[3].pools["WETH-USDC"]
    assert len(attacks(scenes[3].actions)) == 2
    assert abs(price(scenes[3]) / price(scenes[2]) - 1) < Fraction(15, 10_000)
    assert sqrt_k((after.reserve0, after.reserve1)) > sqrt_k((before.reserve0, before.reserve1))


def test_a_sandwiched_victim_gets_less_than_he_would_have_alone() -> None:
    sandwich = f'kind = "sandwich"\nday = 0.125\n{POOL}move_bps = -1000\nvictim_bps = 300'
    first, victim, last = (a for a in played(sandwich)[3].actions if isinstance(a, Swap))
    assert [first.role, victim.role, last.role] == [Role.ATTACKER, Role.TRADER, Role.ATTACKER]
    assert victim.sells_base
    assert first.sells_base
    assert victim.amount_out_min_atoms == 0
    assert last.amount_in_atoms == first.amount_out_min_atoms
    assert last.amount_out_min_atoms > first.amount_in_atoms  # the attacker's gain is his loss


def test_a_held_spike_is_swapped_back_and_pushed_anew_in_every_block() -> None:
    scenes = played(f'kind = "spike"\nday = 0.125\n{POOL}move_bps = -2500\nblocks = 2')
    assert [len(attacks(scene.actions)) for scene in scenes] == [0, 0, 0, 1, 2, 1, 0]
    assert all(abs(price(scene) / 1_500 - 1) < Fraction(1, 100) for scene in scenes[3:5])
    assert abs(price(scenes[5]) / 2_000 - 1) < Fraction(1, 100)


def test_the_way_back_waits_for_a_block_where_the_chain_stalls() -> None:
    halted = scenario_of(
        QUIET.replace("step_minutes = 60", "step_minutes = 180")
        + f'\n[[event]]\nkind = "spike"\nday = 0.25\n{POOL}move_bps = -2500\nblocks = 1\n'
        + '\n[[event]]\nkind = "stall"\nday = 0.375\nsteps = 2\n'
    )
    stage = Watched(halted)
    world = ScriptedWorld(halted, stage)
    for step in range(1, 6):
        world.step(step)
    assert [len(attacks(scene.actions)) for scene in stage.scenes] == [0, 0, 1, 1]


def test_the_other_lps_leave_their_share_and_come_back_with_the_rest() -> None:
    scenes = played(f'kind = "thin"\nday = 0.125\n{POOL}share_bps = 500\nsteps = 2')
    depths = [
        sqrt_k((pool.reserve0, pool.reserve1)) for scene in scenes for pool in scene.pools.values()
    ]
    (left,) = (a for a in scenes[3].actions if isinstance(a, RemoveLiquidity))
    assert left.role is Role.OUTSIDER
    # A tenth is the owner's: 0.1 + 0.9 * 0.05.
    assert depths[3] / depths[2] == pytest.approx(0.145, abs=1e-6)
    assert depths[5] / depths[2] == pytest.approx(1.0, abs=1e-6)


def test_whoever_reads_a_stale_node_sees_no_new_block_and_then_all_of_it() -> None:
    scenario = scenario_of(QUIET + '\n[[event]]\nkind = "stale_node"\nday = 0.125\nsteps = 2\n')
    world = model_world(scenario)
    seen: list[Snapshot | None] = [world.source.read()]
    for step in range(1, 7):
        world.step(step)
        try:
            seen.append(world.source.read())
        except NoNewBlockError:
            seen.append(None)
    assert [None if s is None else s.block.number for s in seen] == [0, 1, 2, None, None, 5, 6]


def test_a_pool_is_left_alone_where_a_push_is_within_its_fee() -> None:
    scenario = scenario_of(QUIET)
    (spec,) = model_specs(scenario)
    stage = Watched(scenario)
    ScriptedWorld(scenario, stage)
    pool = stage.scenes[0].pools["WETH-USDC"]
    cue = PushCue(step=1, pool="WETH-USDC", move_bps=20, blocks=1)
    assert attack_swaps(pool, cue, spec=spec) == ()
    assert attack_swaps(pool, replace(cue, move_bps=40), spec=spec) != ()
