"""One purse for several layers and pools, and what happens on a tick when many need it at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.hedges import hedge_after
from bot.core.legs import reversed_legs
from bot.core.model_stage import model_world
from bot.core.orders import (
    Contract,
    ContractKind,
    Fill,
    FillStatus,
    Intent,
    Leg,
    LegFill,
    Order,
)
from bot.core.record import read_body
from bot.core.rules import SizeBy
from bot.core.state import Hedge
from bot.edges.memory_store import MemoryStore
from tests.builders.ladders import Ladder
from tests.builders.runs import DAY_S, POOL, layer, rules_of, runner_for
from tests.builders.scripts import TWO_DAYS, scenario_of

TWO_POOLS = (
    TWO_DAYS.replace("WETH = 18", "WETH = 18\nWBTC = 8")
    + """
[[pool]]
name = "WBTC-USDC"
reserve_base = 50
path = [[0, 60000], [1, 50000], [2, 45000]]
vol = 0.5
turnover_bps_per_day = 2000
owner_share_bps = 1000
"""
)
FALLEN = Comparison(metric="move_bps", below=-300.0)
RISEN = Comparison(metric="move_bps", above=500.0)


@pytest.mark.parametrize("cash", [0, 10 * 10**6, 1_000 * 10**6, 10**12])
def test_two_pools_never_spend_the_same_cash(cash: int) -> None:
    """What the plan lets them pay together is there: the venue never answers CASH."""
    scenario = scenario_of(TWO_POOLS)
    names = ("one", "two")
    rules = rules_of(*(layer(name, arm=FALLEN, disarm=RISEN, tenor_s=7 * DAY_S) for name in names))
    journal = MemoryStore()
    runner, world = runner_for(scenario, rules, journal=journal), model_world(scenario)
    opening, runner.source = runner.opening, world.source
    runner.opening = lambda seen: replace(opening(seen), capital={"USDC": cash})
    bought: set[str] = set()
    for step in range(world.steps_count + 1):
        if step:
            world.step(step)
        runner.tick_or_raise()
        record = read_body(list(journal.rows())[-1].body)
        bought |= {order["pool"] for order in record["orders"]}
        assert {fill["reason"] for fill in record["fills"]} <= {"FILLED"}
        assert int(record["book"]["cash"]["USDC"]) >= 0
    journal.check()
    assert len(bought) == (0 if cash == 0 else 1 if cash == 10 * 10**6 else 2)


SHORT: dict[str, Any] = {
    "instrument": "forward",
    "offsets_bps": (0,),
    "size_by": SizeBy.BASE,
    "hedge_ratio_bps": 10_000,
    "arm": Comparison(metric="move_bps", below=-400.0),
    "disarm": Comparison(metric="move_bps", below=-9_000.0),
}


def test_a_margin_call_and_a_settlement_on_one_tick_leave_each_its_own_entry() -> None:
    """A put expires worthless on the tick on which the short's margin is no longer there."""
    put = layer("put", arm=SHORT["arm"], disarm=SHORT["disarm"], tenor_s=DAY_S)
    short = layer("short", tenor_s=7 * DAY_S, **SHORT)
    probe = Ladder(put, short, cash=10**12)
    probe.step(1, 1_900)
    spent = 10**12 - int(probe.last["book"]["cash"]["USDC"])
    ladder = Ladder(put, short, cash=spent + 30_000 * 10**6)
    assert ladder.step(1, 1_900) == ["ARM", "ARM"]
    assert ladder.step(24, 2_100) == ["SETTLE", "MARGIN_CALL"]
    assert ladder.intents == ["settle", "close"]
    assert ladder.last["book"]["hedges"] == []
    assert int(ladder.last["book"]["margin"]["USDC"]) == 0
    assert int(ladder.last["book"]["cash"]["USDC"]) >= 0
    ladder.journal.check()


def test_two_layers_that_tie_up_margin_on_one_tick_share_the_cap() -> None:
    """Two per cent of 1.33 million dollars: each short forward alone would need more than that."""
    layers = [
        layer(name, tenor_s=7 * DAY_S, **{**SHORT, "arm": Comparison(metric="move_bps", below=arm)})
        for name, arm in (("one", -400.0), ("two", -450.0))
    ]
    cap = 200 * 2 * (2_000_000 * 10**6 // 3) // 10_000
    ladder = Ladder(*layers, cash=10**12, exposure_cap_bps=200)
    assert ladder.step(1, 1_900) == ["ARM", "CAP"]
    hedges = ladder.last["book"]["hedges"]
    assert 0.95 * cap < sum(int(each["cost"]) + int(each["margin"]) for each in hedges) <= cap


def test_what_is_kept_of_a_hedge_keeps_its_share_of_the_cost_rounded_up() -> None:
    """A third of 10 is 4 when it was paid, and -3 when it was a credit: always against us."""
    contract = Contract(code="P", kind=ContractKind.PUT, pool=POOL, strike_atoms=1, expiry_s=9)
    for cost, kept_cost in ((10, 4), (-10, -3)):
        held = Hedge(
            id="one", pool=POOL, layer="one", legs=(Leg(contract=contract, quantity_atoms=3),),
            opened_s=0, expiry_s=9, cost_atoms=cost, margin_atoms=10, delta_ppb=0, target_atoms=3,
        )  # fmt: skip
        sold = Leg(contract=contract, quantity_atoms=-2)
        order = Order(
            id="two", hedge_id="one", pool=POOL, layer="one", intent=Intent.CLOSE,
            legs=reversed_legs(held.legs), cash_limit_atoms=0, settlement_atoms=None, reason="",
        )  # fmt: skip
        fill = Fill(
            order_id="two", status=FillStatus.PARTIAL, cash_atoms=0, fee_atoms=0, spread_atoms=0,
            legs=(LegFill(leg=sold, price_atoms=0, mark_atoms=0, cash_atoms=0),), margin_atoms=0,
            reason="DEPTH",
        )  # fmt: skip
        kept = hedge_after(held, order, fill, time_s=1)
        assert kept is not None
        assert (kept.cost_atoms, kept.margin_atoms, kept.target_atoms) == (kept_cost, 4, 1)
