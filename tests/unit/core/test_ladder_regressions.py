"""What the ladder once did wrong, each under the name of what was wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.accounts import CASH, premium_account
from bot.core.conditions import Comparison
from bot.core.depth import DepthTerms
from bot.core.engine import recover
from bot.core.quotes import PoolTerms
from bot.core.rules import Roll, Take
from bot.core.settlement import _lent
from bot.core.sleeves import Money, Sleeve
from bot.core.state import BookState
from tests.builders.book import draft
from tests.builders.ladders import SHORT, Ladder
from tests.builders.runs import DAY_S, HOUR_S, POOL, layer

BY_PRICE: dict[str, Any] = {
    "arm": Comparison(metric="move_bps", below=-1_000.0),
    "disarm": Comparison(metric="move_bps", above=-300.0),
}
FREEZING: dict[str, Any] = {
    **BY_PRICE,
    "freeze": Comparison(metric="move_bps", below=-3_000.0),
    "thaw": Comparison(metric="move_bps", above=-2_500.0),
}
SHALLOW = PoolTerms(depth=DepthTerms(size_base=60, distance_thinning=0.0))


def struck(ladder: Ladder) -> int:
    assert ladder.runner.book is not None
    return ladder.runner.book.state.pools[POOL].layers["one"].struck_atoms


def test_a_settlement_thawed_a_frozen_layer_which_then_bought() -> None:
    """Frozen below -30 %, thawed above -25 %; at -27.5 % neither, and the hedge expires."""
    ladder = Ladder(layer("one", tenor_s=DAY_S, **FREEZING))
    assert ladder.walk((1, 1_790), (20, 1_390), (4, 1_450)) == ["ARM", "FREEZE", "SETTLE"]
    assert ladder.statuses == ["frozen"]
    assert ladder.walk((1, 1_450), (1, 1_520), (1, 1_520), (1, 1_520)) == [
        "FROZEN", "THAW", "COOLDOWN", "COOLDOWN",
    ]  # fmt: skip


def test_a_margin_call_thawed_a_frozen_layer() -> None:
    """Short at 1,900 and frozen there; margin for a rise to 2,000 is not in the purse."""
    one = layer(
        "one",
        freeze=Comparison(metric="move_bps", below=-450.0, above=-600.0),
        thaw=Comparison(metric="move_bps", below=-700.0),
        **SHORT,
    )
    probe = Ladder(replace(one, freeze=None, thaw=None), cash=10**12)
    probe.step(1, 1_910)
    cash = int(probe.last["book"]["hedges"][0]["margin"]) + 30_000 * 10**6
    ladder = Ladder(one, cash=cash)
    assert ladder.walk((1, 1_910), (1, 1_900), (1, 2_010)) == ["ARM", "FREEZE", "MARGIN_CALL"]
    assert ladder.statuses == ["frozen"]
    assert ladder.walk((1, 2_010), (1, 1_850)) == ["FROZEN", "THAW"]


def test_a_missing_settlement_price_thawed_a_frozen_layer() -> None:
    start_s = Ladder(layer("one", **BY_PRICE)).chain.time_s + DAY_S - 600
    ladder = Ladder(layer("one", tenor_s=60, **FREEZING), start_s=start_s)
    assert ladder.walk((0.05, 1_700), (0.05, 1_390), (0.2, 1_450)) == [
        "ARM", "FREEZE", "NO_SETTLEMENT_PRICE",
    ]  # fmt: skip
    assert ladder.statuses == ["frozen"]


def test_a_hedge_cut_by_the_purse_went_stale_when_the_venue_first_refused_it() -> None:
    """Half a spread at 14 days is more than 1.5 % of the model price at first, and less later."""
    one = layer(
        "one",
        tenor_s=14 * DAY_S,
        slippage_bps_max=150,
        order_good_s=3 * DAY_S,
        roll=Roll(target_drift_bps=500),
        **BY_PRICE,
    )
    rich, poor = Ladder(one), Ladder(one, cash=500 * 10**6)
    for ladder in (rich, poor):
        assert ladder.walk((1, 1_790), (12, 1_790), (12, 1_790)) == ["ARM", "WORKING", "IN_BAND"]
    sizes = [ladder.runner.book.state.hedges[0].target_atoms for ladder in (rich, poor)]  # type: ignore[union-attr]
    assert sizes[0] == sizes[1] > 100 * 10**18


def test_a_hedge_struck_by_an_order_asked_again_was_no_strike() -> None:
    one = layer("one", tenor_s=14 * DAY_S, slippage_bps_max=150, order_good_s=DAY_S, **BY_PRICE)
    ladder = Ladder(one)
    assert ladder.step(1, 1_790) == ["ARM"]
    assert struck(ladder) == 0
    assert ladder.step(12, 1_800) == ["WORKING"]
    assert abs(struck(ladder) - 1_800 * 10**6) <= 1


def test_what_is_added_to_a_hedge_is_no_strike() -> None:
    ladder = Ladder(layer("one", order_good_s=5 * HOUR_S, **BY_PRICE), terms=SHALLOW)
    assert ladder.walk((1, 1_790), (1, 1_800)) == ["ARM", "WORKING"]
    assert ladder.last["fills"][0]["legs"]
    assert abs(struck(ladder) - 1_790 * 10**6) <= 1


@pytest.mark.parametrize(
    ("take", "prices", "reason"),
    [
        (Take(stop_bps=2_000), (1_790, 1_990), "STOP_LOSS"),
        (Take(multiple_bps=12_000), (1_790, 1_500), "MONETISE"),
    ],
)
def test_the_minimum_hold_kept_a_hedge_from_its_stop_and_its_profit_once_disarm_was_true(
    take: Take, prices: tuple[int, int], reason: str
) -> None:
    disarm = Comparison(metric="move_sigma_abs", below=0.1 if reason == "STOP_LOSS" else 9.0)
    one = layer("one", hold_s_min=30 * HOUR_S, take=take, **{**BY_PRICE, "disarm": disarm})
    ladder = Ladder(one)
    assert ladder.walk(*[(1, price) for price in prices]) == ["ARM", reason]


def test_margin_that_rose_on_the_same_tick_did_not_count_against_the_cap() -> None:
    """The forward's margin rises with the price, on the tick on which the put is bought."""
    short = layer("short", **SHORT)
    put = layer(
        "put",
        arm=Comparison(metric="move_bps", above=-100.0, below=-10.0),
        disarm=Comparison(metric="move_bps", below=-9_000.0),
        hedge_ratio_bps=10_000,
        tenor_s=60 * DAY_S,
    )

    def tied(ladder: Ladder) -> int:
        hedges = ladder.last["book"]["hedges"]
        return sum(max(0, int(each["cost"])) + int(each["margin"]) for each in hedges)

    ladder = Ladder(short, put, cash=10**12, exposure_cap_bps=1_050)
    cap = 1_050 * 2 * (2_000_000 * 10**6 // 3) // 10_000
    assert ladder.step(1, 1_900)[0] == "ARM"
    assert ladder.step(1, 1_990) == ["IN_BAND", "ARM"]
    assert 0.95 * cap < tied(ladder) <= cap


def test_what_rested_was_bought_in_a_drained_pool() -> None:
    """Two million dollars on the quote side, then a tenth of it at the same price."""
    ladder = Ladder(
        layer("one", order_good_s=5 * HOUR_S, **BY_PRICE),
        terms=SHALLOW,
        dust_quote_micro=10**12,
    )
    assert ladder.step(1, 1_790) == ["ARM"]
    ladder.chain.shallower = 10
    assert ladder.walk((1, 1_790), (1, 1_790)) == ["DUST", "DUST"]
    assert (ladder.intents, ladder.statuses) == ([], ["holding"])


def test_margin_stood_still_while_a_hedge_was_sold_in_part() -> None:
    """Short at 1,900, five a tick: 15 % of spot each, and what each has lost since."""
    deep = PoolTerms(depth=DepthTerms(size_base=5, distance_thinning=0.0))
    disarm = Comparison(metric="move_bps", above=-200.0)
    one = layer("one", order_good_s=9 * HOUR_S, **{**SHORT, "disarm": disarm})
    ladder = Ladder(one, terms=deep, cash=10**12)
    ladder.walk(*[(1, 1_900)] * 4)
    for price in (1_990, 2_300):
        assert ladder.step(1, price) == ["DISARM"]
        (hedge,) = ladder.last["book"]["hedges"]
        size = -int(hedge["legs"][0]["quantity"]) // 10**18
        assert size == (15 if price == 1_990 else 10)
        needed = size * (price * 15 // 100 + price - 1_900) * 10**6
        assert abs(int(hedge["margin"]) - needed) <= size * 10**6
    ladder.journal.check()


def test_a_book_whose_hedges_changed_their_margins_on_one_tick_could_not_be_recovered() -> None:
    """A journal sorts what it writes by id; the entries are in the order of the hedges."""
    arms = [Comparison(metric="move_bps", below=-400.0 - number) for number in range(5)]
    ladder = Ladder(
        *(layer(f"s{number}", **{**SHORT, "arm": arm}) for number, arm in enumerate(arms)),
        cash=10**12,
    )
    for price in (1_900, 1_950, 1_890, 2_000):
        ladder.step(1, price)
        again = recover(ladder.journal, ladder.rules, venue=ladder.runner.venue)
        assert again == ladder.runner.book
    assert len(ladder.last["margins"]) == 5
    assert list(ladder.last["margins"]) != [hedge["id"] for hedge in ladder.last["book"]["hedges"]]


def test_debts_in_two_currencies_were_booked_in_the_order_in_which_cash_was_first_told() -> None:
    """A journal tells capital sorted, a run as it was given."""
    premium = premium_account(pool=POOL, layer="one")
    drafts = [draft("close", "one", *((premium, CASH, symbol, 5) for symbol in ("USDC", "DAI")))]
    told = [
        _lent(
            BookState(specs=(), money={Sleeve.CORE: Money(cash=dict.fromkeys(order, 1))}),
            drafts,
            cause="tick",
        )
        for order in (("USDC", "DAI"), ("DAI", "USDC"))
    ]
    assert told[0] == told[1]
    assert [each.kind for each in told[0]] == ["borrow", "borrow", "close"]
