"""The [advice] table of a rule file: what it comes to, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.config import load_rules
from bot.config.rule_file import check_rules
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.terms import rules_from_json, rules_to_json
from bot.core.units import DAY_S

HEAD = '[strategy]\nname = "unhedged"\n'
WHOLE = (
    HEAD
    + """beta_index = "WETH-USDC"

[advice]
every_hours = 12
follow = true
kinds = ["compound", "resize"]
core_bps_min = 5000
core_bps_max = 8000
gain_bps_min = 50
payback_days = 14
confirmations = 3
cooldown_days = 2.5
ranges_bps = [5000, 1000]
tiers_bps = [100, 5]
tier_elasticity = 1.25
block_seconds = 0.25
correlation_bps_min = 9000
samples = 24
sample_minutes = 240
gas_token = "ETH"
gas_units = 250000
gas_gwei = 0.05
"""
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_reaches_the_core_in_its_own_unit(tmp_path: Path) -> None:
    rules = load_rules(written(tmp_path, WHOLE))
    assert rules.advice == AdviceTerms(
        every_s=12 * 3_600, follow=True, kinds=(Kind.RESIZE, Kind.COMPOUND), core_bps_min=5_000,
        core_bps_max=8_000, gain_bps_min=50, payback_s_max=14 * DAY_S, confirmations=3,
        cooldown_s=5 * DAY_S // 2, ranges_bps=(1_000, 5_000), tiers_bps=(5, 100),
        tier_elasticity_milli=1_250, block_ms=250, correlation_bps_min=9_000, samples=24,
        sample_s=240 * 60, gas_token="ETH", gas_units=250_000, gas_wei=50_000_000,
    )  # fmt: skip
    assert rules_from_json(json.loads(json.dumps(rules_to_json(rules)))) == rules


def test_a_file_without_the_table_gives_no_advice_and_keeps_its_digest(tmp_path: Path) -> None:
    plain = load_rules(written(tmp_path, HEAD))
    assert plain.advice is None
    assert "advice" not in rules_to_json(plain)
    assert plain.metric_names == frozenset()
    advised = load_rules(written(tmp_path, HEAD + '[advice]\nkinds = ["tier"]\n'))
    assert advised.advice is not None
    assert advised.hash != plain.hash
    assert advised.metric_names == {"fee_yield"}


def test_a_file_that_only_resizes_without_an_index_is_refused_with_one_line(tmp_path: Path) -> None:
    text = HEAD + '[advice]\nkinds = ["resize"]\n'
    assert len(check_rules(written(tmp_path, text))) == 1
    assert not check_rules(written(tmp_path, text.replace("resize", "tier")))


def test_a_default_written_out_is_the_default(tmp_path: Path) -> None:
    short = load_rules(written(tmp_path, HEAD + '[advice]\nkinds = ["tier"]\n'))
    long = load_rules(
        written(tmp_path, HEAD + '[advice]\nkinds = ["tier"]\nevery_hours = 24\nfollow = false\n')
    )
    assert short.hash == long.hash
    assert short.advice == AdviceTerms(kinds=(Kind.TIER,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[advice]\nfolow = true\n", "advice.folow: is not a known key; did you mean `follow`?"),
        ('[advice]\nkinds = ["narow"]\n', "advice.kinds"),
        ("[advice]\nkinds = []\n", "advice.kinds"),
        (
            '[advice]\nkinds = ["tier"]\nevery_hours = 0.5\n',
            "advice.every_hours: '0.5' is out of range",
        ),
        ('[advice]\nkinds = ["tier"]\nconfirmations = 0\n', "advice.confirmations: 0"),
        ('[advice]\nkinds = ["tier"]\ntiers_bps = [0]\n', "advice.tiers_bps"),
        (
            '[advice]\nkinds = ["tier"]\ncore_bps_max = 5000\n',
            "advice.core_bps_max: 5000 is below core_bps_min 6000; give 6000 or more",
        ),
        ("[advice]\n", "strategy.beta_index: is missing, and wacc needs it"),
        (
            '[advice]\nkinds = ["resize"]\n',
            "strategy.beta_index: is missing, and wacc needs it; name a watched pool, like "
            '"WETH-USDC", or leave "resize" out of advice.kinds',
        ),
    ],
)
def test_what_cannot_be_obeyed_is_refused_by_key(tmp_path: Path, text: str, words: str) -> None:
    lines = [error.line for error in check_rules(written(tmp_path, HEAD + text))]
    assert any(words in line for line in lines), lines
