"""Budgets that could never be met do not load, and the line says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.rule_files import problems

FILE = """
[strategy]
name = "tested"
total_budget_bps_per_year = 200

[engine]
capital_bps = 1500
cap_bps = 6000

[[layer]]
name = "guard"
instrument = "put_spread"
offsets_bps = [-300, -2500]
arm = { metric = "il_bps", above = 50 }
disarm = { metric = "il_bps", below = 25 }
hedge_ratio_bps = 4000
stress_bps = [-3000]
tenors_days = [7, 14, 28]
premium_budget_bps_per_year = 200

[[layer]]
name = "vol"
sleeve = "engine"
instrument = "vol_future"
offsets_bps = [0]
arm = { metric = "realised_vol", above = 0.8 }
disarm = { metric = "realised_vol", below = 0.6 }
hedge_ratio_bps = 6000
size_by = "capital"
tenor_days = 7
premium_budget_bps_per_year = 5000
"""


def changed(folder: Path, old: str, new: str) -> list[str]:
    """What is wrong with the file once this is in place of that."""
    assert FILE.count(old) == 1
    return problems(folder, FILE.replace(old, new))


def test_budgets_up_to_the_very_limit_load(tmp_path: Path) -> None:
    assert changed(tmp_path, "[7, 14, 28]", "[7, 14, 28]") == []
    assert changed(tmp_path, "per_year = 200\n\n[[", "per_year = 3\n\n[[") == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "per_year = 200\n\n[[",
            "per_year = 201\n\n[[",
            "layer[1].premium_budget_bps_per_year: 201 is more than all layers together may spend, "
            "200: it can never be met; lower it, or raise total_budget_bps_per_year",
        ),
        (
            "hedge_ratio_bps = 6000",
            "hedge_ratio_bps = 6001",
            "layer[2].hedge_ratio_bps: 6001 of the engine's capital is more than its cap_bps 6000 "
            "lets be tied up; lower it, or raise cap_bps under engine",
        ),
        (
            "per_year = 200\n\n[[",
            "per_year = 2\n\n[[",
            "layer[1].premium_budget_bps_per_year: 2 is nothing when it is shared by 3 tenors; "
            "give 3 or more",
        ),
        (
            "hedge_ratio_bps = 4000",
            "hedge_ratio_bps = 1",
            "layer[1].hedge_ratio_bps: 1 is nothing when it is shared by 3 tenors; give 3 or more",
        ),
    ],
    ids=["above the total", "above the engine's cap", "a share of nothing", "a size of nothing"],
)
def test_one_more_is_refused(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert changed(tmp_path, old, new) == [line]
