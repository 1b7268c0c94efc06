"""Attacks on the price, played with real swaps: none may fire a hedge, and the same crash must.

Each runs on the exact model and on an Anvil of its own. Without the guard the same attacks do
fire, so that none of these tests passes by accident.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_rules
from bot.config.scenario_file import SHIPPED, load_scenario
from bot.core.guard import NO_GUARD, Guard
from bot.core.record import read_body
from bot.core.rules import Rules
from bot.core.scenario import PushCue, Scenario, ThinCue
from bot.core.terms import sealed
from bot.core.world import ScriptedWorld
from bot.edges.memory_store import MemoryStore
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.scenario_world import ChainStage, anvil_for
from bot.runs.replay import replay_journal, replay_world
from bot.wiring.scripted import scenario_world
from tests.builders.runs import runner_for
from tests.builders.scripts import scenario_of

pytestmark = pytest.mark.fork

ROOT = Path(__file__).parents[2]
STARTER = load_rules(ROOT / "rules" / "starter.toml")


def against_itself(rules: Rules) -> Rules:
    """Beta to the attacked pool, where rules measure one: the attacks have no other pool."""
    if rules.market.beta_index is None:
        return rules
    return sealed(replace(rules, market=replace(rules.market, beta_index="WETH-USDC")))


LADDERS = [
    against_itself(rules)
    for path in sorted((ROOT / "rules").glob("*.toml"))
    if (rules := load_rules(path)).layers
]
ATTACKS = ("flash_swap", "sandwich", "stale_node", "thin_pool")
ENGINES = ("model", "anvil")
SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
"""Topic of a pair's Sync(uint112,uint112). Source: Uniswap/v2-core IUniswapV2Pair.sol."""

THIRD_BLOCK = Guard().confirmations - 1
"""How many blocks after the first one of a move its confirmation comes."""


@dataclass(frozen=True)
class Played:
    """What a run ordered and what it held back: (block time since the start in steps, layer)."""

    orders: list[tuple[int, str]]
    doubts: dict[str, set[int]]
    undone: int


def unguarded(rules: Rules) -> Rules:
    return sealed(replace(rules, guard=NO_GUARD))


def played(scenario: Scenario, rules: Rules, engine: str) -> Played:
    with scenario_world(scenario, engine=engine) as world:
        journal = MemoryStore()
        runner = runner_for(scenario, rules, world=world, journal=journal)
        replay_world(world, runner)
        rows = list(journal.rows())
        replay_journal(rows, rules, venue=runner.venue, journal=MemoryStore())
    orders: list[tuple[int, str]] = []
    doubts: dict[str, set[int]] = {}
    for body in (read_body(row.body) for row in rows if row.kind == "record"):
        step = (body["snapshot"]["block"]["time_s"] - scenario.start_s) // scenario.step_s
        orders += [(step, order["layer"]) for order in body["orders"]]
        for decision in body["decisions"]:
            why: Any = decision["numbers"].get("doubt", decision["reason"])
            if decision["reason"] in ("UNTRUSTED_PRICE", "UNCONFIRMED"):
                doubts.setdefault(why, set()).add(step)
    return Played(orders=orders, doubts=doubts, undone=runner.counters.undone)


@pytest.mark.parametrize("rules", LADDERS, ids=lambda rules: rules.name)
@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("engine", ENGINES)
def test_no_attack_fires_a_hedge(engine: str, name: str, rules: Rules) -> None:
    """Ladders that are always on buy the same, at the same steps, in the same world without it."""
    scenario = load_scenario(name)
    at_rest = tuple(cue for cue in scenario.cues if not isinstance(cue, PushCue | ThinCue))
    in_peace = played(replace(scenario, cues=at_rest), rules, "model").orders
    attacked = played(scenario, rules, engine).orders
    assert attacked == in_peace
    if rules.name == STARTER.name:
        assert attacked == []


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("engine", ENGINES)
def test_without_the_guard_the_same_attack_fires_two_layers(engine: str, name: str) -> None:
    """On the very block that the attacker bends; the guarded run held them back there."""
    scenario = load_scenario(name)
    orders = played(scenario, unguarded(STARTER), engine).orders
    held = played(scenario, STARTER, engine).doubts
    first = orders[0][0]
    assert [order for order in orders if order[0] == first] == [(first, "wings"), (first, "guard")]
    assert first in held["THIN" if name == "thin_pool" else "OFF_MEDIAN"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_real_crash_of_the_same_size_arms_each_layer_on_the_third_block_of_its_cause(
    engine: str,
) -> None:
    scenario = load_scenario("real_crash")
    at_once = played(scenario, unguarded(STARTER), engine).orders
    assert [layer for _, layer in at_once] == ["wings", "guard"]
    guarded = played(scenario, STARTER, engine).orders
    assert guarded == [(step + THIRD_BLOCK, layer) for step, layer in at_once]


def test_the_attacks_and_the_crash_are_of_one_size() -> None:
    """A quarter down from 2,000, all of them."""
    crash = load_scenario("real_crash").pools[0].path
    assert crash[-1].price / crash[0].price == 0.75
    for name in ("flash_swap", "stale_node", "thin_pool"):
        pushes = [cue for cue in load_scenario(name).cues if isinstance(cue, PushCue)]
        assert pushes[0].move_bps == -2_500


@pytest.mark.parametrize("engine", ENGINES)
def test_a_reorg_and_a_halt_fire_no_hedge_before_three_more_blocks_have_come(engine: str) -> None:
    """Four days with a fall of a fifth: hedges are due, but never within two blocks of a break."""
    scenario = load_scenario("reorg")
    run = played(scenario, STARTER, engine)
    assert run.undone > 0
    # Reorgs at steps 36, 75 and 144; the halt ends with step 114.
    shaken = {step + later for step in (36, 75, 114, 144) for later in range(THIRD_BLOCK)}
    assert run.orders
    assert not shaken & {step for step, _ in run.orders}
    assert run.doubts["PAUSE"] == {114, 115}


@pytest.mark.parametrize(("blocks", "fired"), [(1, []), (2, []), (3, [47, 47]), (9, [47, 47])])
def test_a_price_that_is_held_fires_on_its_third_block_and_not_before(
    blocks: int, fired: list[int]
) -> None:
    """The stated limit, from both sides: step 45 is the first block that ends a quarter down."""
    text = (SHIPPED / "flash_swap.toml").read_text(encoding="utf-8")
    head = text[: text.index("[[event]]")]
    spike = 'kind = "spike"\nday = 0.03125\npool = "WETH-USDC"\nmove_bps = -2500'
    held = scenario_of(f"{head}[[event]]\n{spike}\nblocks = {blocks}\n")
    orders = [step for step, _ in played(held, STARTER, "model").orders]
    assert [step for step in orders if step < 45 + blocks] == fired


@pytest.mark.parametrize("engine", ENGINES)
def test_a_price_that_only_reorgs_keep_new_fires_no_hedge(engine: str) -> None:
    """Seven blocks end a quarter down, and every second one comes with a reorg."""
    text = (SHIPPED / "flash_swap.toml").read_text(encoding="utf-8")
    head = text[: text.index("[[event]]")].replace("step_minutes = 1", "step_minutes = 9")
    head = head.replace("0.05", "0.2")
    spike = 'kind = "spike"\nday = 0.1\npool = "WETH-USDC"\nmove_bps = -2500\nblocks = 7\n'
    spike = f"[[event]]\n{spike}"
    reorgs = "".join(
        f'\n[[event]]\nkind = "reorg"\nday = {day}\ndepth = 1\n'
        for day in ("0.1", "0.1125", "0.125", "0.1375")
    )
    shaken = scenario_of(head + spike + reorgs)
    assert played(shaken, unguarded(STARTER), engine).orders != []
    run = played(shaken, STARTER, engine)
    assert run.undone == 4
    assert [step for step, _ in run.orders] == []
    assert run.doubts.keys() == {"REORG"}
    # Without the reorgs these seven blocks are a move that lasts.
    assert played(scenario_of(head + spike), STARTER, engine).orders != []


def lowest_within(world: ScriptedWorld, rpc: ReadOnlyRpc, pair: str, base_is_0: bool) -> Fraction:
    """The lowest price that any swap of the newest block left, by the pair's own Sync events."""
    asked = {"fromBlock": "latest", "toBlock": "latest", "address": pair, "topics": [SYNC]}
    prices = []
    for log in rpc.call("eth_getLogs", asked):
        reserve0, reserve1 = int(log["data"][2:66], 16), int(log["data"][66:130], 16)
        base, quote = (reserve0, reserve1) if base_is_0 else (reserve1, reserve0)
        prices.append(Fraction(quote * 10**12, base))
    return min(prices)


def test_within_its_block_the_flash_swap_did_bend_the_price_on_the_real_pair() -> None:
    """No block ends on it, so nobody who reads blocks is fooled; the pair's events tell of it."""
    scenario = load_scenario("flash_swap")
    flash = next(c for c in scenario.cues if isinstance(c, PushCue) and not c.blocks)
    node = anvil_for(scenario)
    with node, Rpc(node.url) as rpc, ReadOnlyRpc(node.url) as reader:
        stage = ChainStage(scenario, rpc, reader=reader)
        world = ScriptedWorld(scenario, stage)
        for step in range(1, flash.step + 1):
            world.step(step)
        snapshot = world.source.read()
        (spec,) = snapshot.specs
        lowest = lowest_within(world, reader, spec.address, spec.base_is_token0)
    assert lowest < 1_520
    assert snapshot.pools[0].price(spec) * 10**12 > 1_980
