"""The ladder's state machine on a chain in the hands of the test: each reason, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.rules import Roll, Take
from tests.builders.ladders import START_S, Ladder
from tests.builders.runs import DAY_S, HOUR_S, layer

BY_PRICE: dict[str, Any] = {
    "arm": Comparison(metric="move_bps", below=-1_000.0),
    "disarm": Comparison(metric="move_bps", above=-300.0),
}


def test_a_layer_arms_below_one_threshold_and_disarms_above_another_and_holds_between() -> None:
    """Prices 2,000 -> 1,850 (-7.5 %) -> 1,790 (-10.5 %) -> 1,900 (-5 %) -> 1,950 (-2.5 %)."""
    ladder = Ladder(layer("one", **BY_PRICE))
    reasons = ladder.walk((1, 1_850), (1, 1_790), (1, 1_900), (1, 1_790), (1, 1_950))
    assert reasons == ["BELOW_ARM", "ARM", "IN_BAND", "IN_BAND", "DISARM"]
    assert ladder.statuses == ["cooling"]


def test_after_a_sale_a_layer_cools_down_and_looks_again_one_tick_later() -> None:
    ladder = Ladder(layer("one", cooldown_s=2 * HOUR_S, **BY_PRICE))
    ladder.walk((1, 1_790), (1, 1_990))
    reasons = ladder.walk((1, 1_700), (1, 1_700), (1, 1_700))
    assert reasons == ["COOLDOWN", "COOLED", "ARM"]


def test_a_hedge_is_not_sold_by_disarm_before_its_minimum_hold() -> None:
    ladder = Ladder(layer("one", hold_s_min=3 * HOUR_S, **BY_PRICE))
    assert ladder.walk((1, 1_790), (1, 1_990), (1, 1_990), (1, 1_990)) == [
        "ARM", "MIN_HOLD", "MIN_HOLD", "DISARM",
    ]  # fmt: skip


def test_a_hedge_that_brings_its_multiple_is_sold() -> None:
    ladder = Ladder(layer("one", take=Take(multiple_bps=20_000), tenor_s=3 * DAY_S, **BY_PRICE))
    assert ladder.walk((1, 1_790), (1, 1_500)) == ["ARM", "MONETISE"]
    (order,), (fill,) = ladder.last["orders"], ladder.last["fills"]
    cost = next(e for e in ladder.journal.entries() if e.kind == "hedge_open")
    paid = -sum(p.atoms for p in cost.postings if p.account == "Assets:Cash")
    assert order["intent"] == "close"
    assert int(fill["cash"]) - int(fill["fee"]) >= 2 * paid


def test_a_hedge_near_its_expiry_is_sold_and_bought_anew_on_the_next_tick() -> None:
    one = layer("one", tenor_s=DAY_S, roll=Roll(before_expiry_s=12 * HOUR_S), **BY_PRICE)
    ladder = Ladder(one)
    assert ladder.walk((1, 1_790), (10, 1_790), (2, 1_790), (1, 1_790)) == [
        "ARM", "IN_BAND", "ROLL", "RETRY",
    ]  # fmt: skip
    assert ladder.intents == ["open"]


@pytest.mark.parametrize(("price_after", "then"), [(1_700, ["RETRY"]), (1_990, ["COOLDOWN"])])
def test_an_expired_hedge_is_paid_and_the_layer_stays_armed_unless_all_is_clear(
    price_after: int, then: list[str]
) -> None:
    """The average of the last half hour before expiry is the price that stood there: 1,600."""
    ladder = Ladder(layer("one", tenor_s=DAY_S, cooldown_s=9 * HOUR_S, **BY_PRICE))
    assert ladder.walk((1, 1_790), (20, 1_600)) == ["ARM", "IN_BAND"]
    assert ladder.step(4, price_after) == ["SETTLE"]
    (order,) = ladder.last["orders"]
    assert abs(int(order["settlement"]) - 1_600 * 10**6) <= 1
    assert ladder.step(1, price_after) == then


def test_a_hedge_whose_window_nobody_saw_waits_and_says_so() -> None:
    """Bought minutes before the expiry that it names: its window began before the book did."""
    ladder = Ladder(layer("one", tenor_s=60, **BY_PRICE), start_s=START_S + DAY_S - 600)
    assert ladder.walk((0.05, 1_700), (0.2, 1_700)) == ["ARM", "NO_SETTLEMENT_PRICE"]
    assert ladder.statuses == ["holding"]


def test_a_position_that_leaves_sells_its_hedges_and_rests() -> None:
    ladder = Ladder(layer("one", **BY_PRICE))
    ladder.step(1, 1_790)
    ladder.chain.lp = 0
    assert ladder.step(1, 1_790) == ["NO_POSITION"]
    assert ladder.intents == ["close"]
    assert ladder.step(1, 1_700) == ["NO_POSITION"]
    assert (ladder.intents, ladder.statuses) == ([], ["idle"])


def test_a_drained_pool_is_left_alone() -> None:
    ladder = Ladder(layer("one", **BY_PRICE), dust_quote_micro=3 * 10**6 * 10**6)
    assert ladder.step(1, 1_700) == ["DUST"]


def test_a_metric_that_is_not_warm_fires_nothing() -> None:
    ladder = Ladder(layer("one", arm=Comparison(metric="realised_vol", below=9.0)))
    assert ladder.walk((1, 1_000), (1, 3_000)) == ["UNKNOWN_METRIC", "UNKNOWN_METRIC"]


@pytest.mark.parametrize(
    ("changes", "cash", "reason"),
    [
        ({"premium_budget_bps_per_year": 0}, 10**11, "BUDGET"),
        ({}, 0, "CASH"),
        ({"hedge_ratio_bps": 0}, 10**11, "NOTHING_TO_HEDGE"),
        ({"instrument": "put_spread", "offsets_bps": (-300, -301)}, 10**11, "NOT_LISTED"),
    ],
)
def test_a_layer_that_cannot_buy_stays_armed_and_says_why(
    changes: dict[str, Any], cash: int, reason: str
) -> None:
    ladder = Ladder(layer("one", **{**BY_PRICE, **changes}), cash=cash)
    assert ladder.walk((1, 1_700), (1, 1_700)) == [reason, reason]
    assert (ladder.intents, ladder.statuses) == ([], ["armed"])
    assert ladder.step(1, 1_990) == ["DISARM"]
    assert ladder.statuses == ["idle"]


def paid(ladder: Ladder) -> int:
    """What the last tick's fills took from cash."""
    return sum(int(fill["fee"]) - int(fill["cash"]) for fill in ladder.last["fills"])


def test_a_layer_buys_as_much_as_its_purse_allows_and_no_more() -> None:
    """A lot is a hundredth of a base token, and the fee is capped: nine tenths must be spent."""
    rich = Ladder(layer("one", **BY_PRICE))
    assert rich.step(1, 1_790) == ["ARM"]
    purse = paid(rich) // 10
    poor = Ladder(layer("one", **BY_PRICE), cash=purse)
    assert poor.step(1, 1_790) == ["ARM"]
    wanted, bought = (int(x.last["orders"][0]["legs"][0]["quantity"]) for x in (rich, poor))
    assert 0 < bought < wanted
    assert 0.9 * purse < paid(poor) <= purse


def test_the_first_layers_of_the_ladder_are_served_first() -> None:
    """Cash for the first alone: what it spends the second has not."""
    alone = Ladder(layer("one", **BY_PRICE))
    alone.step(1, 1_790)
    ladder = Ladder(layer("one", **BY_PRICE), layer("two", **BY_PRICE), cash=paid(alone))
    assert ladder.step(1, 1_790) == ["ARM", "CASH"]


def test_the_total_budget_binds_layers_together() -> None:
    """A hundredth of a per cent of 1.33 million dollars is 133: each has it, both have not."""
    one, two = (layer(name, premium_budget_bps_per_year=1, **BY_PRICE) for name in ("a", "b"))
    free, bound = Ladder(one, two), Ladder(one, two, total_budget_bps_per_year=1)
    assert free.step(1, 1_790) == ["ARM", "ARM"]
    bound.step(1, 1_790)
    assert 133_000_000 < paid(free) <= 267_000_000
    assert paid(bound) <= 133_333_333
