"""Calendars of macro events: which file is read, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import check_rules, load_rules
from bot.core.errors import ConfigError
from bot.core.macro import MacroEvent
from bot.core.terms import rules_from_json, rules_to_json

LAYER = """
[[layer]]
name = "guard"
instrument = "protective_put"
offsets_bps = [-500]
arm = {{ metric = "{metric}", above = 0.5 }}
disarm = {{ metric = "{metric}", below = 0.4 }}
hedge_ratio_bps = 5000
size_by = "delta"
tenor_days = 7
premium_budget_bps_per_year = 300
"""


def rule_file(folder: Path, *, metric: str = "in_macro_window", keys: str = "") -> Path:
    path = folder / "mine.toml"
    path.write_text(f'[strategy]\nname = "mine"\n{keys}\n' + LAYER.format(metric=metric))
    return path


def named(folder: Path, text: str) -> Path:
    (folder / "calendar.csv").write_text(text, encoding="utf-8")
    return rule_file(folder, keys='calendar = "calendar.csv"')


def test_the_shipped_calendar_enters_only_rules_that_ask_for_it(tmp_path: Path) -> None:
    assert load_rules(rule_file(tmp_path, metric="il_bps")).market.calendar == ()
    asking = load_rules(rule_file(tmp_path))
    assert len(asking.market.calendar) > 200
    assert rules_from_json(rules_to_json(asking)) == asking


def test_a_named_calendar_is_found_beside_the_rules_and_counts_in_their_digest(
    tmp_path: Path,
) -> None:
    shipped = load_rules(rule_file(tmp_path))
    own = load_rules(named(tmp_path, "# mine\ntime,event\n2026-01-28T14:00-05:00,FOMC\n"))
    assert own.market.calendar == (MacroEvent(time_s=1_769_626_800, kind="FOMC"),)
    other = load_rules(named(tmp_path, "time,event\n2026-01-28T19:01Z,FOMC\n"))
    assert len({shipped.hash, own.hash, other.hash}) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("event,time\n", "the first row is not time,event"),
        ("time,event\n", "0 events"),
        ("time,event\nsoon,FOMC\n", "event 1: 'soon,FOMC' is no time and event"),
        ("time,event\n2026-01-28T19:00Z\n", "is no time and event"),
        ("time,event\n2026-01-28T19:00,FOMC\n", "is no whole minute with its zone"),
        ("time,event\n2026-01-28T19:00:30Z,FOMC\n", "is no whole minute with its zone"),
        ("time,event\n2026-01-28T19:00Z,fomc\n", "'fomc' is no name in capital letters"),
    ],
)
def test_a_calendar_that_cannot_be_read_names_its_row(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_rules(named(tmp_path, text))
    assert words in str(refusal.value)
    assert "strategy.calendar" in str(refusal.value)


def test_a_calendar_that_is_not_there_is_refused_even_when_no_rule_asks(tmp_path: Path) -> None:
    path = rule_file(tmp_path, metric="il_bps", keys='calendar = "none.csv"')
    (problem,) = check_rules(path)
    assert "No such file" in str(problem)


@pytest.mark.parametrize("metric", ["beta", "wacc", "irr_minus_wacc"])
def test_beta_needs_to_be_told_to_what(tmp_path: Path, metric: str) -> None:
    (problem,) = check_rules(rule_file(tmp_path, metric=metric))
    assert f"is missing, and {metric} needs it" in str(problem)
    told = rule_file(tmp_path, metric=metric, keys='beta_index = "WETH-USDC"')
    assert check_rules(told) == ()
