"""The second engine at work: its own money, its cap, its gate, and books that fold and replay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.engine import recover
from bot.core.ledger import check_chain
from bot.core.model_stage import model_world
from bot.core.record import read_body
from bot.core.rules import Engine, SizeBy
from bot.core.sleeves import Money, Sleeve, opening_money, spendable
from bot.core.terms import (
    rules_from_json,
    rules_to_json,
    sealed,
    venue_from_json,
    venue_to_json,
)
from bot.core.units import DAY_S
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_journal
from tests.builders.ladders import Ladder
from tests.builders.runs import HOUR_S, layer, runner_for, storm, storm_rules
from tests.builders.vols import engine_layer

CASH = 10**11  # 100,000 USDC
ENGINE = Engine(capital_bps=2_000)


def ladder(*layers: Any, engine: Engine = ENGINE, cash: int = CASH, **changes: Any) -> Ladder:
    return Ladder(*layers, cash=cash, engine=engine, **changes)


def balances(one: Ladder) -> dict[tuple[str, str], int]:
    return dict(check_chain(one.journal.entries()).balances)


def held(one: Ladder, account: str) -> int:
    return balances(one).get((account, "USDC"), 0)


def require_whole(one: Ladder) -> None:
    """It folds to the same book and replays to the same bytes; ledger and state agree."""
    assert one.runner.book is not None
    assert recover(one.journal, one.rules, venue=one.runner.venue) == one.runner.book
    replay_journal(one.journal.rows(), one.rules, venue=one.runner.venue, journal=MemoryStore())
    state = one.runner.book.state
    names = {
        Sleeve.CORE: ("Assets:Cash", "Assets:Margin", "Liabilities:Venue"),
        Sleeve.ENGINE: ("Assets:EngineCash", "Assets:EngineMargin", "Liabilities:EngineVenue"),
    }
    for sleeve, (cash, margin, debt) in names.items():
        money = state.money[sleeve]
        assert held(one, cash) == money.cash.get("USDC", 0)
        assert held(one, margin) == money.margin.get("USDC", 0)
        assert held(one, debt) == -money.debt.get("USDC", 0)
        assert money.margin.get("USDC", 0) == sum(
            hedge.margin_atoms for hedge in state.hedges if hedge.sleeve is sleeve
        )


def test_the_opening_gives_the_engine_its_share_in_an_entry_of_its_own() -> None:
    one = ladder(engine_layer("vol"))
    fund = next(entry for entry in one.journal.entries() if entry.kind == "fund")
    assert [(p.account, p.atoms) for p in fund.postings] == [
        ("Assets:EngineCash", CASH // 5), ("Assets:Cash", -CASH // 5),
    ]  # fmt: skip
    assert one.last["book"]["engine"]["cash"] == {"USDC": str(CASH // 5)}
    require_whole(one)


def test_a_book_without_an_engine_has_no_entry_of_it() -> None:
    one = Ladder(layer("put"), cash=CASH)
    assert "fund" not in {entry.kind for entry in one.journal.entries()}
    assert one.last["book"]["engine"] == {"cash": {}, "margin": {}, "debt": {}}


def test_each_sleeve_pays_for_its_own_and_never_for_the_other() -> None:
    put = layer("put", arm=Comparison(metric="move_bps", below=-200.0),
                disarm=Comparison(metric="move_bps", above=-50.0))  # fmt: skip
    one = ladder(put, engine_layer("vol"))
    before = balances(one)
    assert one.step(1, 1_900) == ["ARM", "ARM"]
    after = balances(one)
    core, engine = one.last["fills"]
    assert after["Assets:Cash", "USDC"] - before["Assets:Cash", "USDC"] == (
        int(core["cash"]) - int(core["fee"]) - int(core["margin"])
    )
    assert after["Assets:EngineCash", "USDC"] - before["Assets:EngineCash", "USDC"] == (
        int(engine["cash"]) - int(engine["fee"]) - int(engine["margin"])
    )
    assert after["Assets:EngineMargin", "USDC"] == int(engine["margin"]) > 0
    assert [order["sleeve"] for order in one.last["orders"]] == ["core", "engine"]
    require_whole(one)


def test_capital_sizes_by_what_the_engine_was_given_and_the_contracts_tie_up() -> None:
    """A fifth of 20,000 is 4,000; a future ties up 40 % of the index, its cost and its fee."""
    one = ladder(engine_layer("vol"))
    one.step(1, 1_900)
    (hedge,) = one.last["book"]["hedges"]
    tied = int(hedge["margin"]) + max(0, int(hedge["cost"]))
    assert 0 <= CASH // 5 // 5 - tied < 30_000 * 2
    assert hedge["legs"][0]["contract"]["code"].endswith("-VF")


@pytest.mark.parametrize(
    ("instrument", "offsets"),
    [("vol_future", (0,)), ("vol_call_spread", (0, 3_000)), ("vol_token", (0,))],
)
def test_vega_sizes_by_what_a_rise_of_volatility_costs_the_position(
    instrument: str, offsets: tuple[int, ...]
) -> None:
    """Oracle: the derivative of V (exp(-s^2 T/8) - 1) by differences, over the price's own."""
    from math import exp

    vol = engine_layer(
        "vol", instrument=instrument, offsets_bps=offsets, size_by=SizeBy.VEGA, hedge_ratio_bps=500
    )
    one = ladder(vol, cash=10**13)
    assert one.step(1, 1_900) == ["ARM"]
    assert one.runner.book is not None
    state = one.runner.book.state
    (hedge,) = state.hedges
    view_market = one.runner.venue
    market = one.last["views"]["WETH-USDC"]
    value = int(market["exposure"]["lp_value_atoms"]) / 1e6
    years, sigma, step = 14 / 365, view_market.terms.pools["WETH-USDC"].surface.vol(
        forward=1.0, strike=1.0, years=14 / 365, realised_vol=None
    ), 1e-5  # fmt: skip

    def expected(vol: float) -> float:
        return value * (exp(-vol * vol * years / 8) - 1)

    lost = -(expected(sigma + step) - expected(sigma - step)) / (2 * step)
    found = 0.0
    for leg in hedge.legs:
        greek = view_market.greeks(leg.contract, _market(one)).vega_ppb / 1e9
        found += leg.quantity_atoms / 1e6 * greek * 1_900
    assert found == pytest.approx(0.05 * lost, rel=2e-3)


def _market(one: Ladder) -> Any:
    from bot.core.sight import look

    assert one.runner.book is not None
    before, after = (step.state for step in one.runner.book.steps[-2:])
    assert after.snapshot is not None
    return look(before, after.snapshot, one.rules, one.runner.venue).views["WETH-USDC"].market


def test_the_cap_leaves_untouched_what_must_stay() -> None:
    """Given 20,000 with a cap of 10 %: 2,000 may be tied up or lost, whatever a layer wants."""
    one = ladder(engine_layer("vol", hedge_ratio_bps=20_000), engine=replace(ENGINE, cap_bps=1_000))
    one.step(1, 1_900)
    assert 18_000 * 10**6 <= held(one, "Assets:EngineCash") < 18_100 * 10**6
    require_whole(one)


def test_spendable_is_free_cash_less_what_must_stay() -> None:
    money = Money(cash={"USDC": 700}, given={"USDC": 1_000})
    assert spendable(money, cap_bps=6_000) == {"USDC": 300}
    assert spendable(money, cap_bps=10_000) == {"USDC": 700}
    assert spendable(money, cap_bps=2_000) == {"USDC": -100}


def test_the_engines_share_rounds_down_and_nothing_is_lost() -> None:
    divided = opening_money({"USDC": 999, "DAI": 3}, engine_bps=1_000)
    assert divided[Sleeve.ENGINE].cash == {"USDC": 99}
    assert divided[Sleeve.CORE].cash == {"USDC": 900, "DAI": 3}


def test_its_budget_is_a_share_of_what_it_was_given() -> None:
    """Calls for 1 % of 20,000 a year: 200, premium and fees."""
    calls = engine_layer(
        "vol", instrument="vol_call_spread", offsets_bps=(0, 3_000),
        premium_budget_bps_per_year=100,
    )  # fmt: skip
    one = ladder(calls)
    one.step(1, 1_900)
    (hedge,) = one.last["book"]["hedges"]
    assert 195 * 10**6 < int(hedge["cost"]) <= 200 * 10**6


def test_a_closed_gate_buys_nothing() -> None:
    one = ladder(engine_layer("vol"), engine=replace(ENGINE, enabled=False))
    assert one.walk((1, 1_900), (1, 1_700)) == ["GATE", "GATE"]
    assert (one.intents, one.statuses) == ([], ["idle"])


def test_a_gate_that_closes_has_what_is_held_sold() -> None:
    one = ladder(engine_layer("vol"))
    one.step(1, 1_900)
    assert one.statuses == ["holding"]
    one.runner.rules = replace(one.rules, engine=replace(ENGINE, enabled=False))
    assert one.step(1, 1_900) == ["GATE"]
    assert (one.intents, one.statuses) == (["close"], ["idle"])
    assert held(one, "Assets:EngineMargin") == 0


def test_a_future_settles_by_the_index_of_the_window_before_expiry() -> None:
    """Bought on 2 March for the 16th; no realised volatility, so the index stands still."""
    one = ladder(engine_layer("vol", disarm=Comparison(metric="move_bps", above=10_000.0)))
    one.step(1, 1_900)
    (hedge,) = one.last["book"]["hedges"]
    leg = hedge["legs"][0]
    before = held(one, "Assets:EngineCash")
    hours = (leg["contract"]["expiry_s"] - one.chain.time_s) // HOUR_S
    one.chain.pass_hours(hours - 1, price=1_900)
    one.tick()
    assert one.step(1, 1_900) == ["SETTLE"]
    index = one.runner.venue.index_atoms(_market(one))
    (order,), (fill,) = one.last["orders"], one.last["fills"]
    assert int(order["settlement"]) == index
    quantity, strike = int(leg["quantity"]), int(leg["contract"]["strike"])
    assert int(fill["cash"]) == quantity * (index - strike) // 10**6
    after = held(one, "Assets:EngineCash")
    assert after - before == int(fill["cash"]) - int(fill["fee"]) + int(hedge["margin"])
    require_whole(one)


def test_the_token_is_bought_held_through_rolls_and_sold_but_never_settled() -> None:
    one = ladder(engine_layer("vol", instrument="vol_token"))
    reasons = one.walk((1, 1_900), (24, 1_900), (24 * 20, 1_900), (1, 1_999))
    assert reasons == ["ARM", "IN_BAND", "IN_BAND", "DISARM"]
    assert held(one, "Assets:EngineMargin") == 0
    assert held(one, "Assets:EngineCash") < CASH // 5  # two spreads, two fees, and the slope
    require_whole(one)


SHORT_FORWARD = {
    "instrument": "forward", "offsets_bps": (0,), "size_by": SizeBy.BASE,
    "hedge_ratio_bps": 10_000, "tenor_s": 7 * DAY_S,
    "disarm": Comparison(metric="move_bps", below=-9_000.0),
}  # fmt: skip


def test_a_margin_call_and_a_debt_of_the_engine_stay_the_engines() -> None:
    """Forwards sold by the engine from 1,900 to 2,900: it owes, the core's cash does not move."""
    short = engine_layer("short", **SHORT_FORWARD)
    one = ladder(short, engine=replace(ENGINE, capital_bps=5_000), cash=3 * 10**11)
    core = held(one, "Assets:Cash")
    assert one.walk((1, 1_900), (1, 2_900)) == ["ARM", "MARGIN_CALL"]
    assert held(one, "Assets:Cash") == core
    assert held(one, "Assets:EngineCash") == held(one, "Assets:EngineMargin") == 0
    assert held(one, "Liabilities:EngineVenue") < 0
    assert held(one, "Liabilities:Venue") == 0
    assert one.last["book"]["debt"] == {}
    assert one.step(1, 1_900)[0] in ("COOLED", "COOLDOWN")
    assert held(one, "Assets:Cash") == core
    require_whole(one)


def test_a_debt_of_the_core_is_not_paid_by_the_engine() -> None:
    core = layer("short", arm=Comparison(metric="move_bps", below=-200.0), **SHORT_FORWARD)
    one = ladder(core, engine_layer("vol"), engine=Engine(capital_bps=6_000), cash=2 * 10**11)
    one.walk((1, 1_900), (1, 2_900))
    assert held(one, "Liabilities:Venue") < 0
    assert held(one, "Liabilities:EngineVenue") == 0
    assert held(one, "Assets:EngineCash") > 0
    require_whole(one)


def test_rules_and_venue_terms_with_an_engine_survive_the_journal() -> None:
    one = ladder(engine_layer("vol"))
    assert rules_from_json(rules_to_json(one.rules)) == one.rules
    terms = one.runner.venue.terms
    assert venue_from_json(venue_to_json(terms)) == terms
    changed = replace(one.rules, engine=None)
    assert rules_from_json(rules_to_json(changed)) == changed


def test_the_engines_margin_does_not_burden_the_cores_quick_ratio() -> None:
    """`quick_ratio_book` is unknown while the core owes nothing, whatever the engine has sold."""
    watch = layer(
        "watch",
        arm=Comparison(metric="quick_ratio_book", below=0.0),
        disarm=Comparison(metric="quick_ratio_book", above=1.0),
    )
    one = ladder(watch, engine_layer("short", **SHORT_FORWARD), cash=10**12)
    assert one.walk((1, 1_900), (1, 1_900)) == ["UNKNOWN_METRIC", "UNKNOWN_METRIC"]
    assert held(one, "Assets:EngineMargin") > 0
    assert one.last["views"]["WETH-USDC"]["metrics"]["quick_ratio_book"] is None


def test_reorgs_deposits_and_stalls_leave_both_sleeves_whole() -> None:
    """The storm's twenty steps with all three instruments on the index beside its own layers."""
    rules = sealed(
        replace(
            storm_rules(),
            engine=ENGINE,
            layers=(
                *storm_rules().layers,
                engine_layer("calls", instrument="vol_call_spread", offsets_bps=(0, 500),
                             tenor_s=DAY_S),
                engine_layer("future", size_by=SizeBy.VEGA, tenor_s=DAY_S),
                engine_layer("token", instrument="vol_token"),
            ),
        )
    )  # fmt: skip
    runner, world = runner_for(storm(), rules), model_world(storm())
    runner.source = world.source
    reasons: set[str] = set()
    for step in range(world.steps_count + 1):
        if step:
            world.step(step)
        runner.tick()
        assert runner.book is not None
        assert recover(runner.journal, rules, venue=runner.venue) == runner.book
        reasons |= {
            f"{row['layer']} {row['intent']}"
            for body in [read_body(list(runner.journal.rows())[-1].body)]
            for row in body.get("orders", ())
        }
    assert isinstance(runner.journal, MemoryStore)
    runner.journal.check()
    replay_journal(runner.journal.rows(), rules, venue=runner.venue, journal=MemoryStore())
    assert runner.counters.undone > 0
    assert {"calls open", "future open", "token open", "token close"} <= reasons
    assert reasons & {"calls settle", "future settle"}
