"""Free cash on a tick on which hedges are sold, called or settled: no atom is spent twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.depth import DepthTerms
from bot.core.quotes import PoolTerms
from bot.core.rules import Layer, SizeBy, Take
from tests.builders.ladders import Ladder
from tests.builders.runs import DAY_S, layer

SHORT: dict[str, Any] = {
    "instrument": "forward",
    "offsets_bps": (0,),
    "size_by": SizeBy.BASE,
    "hedge_ratio_bps": 10_000,
    "tenor_s": 7 * DAY_S,
    "arm": Comparison(metric="move_bps", below=-400.0),
    "disarm": Comparison(metric="move_bps", below=-9_000.0),
}
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
