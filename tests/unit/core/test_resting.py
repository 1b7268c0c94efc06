"""Orders that rest: parts asked for again, price bounds that wait, and time that runs out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.depth import DepthTerms
from bot.core.price_bound import slippage_bps
from bot.core.quotes import PoolTerms
from tests.builders.ladders import Ladder
from tests.builders.runs import HOUR_S, layer, rules_of

BY_PRICE: dict[str, Any] = {
    "arm": Comparison(metric="move_bps", below=-1_000.0),
    "disarm": Comparison(metric="move_bps", above=-300.0),
}
SHALLOW = PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.0))
DEAR = 10**9


def bought(ladder: Ladder) -> list[int]:
    return [int(leg["leg"]["quantity"]) for fill in ladder.last["fills"] for leg in fill["legs"]]


def held(ladder: Ladder) -> int:
    hedges = ladder.last["book"]["hedges"]
    return sum(int(leg["quantity"]) for hedge in hedges for leg in hedge["legs"])


def test_what_the_book_did_not_show_is_asked_for_again_until_it_is_all_there() -> None:
    """About 186 puts are wanted, 60 are shown a tick: three times 60, the rest, as one hedge."""
    ladder = Ladder(layer("one", order_good_s=5 * HOUR_S, **BY_PRICE), terms=SHALLOW)
    assert ladder.step(1, 1_790) == ["ARM"]
    wanted = int(ladder.last["orders"][0]["legs"][0]["quantity"])
    assert ladder.walk(*[(1, 1_790)] * 4) == ["WORKING", "WORKING", "WORKING", "IN_BAND"]
    assert held(ladder) == wanted
    (hedge,) = ladder.last["book"]["hedges"]
    assert hedge["id"] in [entry.cause for entry in ladder.journal.entries()]
    paid = -sum(
        posting.atoms
        for entry in ladder.journal.entries()
        if entry.kind == "hedge_open"
        for posting in entry.postings
        if posting.account == "Assets:Cash"
    )
    assert int(hedge["cost"]) == paid
    ladder.journal.check()


def test_an_order_for_this_tick_only_leaves_a_smaller_hedge() -> None:
    ladder = Ladder(layer("one", **BY_PRICE), terms=SHALLOW)
    assert ladder.walk((1, 1_790), (1, 1_790)) == ["ARM", "IN_BAND"]
    assert held(ladder) == 60 * 10**18


def test_what_is_left_over_lapses_with_its_time_and_a_layer_that_slept_over_it_says_so() -> None:
    ladder = Ladder(layer("one", order_good_s=HOUR_S, **BY_PRICE), terms=SHALLOW)
    assert ladder.walk((1, 1_790), (1, 1_790), (1, 1_790), (1, 1_790)) == [
        "ARM", "WORKING", "IN_BAND", "IN_BAND",
    ]  # fmt: skip
    late = Ladder(layer("one", order_good_s=HOUR_S, **BY_PRICE), terms=SHALLOW)
    assert late.walk((1, 1_790), (2, 1_790), (1, 1_790)) == ["ARM", "LAPSED", "IN_BAND"]
    assert held(late) == 60 * 10**18


def test_a_price_bound_waits_for_a_better_quote_instead_of_paying() -> None:
    """Half a spread at a day is 5.5 % of the volatility: dearer than 1 % of the model price."""
    one = layer("one", slippage_bps_max=100, order_good_s=2 * HOUR_S, **BY_PRICE)
    ladder = Ladder(one)
    assert ladder.walk((1, 1_790), (1, 1_790), (1, 1_790), (1, 1_790)) == [
        "ARM", "WORKING", "WORKING", "RETRY",
    ]  # fmt: skip
    assert ladder.statuses == ["armed"]
    assert not [entry for entry in ladder.journal.entries() if entry.kind == "hedge_open"]
    (fill,) = ladder.last["fills"]
    assert fill["reason"] == "LIMIT"
    assert ladder.step(1, 1_990) == ["DISARM"]
    assert ladder.step(1, 1_990) == ["BELOW_ARM"]


def test_a_wide_price_bound_lets_the_quote_through() -> None:
    ladder = Ladder(layer("one", slippage_bps_max=5_000, **BY_PRICE))
    assert ladder.walk((1, 1_790), (1, 1_790)) == ["ARM", "IN_BAND"]


def test_a_sale_that_the_book_takes_only_in_part_goes_on_while_its_reason_stands() -> None:
    ladder = Ladder(layer("one", order_good_s=5 * HOUR_S, **BY_PRICE), terms=SHALLOW)
    ladder.walk((1, 1_790), (1, 1_790), (1, 1_790))
    whole = held(ladder)
    cost = int(ladder.last["book"]["hedges"][0]["cost"])
    assert ladder.step(1, 1_990) == ["DISARM"]
    assert held(ladder) == whole - 60 * 10**18
    assert ladder.statuses == ["holding"]
    kept = int(ladder.last["book"]["hedges"][0]["cost"])
    assert kept == -(-cost * held(ladder) // whole)
    assert ladder.walk((1, 1_990), (1, 1_990)) == ["DISARM", "DISARM"]
    assert (held(ladder), ladder.statuses) == (0, ["cooling"])
    ladder.journal.check()


def test_a_hedge_sold_in_part_is_kept_when_its_reason_is_gone() -> None:
    ladder = Ladder(layer("one", order_good_s=5 * HOUR_S, **BY_PRICE), terms=SHALLOW)
    ladder.walk((1, 1_790), (1, 1_790), (1, 1_790), (1, 1_990))
    left = held(ladder)
    assert left > 0
    assert ladder.step(1, 1_790) == ["IN_BAND"]
    assert held(ladder) == left


def test_a_wish_that_is_dropped_takes_its_order_with_it() -> None:
    one = layer("one", slippage_bps_max=0, order_good_s=9 * HOUR_S, **BY_PRICE)
    ladder = Ladder(one)
    assert ladder.walk((1, 1_790), (1, 1_990), (1, 1_790)) == ["ARM", "DISARM", "ARM"]


def test_what_rests_is_cut_to_the_purse_and_asked_for_no_more() -> None:
    rich = Ladder(layer("one", order_good_s=5 * HOUR_S, **BY_PRICE), terms=SHALLOW)
    rich.step(1, 1_790)
    first = sum(int(fill["fee"]) - int(fill["cash"]) for fill in rich.last["fills"])
    poor = Ladder(
        layer("one", order_good_s=5 * HOUR_S, **BY_PRICE), terms=SHALLOW, cash=first + first // 2
    )
    poor.walk((1, 1_790), (1, 1_790))
    again = sum(int(fill["fee"]) - int(fill["cash"]) for fill in poor.last["fills"])
    assert 0 < again <= first // 2
    assert poor.step(1, 1_790) == ["IN_BAND"]
    poor.journal.check()


@pytest.mark.parametrize(
    ("breadth", "bound_bps"), [(0.0, 1_000), (0.1, 900), (0.5, 500), (1.0, 0), (None, 500)]
)
def test_a_price_bound_widens_when_all_pools_fall_and_shuts_when_all_rise(
    breadth: float | None, bound_bps: int
) -> None:
    """500 bps times 2 (1 - breadth); an unknown breadth leaves it alone."""
    one = layer("one", slippage_bps_max=500, slippage_by_breadth=True)
    case: Any = SimpleNamespace(layer=one, metrics={"breadth": breadth})
    assert slippage_bps(case) == bound_bps
    assert "breadth" in rules_of(one).metric_names
    plain: Any = SimpleNamespace(layer=layer("one", slippage_bps_max=500), metrics=case.metrics)
    assert slippage_bps(plain) == 500
