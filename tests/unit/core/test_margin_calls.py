"""Margin that follows the market, and what happens when cash does not."""

from __future__ import annotations

import pytest

from bot.core.conditions import Comparison
from bot.core.engine import recover
from bot.core.ledger import check_chain
from tests.builders.ladders import SHORT, Ladder
from tests.builders.runs import DAY_S, layer


def balances(ladder: Ladder) -> dict[tuple[str, str], int]:
    return dict(check_chain(ladder.journal.entries()).balances)


def test_margin_follows_the_market_up_and_down_as_entries_of_their_own() -> None:
    """About 340 short from 1,900: at 2,000 each needs 15 % of spot and the 100 it has lost."""
    ladder = Ladder(layer("one", **SHORT), cash=10**12)
    assert ladder.step(1, 1_900) == ["ARM"]
    (hedge,) = ladder.last["book"]["hedges"]
    size = -int(hedge["legs"][0]["quantity"])
    assert int(hedge["margin"]) == -(-size * 285_000_000 // 10**18)
    assert ladder.step(1, 2_000) == ["IN_BAND"]
    (hedge,) = ladder.last["book"]["hedges"]
    higher = -(-size * 400_000_000 // 10**18)
    assert int(hedge["margin"]) == higher
    assert ladder.last["margins"] == {hedge["id"]: str(higher)}
    assert balances(ladder)["Assets:Margin", "USDC"] == higher
    assert ladder.step(1, 1_800) == ["IN_BAND"]
    (hedge,) = ladder.last["book"]["hedges"]
    assert int(hedge["margin"]) == -(-size * 270_000_000 // 10**18)
    assert balances(ladder)["Assets:Margin", "USDC"] == int(hedge["margin"])


def test_a_hedge_that_cash_no_longer_carries_is_sold_at_any_price() -> None:
    """Margin for 285 a piece and 30,000 besides: a rise by 100 asks for 115 a piece more."""
    probe = Ladder(layer("one", **SHORT), cash=10**12)
    probe.step(1, 1_900)
    cash = int(probe.last["book"]["hedges"][0]["margin"]) + 30_000 * 10**6
    ladder = Ladder(layer("one", **SHORT), cash=cash)
    assert ladder.walk((1, 1_900), (1, 2_000)) == ["ARM", "MARGIN_CALL"]
    (order,), (fill,) = ladder.last["orders"], ladder.last["fills"]
    assert (order["intent"], order["is_forced"], fill["status"]) == ("close", True, "filled")
    assert (ladder.last["margins"], ladder.statuses) == ({}, ["cooling"])
    after = balances(ladder)
    assert after["Assets:Margin", "USDC"] == 0
    assert after["Assets:Cash", "USDC"] > 0
    assert ladder.last["book"]["debt"] == {}


@pytest.mark.parametrize("settles", [False, True])
def test_a_leap_beyond_margin_and_cash_leaves_a_debt_that_is_told_and_paid_first(
    settles: bool,
) -> None:
    """From 1,900 to 2,900 in a step: 1,000 a piece are lost, 285 and some cash are there."""
    probe = Ladder(layer("one", **SHORT), cash=10**12)
    probe.step(1, 1_900)
    margin = int(probe.last["book"]["hedges"][0]["margin"])
    ladder = Ladder(layer("one", **SHORT), cash=margin + 1_000 * 10**6)
    ladder.step(1, 1_900)
    if settles:  # the price stands at 2,900 through the whole window before the expiry
        ladder.chain.pass_hours(1, price=2_900)
        ladder.chain.pass_hours(7 * 24, price=2_900)
        assert ladder.tick() == ["SETTLE"]
    else:
        assert ladder.step(1, 2_900) == ["MARGIN_CALL"]
    owed = int(ladder.last["book"]["debt"]["USDC"])
    after = balances(ladder)
    assert owed > 0
    assert after["Liabilities:Venue", "USDC"] == -owed
    assert after["Assets:Cash", "USDC"] == after["Assets:Margin", "USDC"] == 0
    assert recover(ladder.journal, ladder.rules, venue=ladder.runner.venue) == ladder.runner.book
    assert ladder.step(24, 1_700)[0] in ("COOLED", "RETRY", "CASH", "ARM")
    assert int(ladder.last["book"]["debt"]["USDC"]) == owed


def test_a_debt_is_paid_back_from_what_comes_in() -> None:
    """Two layers: a put that pays, and a short forward that has left a debt."""
    put = layer(
        "put",
        arm=Comparison(metric="move_bps", below=-400.0),
        disarm=Comparison(metric="move_bps", below=-3_000.0),
        tenor_s=30 * DAY_S,
    )
    short = layer("short", **{**SHORT, "arm": Comparison(metric="move_bps", below=-450.0)})
    probe = Ladder(put, short, cash=10**12)
    probe.step(1, 1_900)
    spent = 10**12 - int(probe.last["book"]["cash"]["USDC"])
    ladder = Ladder(put, short, cash=spent + 1_000 * 10**6)
    ladder.walk((1, 1_900), (1, 2_700))
    owed = int(ladder.last["book"]["debt"]["USDC"])
    assert owed > 0
    assert ladder.step(1, 1_350)[0] == "DISARM"
    kinds = [entry.kind for entry in ladder.journal.entries()]
    assert kinds.count("borrow") == kinds.count("repay") == 1
    debt = int(ladder.last["book"]["debt"].get("USDC", 0))
    paid = int(ladder.last["fills"][0]["cash"]) - int(ladder.last["fills"][0]["fee"])
    assert debt == max(0, owed - paid)
    assert int(ladder.last["book"]["cash"]["USDC"]) == max(0, paid - owed)


def test_margins_of_several_hedges_fold_to_the_same_ledger() -> None:
    """Entries follow the hedges as they were opened; the journal has the margins sorted by id."""
    layers = [
        layer(f"short_{number}", **{**SHORT, "hedge_ratio_bps": 1_000, "offsets_bps": (offset,)})
        for number, offset in enumerate((-600, -300, 0, 300, 600))
    ]
    ladder = Ladder(*layers, cash=10**12)
    for price in (1_900, 1_910, 1_925, 1_890):
        ladder.step(1, price)
    opened = [hedge["id"] for hedge in ladder.last["book"]["hedges"]]
    assert opened != sorted(opened)
    assert recover(ladder.journal, ladder.rules, venue=ladder.runner.venue) == ladder.runner.book
