"""Budgets by hand: who has spent what, on whose account, and what that leaves to whom.

Entry value 1,000,000 atoms, the engine's gift 200,000: 1 % of either is 10,000 and 2,000.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core import rolls
from bot.core.budget import Spent, budget_left, cap_left, charged, pool_spent, purse
from bot.core.case import Case, Choice, stay
from bot.core.reasons import Reason, Status
from bot.core.rules import Layer, Rules
from bot.core.sizing import Purse
from bot.core.sleeves import Sleeve, opening_money
from bot.core.state import Hedge, LayerState, Spend
from bot.core.turns import Turns, _spent
from bot.core.units import YEAR_S
from tests.builders.runs import POOL, layer, rules_of
from tests.builders.walks import Inputs, Place, case_of

NOW_S = 2 * YEAR_S
VIEW: Any = SimpleNamespace(
    market=SimpleNamespace(time_s=NOW_S), exposure=SimpleNamespace(entry_value_atoms=1_000_000)
)
GONE: Any = SimpleNamespace(market=VIEW.market, exposure=None)
PUTS = layer("puts", premium_budget_bps_per_year=100)
MORE = layer("more", premium_budget_bps_per_year=300)
CONDOR = layer("condor", premium_budget_bps_per_year=50, funds_budget=True)
VOL = layer("vol", sleeve=Sleeve.ENGINE, premium_budget_bps_per_year=100)
HARVEST = layer("harvest", sleeve=Sleeve.ENGINE, funds_budget=True, premium_budget_bps_per_year=1)


def held(*spent: int, earned: tuple[int, ...] = (), at_s: int = NOW_S) -> LayerState:
    return LayerState(
        spends=tuple(Spend(time_s=at_s, atoms=atoms) for atoms in spent),
        earned=tuple(Spend(time_s=at_s, atoms=atoms) for atoms in earned),
    )


def hedge(cost: int, margin: int, sleeve: Sleeve = Sleeve.CORE) -> Hedge:
    return Hedge(
        id="", pool=POOL, layer="", legs=(), opened_s=0, expiry_s=0, cost_atoms=cost,
        margin_atoms=margin, delta_ppb=0, target_atoms=0, sleeve=sleeve,
    )  # fmt: skip


def of(
    rules: Rules, layers: dict[str, LayerState], *hedges: Hedge, sleeve: Sleeve = Sleeve.CORE
) -> Spent:
    every = {each.name: LayerState() for each in rules.layers}
    return pool_spent(VIEW, rules, {**every, **layers}, hedges, sleeve=sleeve, given_atoms=200_000)


def left(rules: Rules, one: Layer, state: LayerState, spent: Spent, view: Any = VIEW) -> int:
    return budget_left(view, rules, one, state, spent=spent)


ALL = rules_of(PUTS, MORE, CONDOR, VOL, HARVEST, income_share_bps=5_000)


def test_each_sleeve_counts_its_own_layers_income_and_hedges() -> None:
    """Income: what layers with `funds_budget` earned, losses taken off, half of it to be spent."""
    layers = {
        "puts": held(12_000, earned=(99_000,)),
        "more": held(20_000),
        "condor": held(9_000, earned=(8_000, -2_000)),
        "vol": held(2_500),
        "harvest": held(earned=(400,)),
    }
    hedges = (hedge(500, 40), hedge(-700, 60), hedge(30, 7, Sleeve.ENGINE))
    core, engine = (of(ALL, layers, *hedges, sleeve=sleeve) for sleeve in Sleeve)
    assert (core.base, core.total, core.beyond) == (1_000_000, 41_000, 2_000)
    assert (core.income, core.tied) == (3_000, 500 + 40 + 60)
    assert (engine.base, engine.total, engine.beyond) == (200_000, 2_500, 500)
    assert (engine.income, engine.tied) == (200, 37)


def test_a_loss_of_what_funds_budgets_is_no_income_below_nothing() -> None:
    assert of(ALL, {"condor": held(earned=(1_000, -5_000))}).income == 0


def test_a_year_is_the_span_of_a_budget_to_the_second() -> None:
    for ago_s, spent in ((YEAR_S, 0), (YEAR_S - 1, 700)):
        assert of(ALL, {"puts": held(700, at_s=NOW_S - ago_s)}).total == spent


def test_what_income_has_paid_for_one_layer_is_gone_for_the_next() -> None:
    """3,000 of income; the puts, 10,000 a year, have spent 12,000."""
    layers = {"puts": held(12_000), "condor": held(earned=(6_000,))}
    spent = of(ALL, layers)
    assert left(ALL, PUTS, layers["puts"], spent) == 1_000
    assert left(ALL, MORE, held(), spent) == 30_000 + 1_000
    assert left(ALL, CONDOR, held(), spent) == 5_000  # what it earns is not for itself
    assert left(ALL, PUTS, layers["puts"], spent, view=GONE) == 0


def test_what_is_ordered_on_a_tick_counts_for_those_behind() -> None:
    """The puts have 4,000 left of their own, order for 5,500, and so take 1,500 of the income."""
    state = held(6_000)
    before = of(ALL, {"puts": state, "condor": held(earned=(6_000,))}, hedge(100, 0))
    after = charged(before, VIEW, PUTS, state, outlay_atoms=5_500, margin_atoms=70)
    assert (after.total, after.beyond, after.tied) == (11_500, 1_500, 5_670)
    assert left(ALL, MORE, held(), after) == 30_000 + 1_500
    paid = charged(before, VIEW, CONDOR, held(5_000), outlay_atoms=800, margin_atoms=0)
    assert (paid.total, paid.beyond) == (6_800, 0)
    credit = charged(before, VIEW, CONDOR, held(), outlay_atoms=-900, margin_atoms=50)
    assert (credit.total, credit.tied) == (6_000, 150)


def test_the_total_budget_binds_the_core_and_rises_with_its_income() -> None:
    """3 % are 30,000, and 3,000 of income; 28,000 are spent."""
    rules = rules_of(*ALL.layers, income_share_bps=5_000, total_budget_bps_per_year=300)
    layers = {"puts": held(8_000), "more": held(20_000), "condor": held(earned=(6_000,))}
    spent = of(rules, layers)
    assert left(rules, MORE, layers["more"], spent) == 5_000
    assert left(rules, CONDOR, held(), spent) == 2_000
    over = of(rules, {**layers, "more": held(40_000)})
    assert left(rules, PUTS, layers["puts"], over) == 0
    tight = rules_of(*ALL.layers, total_budget_bps_per_year=1)
    engine = of(tight, {"vol": held(500)}, sleeve=Sleeve.ENGINE)
    assert left(tight, VOL, held(500), engine) == 1_500


@pytest.mark.parametrize(("cap_bps", "room"), [(None, None), (100, 9_000), (5, 0)])
def test_the_cap_leaves_room_for_what_is_not_tied_up_yet(
    cap_bps: int | None, room: int | None
) -> None:
    rules = rules_of(*ALL.layers, exposure_cap_bps=cap_bps)
    assert cap_left(VIEW, rules, spent=of(rules, {}, hedge(900, 100))) == room
    assert cap_left(GONE, rules, spent=of(rules, {}, hedge(900, 100))) is None
    assert cap_left(VIEW, rules, spent=of(rules, {}, sleeve=Sleeve.ENGINE)) is None


def test_a_purse_is_all_of_it_together() -> None:
    rules = rules_of(*ALL.layers, exposure_cap_bps=100)
    found = purse(VIEW, rules, PUTS, held(), spent=of(rules, {}), cash_atoms=77)
    assert (found.budget_atoms, found.cash_atoms) == (10_000, 77)
    assert (found.cap_atoms, found.given_atoms) == (10_000, 200_000)


def test_a_turn_takes_outlay_margin_and_what_a_sale_costs_from_its_own_sleeve() -> None:
    """Of 1,000 in each sleeve: 30 paid and 200 set aside; then a sale that costs 45 too much."""
    view: Any = SimpleNamespace(
        market=SimpleNamespace(time_s=NOW_S, pool=POOL, quote_symbol="USDC"),
        exposure=VIEW.exposure,
    )
    parts: dict[str, Any] = dict.fromkeys(("sight", "quoting", "calls", "worth"))
    turns = Turns(
        **parts, rules=ALL, cause="", hedges={},
        cash={sleeve: {"USDC": 1_000} for sleeve in Sleeve},
        spent={POOL: {sleeve: of(ALL, {}, sleeve=sleeve) for sleeve in Sleeve}},
    )  # fmt: skip

    def case_of(one: Layer) -> Any:
        return SimpleNamespace(layer=one, view=view, held=LayerState())

    def choice(**takes: int) -> Choice:
        order: Any = "an order"
        return Choice(
            wanted=Status.HOLDING, reason=Reason.ARM, numbers={}, order=order, **takes
        )  # fmt: skip

    turns.take(case_of(PUTS), choice(outlay_atoms=30, margin_atoms=200))
    turns.take(case_of(VOL), choice(beyond_atoms=45))
    turns.take(case_of(VOL), stay(Status.HOLDING, Reason.IN_BAND))
    assert turns.cash == {Sleeve.CORE: {"USDC": 770}, Sleeve.ENGINE: {"USDC": 955}}
    spent = turns.spent[POOL]
    assert (spent[Sleeve.CORE].total, spent[Sleeve.CORE].tied) == (30, 230)
    assert (spent[Sleeve.ENGINE].total, spent[Sleeve.ENGINE].tied) == (0, 0)


def test_what_hedges_of_another_pool_tie_up_is_not_this_pools() -> None:
    view: Any = SimpleNamespace(
        market=SimpleNamespace(time_s=NOW_S, pool=POOL, quote_symbol="USDC"),
        exposure=VIEW.exposure,
    )
    state: Any = SimpleNamespace(money=opening_money({"USDC": 1_000}, engine_bps=2_000))
    book: Any = SimpleNamespace(layers={each.name: LayerState() for each in ALL.layers})
    hedges = (hedge(10, 5), replace(hedge(300, 200), pool="WBTC-USDC"))
    found = _spent(state, view, ALL, book, hedges)
    assert (found[Sleeve.CORE].tied, found[Sleeve.CORE].base) == (15, 1_000_000)
    assert (found[Sleeve.ENGINE].tied, found[Sleeve.ENGINE].base) == (0, 200)


def test_the_purse_behind_a_sale_has_its_proceeds_its_margin_and_its_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A credit of 100 that costs 30 to buy back, with 50 aside: it tied up its margin alone."""
    seen: list[Purse] = []

    def note(case: Case, _reason: Reason) -> Choice:
        seen.append(case.purse)
        return stay(Status.HOLDING, Reason.NOTHING_TO_HEDGE)

    monkeypatch.setattr(rolls, "buy", note)
    before = Purse(budget_atoms=7, cash_atoms=1_000, cap_atoms=300, given_atoms=77)
    inputs = Inputs(Place(Status.HOLDING, "open"), {"result": "kept"})
    for cap, room in ((300, 350), (None, None)):
        case = replace(case_of(inputs), purse_now=lambda cap=cap: replace(before, cap_atoms=cap))
        assert case.hedge is not None
        assert rolls.what_lacks(case, case.hedge) is None
        assert seen.pop() == Purse(
            budget_atoms=7, cash_atoms=1_020, cap_atoms=room, given_atoms=77
        )  # fmt: skip
