"""What waits for a confirmed price, what for a confirmed condition, and what never waits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.depth import DepthTerms
from bot.core.guard import Guard
from bot.core.quotes import PoolTerms
from bot.core.rules import Roll, Take
from tests.builders.ladders import Ladder
from tests.builders.runs import HOUR_S, layer

BY_PRICE: dict[str, Any] = {
    "arm": Comparison(metric="move_bps", below=-1_000.0),
    "disarm": Comparison(metric="move_bps", above=-300.0),
}

GUARD = Guard(confirmations=2, median_blocks=3)
"""Warm after three blocks; the hourly steps of these ladders are their rhythm, and no pause."""

CALM = ((1, 2_000),) * 4


def ladder_of(**changes: Any) -> Ladder:
    """One layer that arms under 1,800 and disarms over 1,940, four calm hours old."""
    ladder = Ladder(layer("one", **{**BY_PRICE, **changes}), guard=GUARD)
    ladder.walk(*CALM)
    return ladder


def holding(**changes: Any) -> Ladder:
    """The same with its hedge, bought at 1,790."""
    ladder = ladder_of(**changes)
    ladder.walk((1, 1_810), (1, 1_810), (1, 1_790), (1, 1_790), (1, 1_790))
    assert ladder.statuses == ["holding"]
    return ladder


def numbers(ladder: Ladder) -> dict[str, Any]:
    return dict(ladder.last["decisions"][0]["numbers"])


def test_a_layer_does_not_arm_before_the_guard_is_warm() -> None:
    ladder = Ladder(layer("one", **BY_PRICE), guard=GUARD)
    assert ladder.walk((1, 1_700)) == ["UNTRUSTED_PRICE"]
    assert numbers(ladder)["doubt"] == "WARMING"
    assert ladder.walk((1, 1_700)) == ["ARM"]


def test_a_spike_of_one_block_arms_nothing_and_says_why() -> None:
    ladder = ladder_of()
    assert ladder.walk((1, 1_500)) == ["UNTRUSTED_PRICE"]
    assert numbers(ladder) == {
        "move_bps": -2_500.0, "doubt": "OFF_MEDIAN", "spot": "1500000000",
        "median": "2000000000", "limit_bps": "200", "blocks": "1", "of": "2",
    }  # fmt: skip
    assert ladder.intents == []
    assert ladder.statuses == ["idle"]
    assert ladder.walk((1, 2_000), (1, 2_000)) == ["BELOW_ARM"] * 2


def test_a_condition_that_comes_true_by_less_than_the_limits_must_hold_too() -> None:
    """1,810 and then 1,799: half a per cent, within every limit, but across the threshold."""
    ladder = ladder_of()
    ladder.walk((1, 1_810), (1, 1_810), (1, 1_810))
    assert ladder.walk((1, 1_799)) == ["UNCONFIRMED"]
    assert numbers(ladder) == {"move_bps": -1_005.0, "blocks": "1", "of": "2"}
    assert ladder.statuses == ["idle"]
    assert ladder.walk((1, 1_799)) == ["ARM"]


def test_a_condition_that_flickers_is_never_confirmed() -> None:
    ladder = ladder_of()
    ladder.walk((1, 1_810), (1, 1_810), (1, 1_810))
    reasons = ladder.walk((1, 1_799), (1, 1_805), (1, 1_799), (1, 1_805))
    assert reasons == ["UNCONFIRMED", "BELOW_ARM"] * 2


def test_a_hedge_is_not_sold_into_a_spike() -> None:
    ladder = holding()
    assert ladder.walk((1, 2_100)) == ["UNTRUSTED_PRICE"]
    assert ladder.intents == []
    assert ladder.walk((1, 1_790)) == ["IN_BAND"]


def test_a_hedge_is_sold_when_its_disarm_has_held() -> None:
    ladder = holding()
    assert ladder.walk((1, 1_950), (1, 1_950)) == ["UNTRUSTED_PRICE", "DISARM"]
    assert ladder.statuses == ["cooling"]


def test_profit_is_not_taken_at_a_price_of_one_block() -> None:
    ladder = holding(take=Take(multiple_bps=15_000))
    assert ladder.walk((1, 1_300)) == ["UNTRUSTED_PRICE"]
    assert ladder.intents == []
    assert ladder.walk((1, 1_300)) == ["MONETISE"]


def test_a_roll_waits_and_what_was_rolled_is_bought_anew_at_a_trusted_price() -> None:
    ladder = holding(tenor_s=3 * 24 * HOUR_S, roll=Roll(before_expiry_s=24 * HOUR_S))
    while (reason := ladder.step(1, 1_790)[0]) == "IN_BAND":
        pass
    assert reason == "ROLL"
    assert ladder.walk((1, 1_500), (1, 1_500)) == ["UNTRUSTED_PRICE", "RETRY"]


def test_an_armed_layer_keeps_its_wish_through_a_spike_that_would_drop_it() -> None:
    ladder = ladder_of(premium_budget_bps_per_year=0)
    ladder.walk((1, 1_810), (1, 1_810), (1, 1_790), (1, 1_790), (1, 1_790))
    assert ladder.statuses == ["armed"]
    assert ladder.walk((1, 2_100)) == ["UNTRUSTED_PRICE"]
    assert ladder.statuses == ["armed"]
    assert ladder.walk((1, 2_100)) == ["DISARM"]


def test_a_hedge_without_a_position_is_not_sold_into_a_spike_either() -> None:
    ladder = holding()
    ladder.chain.lp = 0
    assert ladder.walk((1, 2_300), (1, 2_300)) == ["UNTRUSTED_PRICE", "NO_POSITION"]
    assert ladder.intents == ["close"]


def test_settlement_never_waits_and_a_spike_is_no_all_clear() -> None:
    """The price of expiry is the average of the half hour before; the spike came after it."""
    ladder = holding()
    while (reason := ladder.step(1, 1_790)[0]) == "IN_BAND" and hours_left(ladder) > 1:
        pass
    assert reason == "IN_BAND"
    assert ladder.walk((1, 2_100)) == ["SETTLE"]
    assert ladder.statuses == ["armed"]


def hours_left(ladder: Ladder) -> float:
    (hedge,) = ladder.runner.book.state.hedges  # type: ignore[union-attr]
    return (hedge.expiry_s - ladder.chain.time_s) / HOUR_S


def test_after_a_drained_pool_is_filled_prices_are_confirmed_anew() -> None:
    ladder = ladder_of()
    ladder.chain.price = 0
    ladder.chain.pass_hours(1, price=0)
    ladder.tick()
    reasons = ladder.walk((1, 1_500), (1, 1_500))
    assert reasons == ["UNTRUSTED_PRICE", "ARM"]


@pytest.mark.parametrize("blocks", [1, 2])
def test_volatility_is_not_sampled_at_a_price_that_is_doubted(blocks: int) -> None:
    """A spike of a quarter leaves no trace; one that stays is a return, two hours of it at once."""
    ladder = Ladder(
        layer("one", arm=Comparison(metric="realised_vol", above=9.0),
              disarm=Comparison(metric="realised_vol", below=8.0)),
        guard=GUARD,
    )  # fmt: skip
    ladder.walk(*CALM, *((1, 1_500),) * blocks, *((1, 2_000),) * 3)
    vol = ladder.runner.book.state.pools["WETH-USDC"].signals.vol  # type: ignore[union-attr]
    assert (vol.variance > 0) is (blocks == 2)


def test_what_rests_of_an_order_goes_on_resting_while_the_price_is_doubted() -> None:
    """About 186 puts are wanted and 60 shown a tick; the second 60 wait for the spike to pass, and
    an hour more, for then the average of half an hour is the spike's."""
    shallow = PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.0))
    one = layer("one", order_good_s=8 * HOUR_S, **BY_PRICE)
    ladder = Ladder(one, terms=shallow, guard=GUARD)
    ladder.walk(*CALM, (1, 1_810), (1, 1_810), (1, 1_790))
    reasons = ladder.walk((1, 1_790), (1, 1_500), (1, 1_790), (1, 1_790))
    assert reasons == ["ARM", "UNTRUSTED_PRICE", "UNTRUSTED_PRICE", "WORKING"]


def test_a_spike_of_one_block_no_longer_calls_margin_and_a_rise_that_lasts_does() -> None:
    """Bug: a block bent to 2,100 had a short forward sold there, all its margin lost.

    All base tokens sold forward at 1,900, with 30,000 beside the margin.
    """
    short = layer(
        "one", instrument="forward", offsets_bps=(0,), hedge_ratio_bps=10_000,
        tenor_s=7 * 24 * HOUR_S, arm=Comparison(metric="move_bps", below=-400.0),
        disarm=Comparison(metric="move_bps", below=-9_000.0),
    )  # fmt: skip
    fall = (*CALM, (1, 1_900), (1, 1_900), (1, 1_900))
    probe = Ladder(short, cash=10**12, guard=GUARD)
    probe.walk(*fall)
    cash = int(probe.last["book"]["hedges"][0]["margin"]) + 30_000 * 10**6
    ladder = Ladder(short, cash=cash, guard=GUARD)
    ladder.walk(*fall)
    assert ladder.statuses == ["holding"]
    assert ladder.walk((1, 2_100), (1, 1_900), (1, 1_900)) == ["IN_BAND"] * 3
    assert ladder.last["margins"] == {}
    assert ladder.walk((1, 2_100), (1, 2_100)) == ["IN_BAND", "MARGIN_CALL"]


def test_a_freeze_and_its_end_are_confirmed_like_any_other_change_of_mind() -> None:
    """Frozen under 1,700: a spike does not freeze, and one that ends a freeze does not thaw."""
    ladder = ladder_of(freeze=Comparison(metric="move_bps", below=-1_500.0))
    assert ladder.walk((1, 1_600), (1, 2_000)) == ["UNTRUSTED_PRICE", "BELOW_ARM"]
    ladder.walk((1, 2_000), (1, 1_750), (1, 1_750), (1, 1_750))
    assert ladder.walk((1, 1_690), (1, 1_690)) == ["UNTRUSTED_PRICE", "FREEZE"]
    assert ladder.walk((1, 1_720), (1, 1_690)) == ["UNCONFIRMED", "FROZEN"]
    assert ladder.walk((1, 1_720), (1, 1_720)) == ["UNCONFIRMED", "THAW"]


def test_a_layer_is_confirmed_by_its_own_metrics_measured_from_the_strike_it_has() -> None:
    """Never struck, it is measured from entry: 1,790 is 0.6 sigma below 2,000. Once struck there,
    it stands at its strike, but not yet on the block on which it was struck."""
    one = layer(
        "one",
        arm=Comparison(metric="move_sigma_restrike_abs", above=0.55),
        disarm=Comparison(metric="move_sigma_restrike_abs", below=0.05),
    )
    ladder = Ladder(one, guard=GUARD)
    ladder.walk(*CALM, (1, 1_820), (1, 1_820), (1, 1_820))
    reasons = ladder.walk((1, 1_790), (1, 1_790), (1, 1_790), (1, 1_790))
    assert reasons == ["UNCONFIRMED", "ARM", "UNCONFIRMED", "DISARM"]
