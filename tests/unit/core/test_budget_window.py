"""Budgets to the second and to the atom: what counts as within a year, and whose income it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.budget import pool_spent, purse, within_year
from bot.core.sleeves import Sleeve
from bot.core.state import LayerState, Spend
from bot.core.units import YEAR_S
from tests.builders.runs import layer, rules_of

NOW_S = 3 * YEAR_S
VIEW: Any = SimpleNamespace(
    market=SimpleNamespace(time_s=NOW_S), exposure=SimpleNamespace(entry_value_atoms=10_000)
)


def test_what_was_spent_365_days_ago_is_spent_no_more_and_a_second_later_it_still_is() -> None:
    spends = [Spend(time_s=NOW_S - YEAR_S, atoms=5), Spend(time_s=NOW_S - YEAR_S + 1, atoms=7)]
    assert within_year(spends, NOW_S) == 7


@pytest.mark.parametrize(("earned", "puts"), [(40, 120), (-40, 100), (0, 100)])
def test_income_is_for_the_other_layers_and_a_loss_is_no_income(earned: int, puts: int) -> None:
    """Each has 1 % of 10,000; half of what the condor earned is for the puts, not for itself."""
    rules = rules_of(
        layer("puts", premium_budget_bps_per_year=100),
        layer("condor", premium_budget_bps_per_year=100, funds_budget=True),
        income_share_bps=5_000,
    )
    held = {
        "puts": LayerState(),
        "condor": LayerState(earned=(Spend(time_s=NOW_S - 1, atoms=earned),)),
    }
    spent = pool_spent(VIEW, rules, held, (), sleeve=Sleeve.CORE, given_atoms=0)
    left = [
        purse(VIEW, rules, each, held[each.name], spent=spent, cash_atoms=10**6).budget_atoms
        for each in rules.layers
    ]
    assert left == [puts, 100]
