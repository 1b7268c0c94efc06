"""Rule files: what loads, what is refused with which words, and what the hash stands for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import load_rules
from bot.config.boxes import bounds, boxes
from bot.core.bar_terms import BarTerms
from bot.core.canonical import canonical_json
from bot.core.conditions import AllOf, AnyOf, Comparison, NotOf
from bot.core.errors import ConfigError
from bot.core.guard import NO_GUARD, Guard
from bot.core.rules import Roll, SizeBy, Take
from bot.core.terms import rules_from_json, rules_to_json
from tests.builders.rule_files import problems, written

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((CHECKOUT / "rules").glob("*.toml"))

LAYER = """
[[layer]]
name = "guard"
instrument = "put_spread"
offsets_bps = [-300, -2500]
arm = { metric = "il_bps", above = 50 }
disarm = { metric = "il_bps", below = 25 }
hedge_ratio_bps = 4000
stress_bps = [-3000]
tenor_days = 7
premium_budget_bps_per_year = 150
"""
STRATEGY = '[strategy]\nname = "tested"\n'
FILE = STRATEGY + LAYER


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_rule_file_loads_under_its_own_name(path: Path) -> None:
    assert load_rules(path).name == path.stem


def test_the_starter_ladder_settles_rolls_and_monetises_somewhere() -> None:
    layers = load_rules(CHECKOUT / "rules/starter.toml").layers
    assert len(layers) >= 3
    assert any(layer.roll.before_expiry_s == 0 for layer in layers)
    assert any(layer.roll.before_expiry_s > 0 for layer in layers)
    assert any(layer.take.multiple_bps for layer in layers)
    assert all(layer.size_by is SizeBy.IL for layer in layers)


def test_times_become_whole_seconds_and_multiples_become_basis_points(tmp_path: Path) -> None:
    text = (
        STRATEGY
        + 'horizon_days = 0.5e1\nvol_half_life_hours = 36.5\ndust_quote = "0.000001"\n'
        + LAYER
        + "cooldown_minutes = 0.5\nroll = { days_to_expiry = 1.25 }\n"
        + "monetise = { multiple_of_premium = 2.5 }\n"
    )
    rules = load_rules(written(tmp_path, text))
    layer = rules.layers[0]
    assert (rules.horizon_s, rules.vol_half_life_s) == (432_000, 131_400)
    assert rules.dust_quote_micro == 1
    assert (layer.tenor_s, layer.cooldown_s, layer.roll.before_expiry_s) == (604_800, 30, 108_000)
    assert layer.take.multiple_bps == 25_000


def test_lengths_of_the_signals_on_bars_are_read_and_count(tmp_path: Path) -> None:
    text = "bar_minutes = 15\nrsi_bars = 21\nmacd_slow_bars = 30\ncone_bars = 500\n"
    rules = load_rules(written(tmp_path, STRATEGY + text + LAYER))
    wanted = BarTerms(bar_s=900, rsi_bars=21, macd_slow_bars=30, cone_bars=500)
    assert rules.bars == wanted
    assert rules.hash != load_rules(written(tmp_path, FILE)).hash
    assert rules_from_json(json.loads(canonical_json(rules_to_json(rules)))) == rules


def test_dust_is_measured_in_whole_tokens_at_any_number_of_decimals(tmp_path: Path) -> None:
    rules = load_rules(written(tmp_path, STRATEGY + 'dust_quote = "2.5"\n' + LAYER))
    for decimals in (0, 6, 18, 36):
        limit = -(-5 * 10**decimals // 2)  # 2.5 tokens, in atoms, rounded up
        assert rules.is_dust(limit - 1, decimals)
        assert not rules.is_dust(limit, decimals)


def test_the_hash_stands_for_the_content_not_for_its_spelling(tmp_path: Path) -> None:
    base = load_rules(written(tmp_path, FILE)).hash
    respelled = FILE.replace("above = 50 }", "above=50.0 }   # half a per cent")
    with_default = FILE + "cooldown_minutes = 0\n"
    assert load_rules(written(tmp_path, respelled)).hash == base
    assert load_rules(written(tmp_path, with_default)).hash == base
    changed = FILE.replace("above = 50", "above = 51")
    assert load_rules(written(tmp_path, changed)).hash != base


def test_rules_survive_the_journal_byte_for_byte(tmp_path: Path) -> None:
    nested = FILE.replace(
        'arm = { metric = "il_bps", above = 50 }',
        'arm = { all = [ { metric = "il_bps", above = 50 }, '
        '{ not = { metric = "realised_vol", above = 3, below = 9 } } ] }',
    )
    rules = load_rules(written(tmp_path, nested))
    text = canonical_json(rules_to_json(rules))
    assert rules_from_json(json.loads(text)) == rules
    assert canonical_json(rules_to_json(rules_from_json(json.loads(text)))) == text
    assert rules_from_json(rules_to_json(replace(rules, hash="kept"))).hash == "kept"


def test_the_guard_is_on_with_every_default_where_a_file_says_nothing(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, FILE)).guard == Guard()
    assert Guard().is_on


def test_a_guard_can_be_tightened_and_switched_off(tmp_path: Path) -> None:
    tight = load_rules(written(tmp_path, FILE + "[guard]\nconfirmations = 6\n"))
    assert tight.guard == Guard(confirmations=6)
    off = load_rules(written(tmp_path, FILE + "[guard]\non = false\n"))
    assert off.guard == NO_GUARD
    assert len({tight.hash, off.hash, load_rules(written(tmp_path, FILE)).hash}) == 3


REFUSALS = {
    "an unknown key, with the nearest one": (
        FILE + "hedge_ratio_bsp = 1\n",
        "layer[1].hedge_ratio_bsp: is not a known key; did you mean `hedge_ratio_bps`?",
    ),
    "an unknown table": (FILE + "[stategy]\n", "stategy: is not a known key"),
    "a missing key": (
        FILE.replace("tenor_days = 7", ""),
        "layer[1].tenor_days: is missing; add it: wanted time to expiry",
    ),
    "a missing name of the strategy": (LAYER, "strategy.name: is missing"),
    "a text where a number belongs": (
        FILE.replace("= 4000", '= "4000"'),
        "layer[1].hedge_ratio_bps: '4000' is no whole number",
    ),
    "true where a number belongs": (FILE.replace("= 4000", "= true"), "True is no whole number"),
    "a broken number of basis points": (
        FILE.replace("= 4000", "= 0.5"),
        "layer[1].hedge_ratio_bps: '0.5' is no whole number",
    ),
    "an unknown metric": (
        FILE.replace('"il_bps", above', '"il_bsp", above'),
        "layer[1].arm.metric: 'il_bsp' is not known; did you mean `il_bps`?",
    ),
    "an unknown instrument": (
        FILE.replace("put_spread", "put_spraed"),
        "layer[1].instrument: 'put_spraed' is not known; did you mean `put_spread`?",
    ),
    "offsets that the instrument does not take": (
        FILE.replace("[-300, -2500]", "[-300]"),
        "layer[1].offsets_bps: [-300] does not fit put_spread: it takes 2 offsets, not 1",
    ),
    "offsets in the wrong order": (
        FILE.replace("[-300, -2500]", "[-2500, -300]"),
        "does not fit put_spread: its offsets must fall",
    ),
    "a size of zero": (FILE.replace("= 4000", "= 0"), "hedge_ratio_bps: 0 is out of range"),
    "a negative size": (FILE.replace("= 4000", "= -1"), "hedge_ratio_bps: -1 is out of range"),
    "a budget of zero": (
        FILE.replace("_per_year = 150", "_per_year = 0"),
        "layer[1].premium_budget_bps_per_year: 0 is out of range",
    ),
    "a total budget of zero": (
        STRATEGY + "total_budget_bps_per_year = 0\n" + LAYER,
        "strategy.total_budget_bps_per_year: 0 is out of range",
    ),
    "a threshold that is no number": (
        FILE.replace("above = 50", "above = nan"),
        "layer[1].arm.above: 'NaN' is not finite",
    ),
    "a threshold without end": (
        FILE.replace("below = 25", "below = -inf"),
        "layer[1].disarm.below: '-Infinity' is not finite",
    ),
    "a part of a second": (
        FILE + "cooldown_minutes = 0.001\n",
        "layer[1].cooldown_minutes: '0.001' is no whole number of seconds",
    ),
    "a number with endless digits": (
        FILE + f"cooldown_minutes = 1.{'0' * 50}1\n",
        "has too many digits",
    ),
    "a tiny number": (FILE + "cooldown_minutes = 1e-999999\n", "has too many digits"),
    "a huge number": (FILE + "cooldown_minutes = 1e999999\n", "is out of range"),
    "a disarm threshold above the arm threshold": (
        FILE.replace("below = 25", "below = 60"),
        "layer[1].disarm: il_bps arms above 50 and disarms below 60: no gap; "
        "set the disarm threshold of il_bps below 50",
    ),
    "a disarm threshold equal to the arm threshold": (
        FILE.replace("below = 25", "below = 50"),
        "arms above 50 and disarms below 50: no gap",
    ),
    "the same, mirrored": (
        FILE.replace("above = 50", "below = 50").replace("below = 25", "above = 40"),
        "il_bps arms below 50 and disarms above 40: no gap",
    ),
    "the same, hidden behind a not": (
        FILE.replace(
            '{ metric = "il_bps", below = 25 }', '{ not = { metric = "il_bps", above = 60 } }'
        ),
        "il_bps arms above 50 and disarms below 60: no gap",
    ),
    "an arm that disarm never takes back": (
        FILE.replace('"il_bps", below', '"realised_vol", below'),
        "layer[1].disarm: never takes back what armed the layer (il_bps)",
    ),
    "a disarm on the same side as the arm": (
        FILE.replace("below = 25", "above = 500"),
        "layer[1].disarm: never takes back what armed the layer (il_bps)",
    ),
    "conditions that are both true at times": (
        FILE.replace(
            '{ metric = "il_bps", above = 50 }',
            '{ any = [ { metric = "il_bps", above = 50 }, '
            '{ metric = "move_sigma_abs", above = 1 } ] }',
        ),
        "layer[1].disarm: and arm are both true when move_sigma_abs > 1 and il_bps < 25",
    ),
    "a condition that is never true": (
        FILE.replace("above = 50", "above = 50, below = 40"),
        "layer[1].arm: is never true: above 50 and below 40",
    ),
    "a condition without a threshold": (
        FILE.replace(", above = 50", ""),
        "layer[1].arm: has no threshold",
    ),
    "a condition that is two things": (
        FILE.replace('metric = "il_bps", above = 50', 'metric = "il_bps", all = []'),
        "layer[1].arm: mixes metric, all",
    ),
    "an empty list of conditions": (
        FILE.replace('metric = "il_bps", above = 50', "all = []"),
        "layer[1].arm.all: [] holds no conditions",
    ),
    "a condition that is a text": (
        FILE.replace('{ metric = "il_bps", above = 50 }', '"il_bps > 50"'),
        "layer[1].arm: 'il_bps > 50' is no condition",
    ),
    "conditions nested without end": (
        FILE.replace('{ metric = "il_bps", above = 50 }', "{ not = " * 20 + "{}" + " }" * 20),
        "is nested too deep",
    ),
    "two layers of one name": (FILE + LAYER.replace("= 50", "= 90"), "'guard' is the name of"),
    "a ladder out of order": (
        FILE + LAYER.replace("guard", "later").replace("= 50", "= 40"),
        "layer[2].arm: il_bps above 40 is no further than 50 of layer[1]",
    ),
    "a ladder with a repeated step": (
        FILE + LAYER.replace("guard", "later"),
        "layer[2].arm: il_bps above 50 is no further than 50 of layer[1]",
    ),
    "a hedge ratio that falls": (
        FILE + LAYER.replace("guard", "later").replace("= 50", "= 90").replace("4000", "3999"),
        "layer[2].hedge_ratio_bps: 3999 is less than 4000 of layer[1]",
    ),
    "a name that is no name": (FILE.replace('"guard"', '"Guard 1"'), "'Guard 1' does not fit"),
    "a guard that one block satisfies": (
        FILE + "[guard]\nconfirmations = 1\n",
        "guard.confirmations: 1 is out of range; give a whole number from 2 to 64",
    ),
    "a median without a middle": (
        FILE + "[guard]\nmedian_blocks = 4\n",
        "guard.median_blocks: 4 is even; write 3 or 5",
    ),
    "an unknown key of the guard": (
        FILE + "[guard]\nmedian_block = 5\n",
        "guard.median_block: is not a known key; did you mean `median_blocks`?",
    ),
    "a strategy without layers": (STRATEGY, "layer: has no entries"),
    "a roll as soon as the hedge is bought": (
        FILE + "roll = { days_to_expiry = 4 }\n",
        "layer[1].roll.days_to_expiry: is more than half of tenor_days",
    ),
    "a sale at a loss as profit": (
        FILE + "monetise = { multiple_of_premium = 1 }\n",
        "layer[1].monetise.multiple_of_premium: 1 is out of range",
    ),
    "sizing by loss without a move": (
        FILE.replace("stress_bps = [-3000]", ""),
        "layer[1].stress_bps: [] gives no move",
    ),
    "a stress that has no effect": (
        FILE + 'size_by = "gamma"\n',
        'layer[1].stress_bps: has no effect with size_by = "gamma"',
    ),
    "risk of what cannot lose": (
        FILE.replace("stress_bps = [-3000]", 'size_by = "risk"'),
        "layer[1].size_by: put_spread cannot lose more than its premium",
    ),
    "two ways to give a tenor": (
        FILE + "tenors_days = [7, 14]\n",
        "layer[1].tenors_days: says again what tenor_days says",
    ),
    "no tenor at all": (
        FILE.replace("tenor_days = 7", ""),
        "layer[1].tenor_days: is missing",
    ),
    "a tenor given twice": (
        FILE.replace("tenor_days = 7", "tenors_days = [7, 7]"),
        "layer[1].tenors_days: has the same tenor twice",
    ),
    "an early roll without its ratio": (
        FILE + "roll = { days_to_expiry = 1, early_days = 2 }\n",
        "layer[1].roll.early_days: and forward_vol_ratio need each other",
    ),
    "an early roll that is late": (
        FILE + "roll = { days_to_expiry = 2, early_days = 1, forward_vol_ratio = 1.1 }\n",
        "layer[1].roll.early_days: is no earlier than days_to_expiry",
    ),
    "a confirmation of nothing": (
        FILE + "roll = { days_to_expiry = 2, on_macd_cross = true }\n",
        "layer[1].roll.on_macd_cross: confirms nothing",
    ),
    "a roll without a reason": (
        FILE + "roll = { on_macd_cross = false }\n",
        "layer[1].roll: names no reason to roll",
    ),
    "a profit without an amount": (
        FILE + "monetise = { }\n",
        "layer[1].monetise: names no profit",
    ),
    "a bound to scale that is none": (
        FILE + "slippage_by_breadth = true\n",
        "layer[1].slippage_by_breadth: scales a bound that is not there",
    ),
    "a thaw without a freeze": (
        FILE + 'thaw = { metric = "il_bps", below = 5 }\n',
        "layer[1].thaw: ends a freeze that never begins",
    ),
    "a strip with a strike at spot": (
        FILE.replace('"put_spread"', '"il_strip"').replace(
            "offsets_bps = [-300, -2500]", "offsets_bps = [-300, 0, 300]"
        ),
        "layer[1].offsets_bps: [-300, 0, 300] does not fit il_strip: an offset of 0 is neither",
    ),
    "a bar that does not divide the day": (
        STRATEGY + "bar_minutes = 7\n" + LAYER,
        "strategy.bar_minutes: 7 does not divide the day",
    ),
    "averages of one length": (
        STRATEGY + "macd_fast_bars = 26\n" + LAYER,
        "strategy.macd_slow_bars: 26 is too few beside macd_fast_bars 26; give 27 or more",
    ),
    "a cone that never fills": (
        STRATEGY + "cone_bars = 100\n" + LAYER,
        "strategy.cone_bars: 100 is too few beside cone_bars_min 168",
    ),
    "a reach that holds no two pivots": (
        STRATEGY + "divergence_bars = 4\n" + LAYER,
        "strategy.divergence_bars: 4 is too few beside pivot_bars 3; give 5 or more",
    ),
    "a layer that is no list": (STRATEGY + "[layer]\n", "layer: {} is no list; write [[layer]]"),
    "a strategy that is no table": ("strategy = 1\n" + LAYER, "strategy: 1 is no table"),
    "a file that is no TOML": ("[strategy", "file: is no TOML"),
    "a TOML bomb": ("a = " + "[" * 5_000, "file: is no TOML"),
    "a number too long to parse": ("a = " + "9" * 5_000, "file: is no TOML"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_rule_file_is_refused_for(case: str, tmp_path: Path) -> None:
    text, words = REFUSALS[case]
    lines = problems(tmp_path, text)
    assert any(words in line for line in lines), lines
    assert all("\n" not in line and "; " in line for line in lines)
    with pytest.raises(ConfigError):
        load_rules(written(tmp_path, text))


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = FILE.replace("= 4000", "= 0").replace('"put_spread"', '"put"') + "x = 1\n"
    keys = [line.split(":")[0] for line in problems(tmp_path, text)]
    assert keys == ["layer[1].x", "layer[1].instrument", "layer[1].hedge_ratio_bps"]


def test_a_missing_and_an_undecodable_file_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere.toml: file: cannot be read"):
        load_rules(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b'[strategy]\nname = "\xe9"\n')
    with pytest.raises(ConfigError, match="is no text in UTF-8"):
        load_rules(tmp_path / "latin.toml")


def test_only_the_unhedged_strategy_needs_no_layer(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, '[strategy]\nname = "unhedged"\n')).layers == ()


def test_the_basket_is_a_strategy_without_layers_and_stays_one(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, '[strategy]\nname = "basket"\n')).layers == ()
    (line,) = problems(tmp_path, FILE.replace('name = "tested"', 'name = "basket"', 1))
    assert line.startswith("layer: has entries")


def test_a_ladder_may_arm_ever_lower_on_a_metric_that_falls(tmp_path: Path) -> None:
    below = LAYER.replace("above = 50", "below = 50").replace("below = 25", "above = 70")
    further = below.replace("guard", "later").replace("below = 50", "below = 40")
    assert problems(tmp_path, STRATEGY + below + further) == []
    assert any("is no further than" in line for line in problems(tmp_path, STRATEGY + further
        + below))  # fmt: skip


def test_boxes_of_a_condition_are_where_it_holds() -> None:
    """Source: De Morgan's laws, by hand."""
    high, wild = Comparison(metric="il_bps", above=5.0), Comparison(metric="rsi", below=30.0)
    infinity = float("inf")
    assert boxes(AllOf(parts=(high, wild))) == [
        {"il_bps": ((5.0, 1), (infinity, 0)), "rsi": ((-infinity, 0), (30.0, -1))}
    ]
    assert boxes(NotOf(part=AnyOf(parts=(high, wild)))) == [
        {"il_bps": ((-infinity, 0), (5.0, 0)), "rsi": ((30.0, 0), (infinity, 0))}
    ]
    assert boxes(NotOf(part=AllOf(parts=(high, wild)))) == [
        {"il_bps": ((-infinity, 0), (5.0, 0))},
        {"rsi": ((30.0, 0), (infinity, 0))},
    ]
    assert boxes(AllOf(parts=(high, NotOf(part=high)))) == []
    assert list(bounds(NotOf(part=wild))) == [("rsi", "above", 30.0)]


def test_strikes_may_be_told_in_sigmas_of_the_tenor(tmp_path: Path) -> None:
    text = FILE.replace("offsets_bps = [-300, -2500]", "offsets_sigma = [-0.4, -2.0]")
    (layer, *_) = load_rules(written(tmp_path, text)).layers
    assert layer.offsets_milli_sigma == (-400, -2_000)
    # Source: exp(-0.4 * 0.1) - 1 and exp(-2 * 0.1) - 1 in bps.
    assert layer.offsets(0.1) == (-392, -1813)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "offsets_bps = [-300, -2500]",
            "offsets_bps = [-300, -2500]\noffsets_sigma = [-0.4, -2.0]",
            "layer[1].offsets_sigma: says again what offsets_bps says",
        ),
        ("offsets_bps = [-300, -2500]", "", "layer[1].offsets_bps: is missing"),
        (
            "offsets_bps = [-300, -2500]",
            "offsets_sigma = [-2.0, -0.4]",
            "layer[1].offsets_sigma: [-2.0, -0.4] does not fit put_spread",
        ),
        (
            "stress_bps = [-3000]",
            "stress_bps = [3000]",
            "layer[1].stress_bps: gives no move at which put_spread pays anything",
        ),
    ],
)
def test_moves_that_no_hedge_can_be_made_of_are_refused(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(line)):
        load_rules(written(tmp_path, FILE.replace(old, new)))


def test_staggered_tenors_are_layers_with_an_equal_share_each(tmp_path: Path) -> None:
    text = FILE.replace("tenor_days = 7", "tenors_days = [7, 14, 28]")
    layers = load_rules(written(tmp_path, text)).layers
    assert [(one.name, one.tenor_s // 86_400) for one in layers] == [
        ("guard_1", 7), ("guard_2", 14), ("guard_3", 28),
    ]  # fmt: skip
    assert {one.hedge_ratio_bps for one in layers} == {1_333}
    assert {one.premium_budget_bps_per_year for one in layers} == {50}


def test_rolls_takes_and_freezes_are_read_in_their_units(tmp_path: Path) -> None:
    text = FILE + (
        "roll = { days_to_expiry = 1, early_days = 3, forward_vol_ratio = 1.1, delta_drift = 0.15,"
        " on_macd_cross = true }\n"
        "stale = { drift_bps = 2500 }\n"
        "monetise = { multiple_of_premium = 4, share_of_credit = 0.8 }\n"
        "stop = { multiple_of_premium = 0.9 }\n"
        'freeze = { metric = "twap_gap_bps", above = 300 }\n'
        'thaw = { metric = "twap_gap_bps", below = 100 }\n'
        "order_minutes = 90\nslippage_bps_max = 250\nfunds_budget = true\n"
    )
    (one,) = load_rules(written(tmp_path, text)).layers
    assert one.roll == Roll(
        before_expiry_s=86_400, early_s=3 * 86_400, forward_vol_bps=11_000,
        delta_drift_ppb=150_000_000, target_drift_bps=2_500, needs_macd_cross=True,
    )  # fmt: skip
    assert one.take == Take(multiple_bps=40_000, credit_share_bps=8_000, stop_bps=9_000)
    assert (one.order_good_s, one.slippage_bps_max, one.funds_budget) == (5_400, 250, True)
    assert one.freeze == Comparison(metric="twap_gap_bps", above=300.0)
    assert one.thaw == Comparison(metric="twap_gap_bps", below=100.0)
