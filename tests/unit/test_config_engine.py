"""[engine] and contracts on the volatility index in rule files and in [venue]: read and refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import load_rules
from bot.core.canonical import canonical_json
from bot.core.rules import Engine, SizeBy
from bot.core.sleeves import Sleeve
from bot.core.terms import rules_from_json, rules_to_json, sealed
from tests.builders.rule_files import problems, written

CHECKOUT = Path(__file__).resolve().parents[2]

STRATEGY = '[strategy]\nname = "tested"\n'
ENGINE = "[engine]\ncapital_bps = 1500\n"
LAYER = """
[[layer]]
name = "vol"
sleeve = "engine"
instrument = "vol_future"
offsets_bps = [0]
arm = { metric = "il_bps", above = 50 }
disarm = { metric = "il_bps", below = 25 }
hedge_ratio_bps = 4000
size_by = "vega"
tenor_days = 7
premium_budget_bps_per_year = 150
"""
CORE = LAYER.replace('"vol"', '"core"').replace('sleeve = "engine"\n', "")
FILE = STRATEGY + ENGINE + LAYER


def test_an_engine_is_read_with_its_defaults_and_counts_in_the_hash(tmp_path: Path) -> None:
    rules = load_rules(written(tmp_path, FILE))
    assert rules.engine == Engine(capital_bps=1_500, cap_bps=10_000, enabled=True)
    assert (rules.engine_bps, rules.cap_bps(Sleeve.ENGINE)) == (1_500, 10_000)
    assert rules.layers[0].sleeve is Sleeve.ENGINE
    assert rules.layers[0].size_by is SizeBy.VEGA
    closed = sealed(replace(rules, engine=replace(rules.engine, enabled=False)))
    assert closed.hash != rules.hash
    again = rules_from_json(json.loads(canonical_json(rules_to_json(rules))))
    assert again == rules


def test_without_an_engine_every_layer_is_the_cores(tmp_path: Path) -> None:
    rules = load_rules(written(tmp_path, STRATEGY + CORE))
    assert rules.engine is None
    assert (rules.engine_bps, rules.layers[0].sleeve) == (0, Sleeve.CORE)


def test_each_sleeve_climbs_its_own_ladder(tmp_path: Path) -> None:
    """Both arm on the same metric at the same threshold: no order between the sleeves."""
    assert problems(tmp_path, STRATEGY + ENGINE + CORE + LAYER) == []
    twice = LAYER.replace('"vol"', '"second"')
    (line,) = problems(tmp_path, FILE + twice)
    assert "il_bps above 50 is no further than 50 of layer[1]" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (STRATEGY + LAYER, "layer[1].sleeve: names an engine that the file does not have"),
        (STRATEGY + ENGINE + CORE, "engine: has no layers"),
        (FILE.replace("1500", "10000"), "engine.capital_bps"),
        (FILE.replace("capital_bps = 1500", "cap_bps = 5000"), "engine.capital_bps"),
        (FILE.replace("capital_bps = 1500", "capital_bps = 1500\ncap_bps = 0"), "engine.cap_bps"),
        (FILE.replace('size_by = "vega"', 'size_by = "delta"'), "'delta' does not measure"),
        (FILE.replace('size_by = "vega"', 'size_by = "il"\nstress_bps = [-3000]'), "'il' does not"),
        (FILE.replace("offsets_bps = [0]", "offsets_sigma = [1.0]"), "measures moves of the price"),
        (FILE.replace("offsets_bps = [0]", "offsets_bps = [0, 10]"), "it takes 1 offsets, not 2"),
        (
            FILE.replace("vol_future", "vol_token").replace("[0]", "[100]"),
            "it has no strike: its one offset is 0",
        ),
        (
            FILE.replace("vol_future", "vol_call_spread").replace("[0]", "[100, 50]"),
            "its offsets must rise",
        ),
        (FILE.replace('sleeve = "engine"', 'sleeve = "private"'), "layer[1].sleeve"),
    ],
)
def test_a_rule_file_with_an_engine_is_refused_for(text: str, words: str, tmp_path: Path) -> None:
    found = problems(tmp_path, text)
    assert any(words in line for line in found), found


def test_the_example_of_the_rules_page_loads(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs/rules.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(\[engine\].*?)```", page, re.S)
    assert problems(tmp_path, STRATEGY + example) == []


def test_the_shipped_engine_arms_by_regimes_and_keeps_the_core_apart() -> None:
    rules = load_rules(CHECKOUT / "rules/second_engine.toml")
    assert [layer.sleeve.value for layer in rules.layers] == ["core", "engine", "engine", "engine"]
    assert {"in_macro_window", "quick_ratio_pool", "gas_gwei_ratio"} <= rules.metric_names
