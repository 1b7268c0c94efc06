"""Reasons that could act, hidden by others that could not: each named after what was wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.depth import DepthTerms
from bot.core.guard import Guard
from bot.core.quotes import PoolTerms
from bot.core.rules import Roll, Take
from tests.builders.ladders import Ladder
from tests.builders.runs import DAY_S, HOUR_S, layer

GUARD = Guard(confirmations=2, median_blocks=3)
BY_PRICE: dict[str, Any] = {
    "arm": Comparison(metric="move_bps", below=-1_000.0),
    "disarm": Comparison(metric="move_bps", above=-980.0),
    "tenor_s": 7 * DAY_S,
}


def holding(**changes: Any) -> Ladder:
    """A put bought at 1,790, which `disarm` gives up above 1,804."""
    ladder = Ladder(layer("one", **{**BY_PRICE, **changes}), guard=GUARD)
    ladder.walk(*((1, 2_000),) * 4, (1, 1_810), (1, 1_810), (1, 1_790), (1, 1_790), (1, 1_790))
    assert ladder.statuses == ["holding"]
    return ladder


def numbers(ladder: Ladder) -> dict[str, Any]:
    return dict(ladder.last["decisions"][0]["numbers"])


@pytest.mark.parametrize(
    ("take", "reason"),
    [(Take(stop_bps=2_200), "STOP_LOSS"), (Take(multiple_bps=7_000), "MONETISE")],
)
def test_a_disarm_that_still_had_to_be_confirmed_hid_the_stop_and_the_profit(
    take: Take, reason: str
) -> None:
    """At 1,790 the put is worth 87 % of its cost, at 1,805 some 75 %: a stop at 78 %, and, since
    any multiple will do, a profit that is only looked for from 1,805 on."""
    ladder = holding(take=Take(stop_bps=2_200))
    assert ladder.walk((0.25, 1_790)) == ["IN_BAND"]
    ladder.runner.rules = replace(
        ladder.rules, layers=(replace(ladder.rules.layers[0], take=take),)
    )
    assert ladder.walk((0.25, 1_805)) == [reason]
    assert ladder.intents == ["close"]
    assert ladder.statuses == ["cooling"]
    assert numbers(ladder)["move_bps"] == -975.0


def test_a_disarm_that_has_to_be_confirmed_says_so_while_nothing_else_can_act() -> None:
    ladder = holding(take=Take(stop_bps=9_000, multiple_bps=90_000))
    assert ladder.walk((0.25, 1_805), (0.25, 1_805)) == ["UNCONFIRMED", "DISARM"]


def test_what_disarm_gives_up_is_not_rolled_while_that_is_confirmed() -> None:
    """A hedge that is about to be sold for good is not sold to be bought anew."""
    ladder = holding(roll=Roll(before_expiry_s=6 * DAY_S + 14 * HOUR_S))
    assert ladder.statuses == ["holding"]
    assert ladder.walk((1, 1_805)) == ["UNCONFIRMED"]
    assert numbers(ladder) == {"move_bps": -975.0, "blocks": "1", "of": "2"}
    assert ladder.walk((0.1, 1_800)) == ["ROLL"]


FREEZING: dict[str, Any] = {
    **BY_PRICE,
    "freeze": Comparison(metric="move_bps", below=-1_500.0),
    "thaw": Comparison(metric="twap_gap_bps", below=9_000.0),
}
"""Frozen under 1,700; the thaw, on another metric, is true all the time."""


def test_a_layer_whose_freeze_and_thaw_were_both_true_changed_its_status_on_every_tick() -> None:
    ladder = Ladder(layer("one", **FREEZING))
    ladder.walk((1, 1_790), (1, 1_790))
    assert ladder.statuses == ["holding"]
    reasons = ladder.walk(*((1, 1_690),) * 5)
    assert reasons == ["FREEZE", "FROZEN", "FROZEN", "FROZEN", "FROZEN"]
    assert numbers(ladder).keys() == {"move_bps", "twap_gap_bps"}
    assert ladder.walk((1, 1_720), (1, 1_720)) == ["THAW", "IN_BAND"]


def test_a_thaw_is_confirmed_on_blocks_on_which_the_freeze_was_over_too() -> None:
    """The thaw has been true for hours; the freeze has to be over for two blocks."""
    ladder = Ladder(layer("one", **FREEZING), guard=GUARD)
    ladder.walk(*((1, 2_000),) * 4, (1, 1_710), (1, 1_710), (1, 1_710), (1, 1_695), (1, 1_695))
    assert ladder.statuses == ["frozen"]
    assert ladder.walk((1, 1_705), (1, 1_695)) == ["UNCONFIRMED", "FROZEN"]
    assert ladder.walk((1, 1_705)) == ["UNCONFIRMED"]
    assert (numbers(ladder)["blocks"], numbers(ladder)["of"]) == ("1", "2")
    assert ladder.walk((1, 1_705)) == ["THAW"]


def test_a_position_beyond_the_largest_order_was_never_hedged_at_all() -> None:
    """The position holds some 352 base tokens at 1,790; the venue deals in 100 at once."""
    ladder = Ladder(
        layer("one", **{**BY_PRICE, "hedge_ratio_bps": 10_000}),
        terms=PoolTerms(quantity_max_base=100),
    )
    assert ladder.walk((1, 1_790), (1, 1_790)) == ["ARM", "IN_BAND"]
    ((leg,),) = [hedge["legs"] for hedge in ladder.last["book"]["hedges"]]
    assert int(leg["quantity"]) == 100 * 10**18


def test_what_the_position_calls_for_is_told_although_an_order_may_not_be_as_large() -> None:
    common: dict[str, Any] = {**BY_PRICE, "hedge_ratio_bps": 10_000}
    small = Ladder(layer("one", **common), terms=PoolTerms(quantity_max_base=100))
    large = Ladder(layer("one", **common))
    for ladder in (small, large):
        assert ladder.walk((1, 1_790)) == ["ARM"]
    assert numbers(small)["wanted"] == numbers(large)["wanted"]
    assert (numbers(small)["quantity"], numbers(large)["quantity"]) == (
        str(100 * 10**18),
        numbers(large)["wanted"],
    )


def test_a_strip_beyond_the_largest_order_keeps_its_shape() -> None:
    strip: dict[str, Any] = {
        **BY_PRICE, "instrument": "il_strip", "offsets_bps": (-3_000, -1_000, 1_000),
        "hedge_ratio_bps": 10_000,
    }  # fmt: skip
    sizes = []
    for most in (1, 100_000):
        ladder = Ladder(layer("one", **strip), terms=PoolTerms(quantity_max_base=most))
        assert ladder.walk((1, 1_790)) == ["ARM"]
        (hedge,) = ladder.last["book"]["hedges"]
        sizes.append([int(leg["quantity"]) for leg in hedge["legs"]])
    small, large = sizes
    assert max(small) == 10**18 < max(large)
    lot = 10**16
    for one, other in zip(small, large, strict=True):
        assert abs(one * max(large) - other * max(small)) <= lot * max(large)


def held_size(ladder: Ladder) -> int:
    return sum(int(hedge["legs"][0]["quantity"]) for hedge in ladder.last["book"]["hedges"])


@pytest.mark.parametrize(
    ("roll", "reason"),
    [
        (Roll(delta_drift_ppb=150_000_000), "RESTRIKE"),
        (Roll(target_drift_bps=500), "STALE"),
        (Roll(early_s=5 * DAY_S, forward_vol_bps=5_000), "ROLL_EARLY"),
    ],
)
def test_protection_that_no_budget_could_buy_anew_was_sold_all_the_same(
    roll: Roll, reason: str
) -> None:
    """A fall to 1,500 moves the delta of the put and the size called for, and three days pass; the
    budget of the year has gone into the first put."""
    common: dict[str, Any] = {**BY_PRICE, "roll": roll}
    rich = Ladder(layer("one", **common))
    assert rich.walk((1, 1_790), (72, 1_500)) == ["ARM", reason]
    spent = int(rich.last["book"]["hedges"] == [])
    assert spent
    value = 2 * (2_000_000 * 10**6 // 3)
    first = Ladder(layer("one", **common))
    first.step(1, 1_790)
    cost = int(first.last["book"]["hedges"][0]["cost"])
    poor = Ladder(layer("one", **common, premium_budget_bps_per_year=cost * 10_000 // value + 1))
    assert poor.walk((1, 1_790), (72, 1_500)) == ["ARM", "IN_BAND"]
    assert held_size(poor) == held_size(first)
    assert numbers(poor)["why"].startswith(f"{reason} waits: only ")


def test_a_hedge_of_which_a_part_was_sold_stayed_small_for_good() -> None:
    """About 180 puts, of which the book takes 60 when `disarm` is true for an hour."""
    shallow = PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.0))
    one = layer(
        "one", **{**BY_PRICE, "order_good_s": 9 * HOUR_S, "roll": Roll(target_drift_bps=2_000)}
    )
    ladder = Ladder(one, terms=shallow)
    ladder.walk(*((1, 1_790),) * 6)
    assert ladder.statuses == ["holding"]
    whole = held_size(ladder)
    assert ladder.walk((1, 1_805), (1, 1_790)) == ["DISARM", "STALE"]
    assert held_size(ladder) < whole
    ladder.walk(*((1, 1_790),) * 6)
    assert held_size(ladder) >= 0.99 * whole


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_disarm_within_the_minimum_hold_gave_up_what_rested_of_the_order(blocks: int) -> None:
    """About 180 puts are wanted and 60 shown an hour; for one hour or two `disarm` is true."""
    shallow = PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.0))
    one = layer("one", **{**BY_PRICE, "order_good_s": 9 * HOUR_S, "hold_s_min": DAY_S})
    ladder = Ladder(one, terms=shallow)
    reasons = ladder.walk((1, 1_790), *((1, 1_805),) * blocks, (1, 1_790), (1, 1_790))
    assert reasons == ["ARM", *["MIN_HOLD"] * blocks, "WORKING", "WORKING"]


def test_a_pool_that_was_dust_for_a_block_gave_up_what_rested_of_the_order() -> None:
    shallow = PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.0))
    one = layer("one", **{**BY_PRICE, "order_good_s": 9 * HOUR_S})
    ladder = Ladder(one, terms=shallow, dust_quote_micro=10**12)
    assert ladder.walk((1, 1_790)) == ["ARM"]
    ladder.chain.shallower = 3
    assert ladder.walk((1, 1_790)) == ["DUST"]
    ladder.chain.shallower = 1
    assert ladder.walk((1, 1_790)) == ["WORKING"]


def test_without_a_guard_a_layers_own_metric_acts_on_its_first_block() -> None:
    """No blocks are remembered then: the one at hand counts."""
    one = layer(
        "one",
        arm=Comparison(metric="move_sigma_restrike", below=-0.5),
        disarm=Comparison(metric="move_sigma_restrike", above=0.3),
    )
    assert Ladder(one).walk((1, 1_790), (1, 1_790), (1, 1_950)) == ["ARM", "IN_BAND", "DISARM"]


def test_what_a_sale_brings_and_frees_may_buy_the_hedge_anew() -> None:
    """All cash, or all that the cap allows, lies in the put, which a fall has made worth more."""
    one = layer("one", **{**BY_PRICE, "roll": Roll(delta_drift_ppb=150_000_000)})
    probe = Ladder(one)
    probe.step(1, 1_790)
    cost = int(probe.last["book"]["hedges"][0]["cost"])
    value = 2 * (2_000_000 * 10**6 // 3)
    bare = Ladder(one, cash=cost)
    assert bare.walk((1, 1_790), (72, 1_500)) == ["ARM", "RESTRIKE"]
    capped = Ladder(one, exposure_cap_bps=cost * 10_000 // value + 1)
    assert capped.walk((1, 1_790), (72, 1_500)) == ["ARM", "RESTRIKE"]


def test_a_hedge_that_the_purse_had_cut_is_struck_anew_as_small_as_it_is() -> None:
    """500 dollars buy a tenth of what is called for, before the fall and behind it."""
    one = layer("one", **{**BY_PRICE, "roll": Roll(delta_drift_ppb=150_000_000)})
    assert Ladder(one, cash=500 * 10**6).walk((1, 1_790), (72, 1_500)) == ["ARM", "RESTRIKE"]


def test_margin_that_a_sale_frees_may_be_set_aside_anew_for_what_is_still_called_for() -> None:
    """A forward on all base tokens, 1,000 dollars beside it; half of the position leaves."""
    short = layer(
        "one", instrument="forward", offsets_bps=(0,), hedge_ratio_bps=10_000,
        tenor_s=7 * DAY_S, roll=Roll(target_drift_bps=2_000),
        arm=Comparison(metric="move_bps", below=-400.0),
        disarm=Comparison(metric="move_bps", below=-9_000.0),
    )  # fmt: skip
    probe = Ladder(short, cash=10**12)
    probe.step(1, 1_900)
    tied = 10**12 - int(probe.last["book"]["cash"]["USDC"])
    ladder = Ladder(short, cash=tied + 1_000 * 10**6)
    assert ladder.walk((1, 1_900), (1, 1_900)) == ["ARM", "IN_BAND"]
    ladder.chain.lp //= 2
    assert ladder.walk((1, 1_900), (1, 1_900)) == ["STALE", "RETRY"]
    assert ladder.statuses == ["holding"]
