"""Free cash on a tick on which hedges are sold, called or settled: no atom is spent twice."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.depth import DepthTerms
from bot.core.margin_calls import margin_calls
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.quotes import PoolTerms
from bot.core.rules import Layer, Take
from bot.core.sleeves import Sleeve
from bot.core.state import Hedge
from tests.builders.ladders import SHORT, Ladder
from tests.builders.runs import DAY_S, POOL, layer

CALLS = layer(
    "calls",
    instrument="call_spread",
    offsets_bps=(300, 2_500),
    arm=Comparison(metric="move_bps", above=400.0),
    disarm=Comparison(metric="move_bps", below=-9_000.0),
    tenor_s=30 * DAY_S,
)
SPARE = 20_000 * 10**6


def short(**changes: Any) -> Layer:
    return layer("short", **{**SHORT, **changes})


def sold_forward(*layers: Layer, spare: int) -> Ladder:
    """All base tokens sold forward at 1,900, with so much beside the margin."""
    probe = Ladder(*layers, cash=10**12)
    probe.step(1, 1_900)
    tied = 10**12 - int(probe.last["book"]["cash"]["USDC"])
    ladder = Ladder(*layers, cash=tied + spare)
    ladder.step(1, 1_900)
    assert [hedge["layer"] for hedge in ladder.last["book"]["hedges"]] == ["short"]
    assert int(ladder.last["book"]["cash"]["USDC"]) == spare
    return ladder


def reasons_of(ladder: Ladder) -> dict[str, str]:
    return {each["layer"]: each["reason"] for each in ladder.last["decisions"]}


@pytest.mark.parametrize("calls_first", [True, False])
@pytest.mark.parametrize("ends", ["MARGIN_CALL", "SETTLE"])
def test_cash_that_a_call_or_a_settlement_loses_was_spent_on_the_same_tick(
    ends: str, calls_first: bool
) -> None:
    """From 1,900 to 2,900: 1,000 a piece are lost and 285 set aside, so 20,000 pay a part of that
    and nothing else."""
    layers = (CALLS, short()) if calls_first else (short(), CALLS)
    ladder = sold_forward(*layers, spare=SPARE)
    if ends == "SETTLE":
        ladder.chain.pass_hours(1, price=2_900)
        ladder.chain.pass_hours(7 * 24, price=2_900)
        ladder.tick()
    else:
        ladder.step(1, 2_900)
    assert reasons_of(ladder) == {"calls": "CASH", "short": ends}
    (short_of,) = [each for each in ladder.last["decisions"] if each["reason"] == "CASH"]
    assert short_of["numbers"]["cash"] == "0"
    assert "open" not in ladder.intents
    lost = int(ladder.last["fills"][0]["cash"]) - int(ladder.last["fills"][0]["fee"])
    margin = int(ladder.last["orders"][0]["margin"])
    assert int(ladder.last["book"]["debt"]["USDC"]) == -lost - margin - SPARE


@pytest.mark.parametrize("calls_first", [True, False])
def test_a_loss_that_margin_pays_for_was_taken_from_cash_too(calls_first: bool) -> None:
    """Stopped out at 1,950: 50 a piece are lost, and more than 300 set aside. Calls as large as
    cash allows are paid from what lies beside that."""
    calls = replace(CALLS, arm=Comparison(metric="move_bps", above=-300.0, below=-200.0))
    stopped = short(take=Take(stop_bps=1))
    layers = (calls, stopped) if calls_first else (stopped, calls)
    ladder = sold_forward(*layers, spare=30_000 * 10**6)
    ladder.step(1, 1_950)
    assert reasons_of(ladder) == {"calls": "ARM", "short": "STOP_LOSS"}
    assert {fill["reason"] for fill in ladder.last["fills"]} == {"FILLED"}
    assert ladder.intents == ["close", "open"]
    assert ladder.last["book"]["debt"] == {}


def test_a_settlement_that_margin_pays_for_leaves_all_cash_to_others() -> None:
    """50 a piece are lost at 1,950, and 285 were set aside: calls take nearly all of the 18,000."""
    calls = replace(CALLS, arm=Comparison(metric="move_bps", above=-300.0, below=-200.0))
    ladder = sold_forward(calls, short(), spare=18_000 * 10**6)
    ladder.chain.pass_hours(1, price=1_950)
    ladder.chain.pass_hours(7 * 24, price=1_950)
    ladder.tick()
    assert reasons_of(ladder) == {"calls": "ARM", "short": "SETTLE"}
    settled, bought = ladder.last["fills"]
    assert int(settled["cash"]) < -15_000 * 10**6
    assert int(bought["cash"]) - int(bought["fee"]) < -17_000 * 10**6


def test_what_is_still_to_be_bought_of_an_order_comes_after_what_another_layer_sells() -> None:
    """About 180 puts are wanted and 60 shown a tick; the call spread beside them is stopped out."""
    shallow = PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.0))
    common: dict[str, Any] = {"arm": SHORT["arm"], "disarm": SHORT["disarm"], "tenor_s": 7 * DAY_S}
    puts = layer("puts", order_good_s=DAY_S, **common)
    calls = replace(CALLS, hedge_ratio_bps=500, take=Take(stop_bps=1), **common)
    ladder = Ladder(puts, calls, terms=shallow)
    assert ladder.step(1, 1_900) == ["ARM", "ARM"]
    assert ladder.step(1, 1_900) == ["WORKING", "STOP_LOSS"]
    assert ladder.intents == ["close", "open"]


class Margins:
    """A venue that asks for what the test says, by the strike of a hedge's first leg."""

    def __init__(self, margins: dict[int, int], worth: dict[int, int] | None = None) -> None:
        self.margins, self.worth = margins, worth or {}

    def margin_atoms(self, legs: tuple[Leg, ...], _market: Any) -> int:
        return self.margins[legs[0].contract.strike_atoms]

    def liquidation_atoms(self, legs: tuple[Leg, ...], _market: Any) -> int:
        return self.worth[legs[0].contract.strike_atoms]

    def settle_atoms(self, legs: tuple[Leg, ...], _market: Any, *, settlement_atoms: int) -> int:
        return settlement_atoms - legs[0].contract.strike_atoms


def sold(
    strike: int, margin: int, *, expiry_s: int = 9, size: int = -1, sleeve: Sleeve = Sleeve.CORE
) -> Hedge:
    contract = Contract(
        code="", kind=ContractKind.PUT, pool=POOL, strike_atoms=strike, expiry_s=expiry_s
    )
    return Hedge(
        id=str(strike), pool=POOL, layer=str(strike), cost_atoms=0, margin_atoms=margin,
        legs=(Leg(contract=contract, quantity_atoms=size),), opened_s=0, expiry_s=expiry_s,
        delta_ppb=0, target_atoms=1, sleeve=sleeve,
    )  # fmt: skip


def asked(hedges: list[Hedge], venue: Margins, cash: int, **settled: int) -> tuple[Any, ...]:
    """(needed, called, cash left) at time 5."""
    market = SimpleNamespace(time_s=5, quote_symbol="USDC")
    view: Any = SimpleNamespace(market=market, trust=SimpleNamespace(doubt=None))
    desk: Any = venue
    purses = {sleeve: {"USDC": cash} for sleeve in Sleeve}
    prices = {name.removeprefix("s"): price for name, price in settled.items()}
    found = margin_calls(hedges, {POOL: view}, desk, purses, settled=prices)
    left = [found.cash[sleeve]["USDC"] for sleeve in Sleeve]
    return dict(found.needed), set(found.called), left


def test_margin_that_falls_is_told_and_is_not_to_be_spent_yet() -> None:
    assert asked([sold(1, 50)], Margins({1: 20}), 100) == ({"1": 20}, set(), [100, 100])


def test_margin_that_stays_is_not_told_and_takes_nothing() -> None:
    assert asked([sold(1, 50)], Margins({1: 50}), 0) == ({}, set(), [0, 0])
    assert asked([sold(1, 50)], Margins({1: 50}), -5) == ({}, set(), [-5, -5])


def test_margin_that_cash_just_pays_for_is_no_call_and_one_more_is() -> None:
    assert asked([sold(1, 50)], Margins({1: 150}), 100) == ({"1": 150}, set(), [0, 100])
    assert asked([sold(1, 50)], Margins({1: 151}, {1: -40}), 100) == ({}, {"1"}, [100, 100])


def test_what_a_call_costs_beyond_its_margin_is_gone_for_the_younger_hedge() -> None:
    """The older costs 130 and has 50 aside; the younger needs 30 more, and 20 are left."""
    hedges, venue = [sold(1, 50), sold(2, 0)], Margins({1: 999, 2: 30}, {1: -130, 2: -5})
    assert asked(hedges, venue, 100) == ({}, {"1", "2"}, [15, 100])


def test_a_settlement_is_paid_before_any_hedge_is_asked_for_margin() -> None:
    """Settled at 0 the younger costs 80 of which 10 are aside, so the older is called."""
    hedges, venue = [sold(1, 0), sold(80, 10, expiry_s=5)], Margins({1: 40}, {1: -1})
    assert asked(hedges, venue, 100, s80=0) == ({}, {"1"}, [29, 100])
    assert asked(hedges, venue, 110, s80=0) == ({"1": 40}, set(), [0, 110])


def test_what_has_expired_and_what_is_only_bought_is_asked_for_nothing() -> None:
    assert asked([sold(1, 7, expiry_s=5), sold(2, 0, size=1)], Margins({}), 0) == (
        {}, set(), [0, 0],
    )  # fmt: skip


def test_a_hedge_is_carried_by_the_cash_of_its_own_sleeve() -> None:
    hedges = [sold(1, 0, sleeve=Sleeve.ENGINE), sold(2, 0)]
    assert asked(hedges, Margins({1: 60, 2: 70}), 100) == ({"1": 60, "2": 70}, set(), [30, 40])
