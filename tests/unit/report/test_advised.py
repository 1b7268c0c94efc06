"""Advice for people and machines: every reason in a sentence, with money and days."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.advice import Action, Advice, Cost, Why
from bot.core.advice_terms import Kind
from bot.core.snapshot import PoolSpec, Token
from bot.report.advised import (
    PaperSeen,
    advice_cells,
    advice_json,
    advice_sentence,
    counted,
    latest,
    paper_json,
    paper_sentence,
)

SPEC = PoolSpec(
    name="WETH-USDC", address="0x1", factory="0x2", base_is_token0=True,
    base=Token(address="0x3", symbol="WETH", decimals=18),
    quote=Token(address="0x4", symbol="USDC", decimals=6),
)  # fmt: skip
NARROW = Advice(
    pool="WETH-USDC", kind=Kind.RANGE, action=Action.NARROW, why=Why.PAYS, target="2500",
    gain_atoms=36_500 * 10**6,
    cost=Cost(gas_atoms=20 * 10**6, fee_atoms=30 * 10**6, slippage_atoms=50 * 10**6),
    numbers={"vol": 0.5, "band_low": 1500.0, "band_high": None},
)  # fmt: skip
PAPER = PaperSeen(
    pool="WETH-USDC", fee_bps=30, lower=0.8, upper=1.25, value_atoms=990 * 10**6,
    moved_atoms=-10 * 10**6, costs_atoms=4 * 10**6, moves=2, alone_atoms=995 * 10**6,
    gain_atoms=5 * 10**6,
)  # fmt: skip


class Told:
    def __init__(self, *advice: Advice) -> None:
        self.advice = advice


def test_advice_says_what_it_brings_costs_and_when_that_is_earned_back() -> None:
    """100 of cost on 36,500 a year: one day."""
    assert advice_sentence(NARROW, SPEC) == (
        "WETH-USDC: narrow the range to \u00b125 %: it pays for its cost in time (gain +36,500.00 "
        "USDC a year, cost 100.00 USDC, earned back in 1.0 days, volatility 50.0 %, fees pay for "
        "the loss above 1,500); V3 is assumed, not watched."
    )


def test_each_number_is_told_in_words_and_in_its_unit() -> None:
    told = replace(
        NARROW, kind=Kind.MIGRATE, action=Action.KEEP, target="",
        numbers={
            "fee_yield": 0.1944, "vol": None, "weighed_vol": 0.65, "net_now": -0.021, "net": 0.3,
            "irr": 0.1, "wacc": 0.08, "core_bps": "9100", "wanted_bps": "7000", "fees": "1500000",
            "idle": "0", "il": None, "without_fees": "2500000", "correlation": 0.9123456,
            "work_now": 1.0, "work": 5.25, "band_low": 1500.0, "band_high": 2600.5, "gas": None,
        },
    )  # fmt: skip
    line = advice_sentence(replace(told, why=Why.UNKNOWN), SPEC)
    assert line == (
        "WETH-USDC: stay in its pool: a figure that it needs is not known yet (fees 19.4 % a year, "
        "volatility unknown, weighed at 65.0 %, net of losses \u22122.1 % now, 30.0 % there, "
        "return 10.0 %, cost of capital 8.0 %, share of the capital 91 %, wanted 70 %, "
        "fees so far 1.5000 USDC, idle 0.00 USDC, impermanent loss unknown, without fees 2.5000 "
        "USDC, correlation 0.912, works 1 times the full range now, 5.25 there, gas unknown, fees "
        "pay for the loss between 1,500 and 2,600.5)."
    )
    seen = replace(told, why=Why.UNKNOWN, numbers={"vol": 0.65, "weighed_vol": 0.65})
    assert advice_sentence(seen, SPEC).endswith("(volatility 65.0 %).")


def test_what_is_assumed_is_said_with_it() -> None:
    """Ranges and other fees are V3's; what a watched pool or one's own size brings is seen."""
    assert advice_json(NARROW, SPEC)["assumed"] is True  # type: ignore[index, call-overload]
    best = replace(NARROW, action=Action.KEEP, why=Why.BEST, target="")
    for seen in (replace(NARROW, kind=Kind.MIGRATE, action=Action.MIGRATE, target="A-B"), best):
        assert "assumed" not in advice_sentence(seen, SPEC)
        assert advice_json(seen, SPEC)["assumed"] is False  # type: ignore[index, call-overload]
    kept = replace(NARROW, action=Action.KEEP, why=Why.SMALL, target="narrow 2500")
    assert advice_sentence(kept, SPEC).endswith("; V3 is assumed, not watched.")
    assert "assumed" not in paper_sentence("WETH-USDC", replace(PAPER, moves=0), SPEC)


@pytest.mark.parametrize(
    ("kind", "action", "target", "words"),
    [
        (Kind.RANGE, Action.WIDEN, "full", "widen the range to every price"),
        (Kind.RANGE, Action.RECENTRE, "2500", "put the range of \u00b125 % around the price again"),
        (Kind.TIER, Action.MOVE_TIER, "5", "move to the fee tier of 5 bps"),
        (Kind.MIGRATE, Action.MIGRATE, "WBTC-USDC", "move to WBTC-USDC"),
        (Kind.RESIZE, Action.GROW, "1500000", "put in 1.5000 USDC"),
        (Kind.RESIZE, Action.SHRINK, "1500000", "take out 1.5000 USDC"),
        (Kind.COMPOUND, Action.COMPOUND, "1500000", "put idle fees of 1.5000 USDC back"),
        (Kind.RESIZE, Action.KEEP, "", "keep its size"),
    ],
)
def test_each_action_names_what_it_goes_to(
    kind: Kind, action: Action, target: str, words: str
) -> None:
    told = replace(NARROW, kind=kind, action=action, target=target)
    assert advice_sentence(told, SPEC).startswith(f"WETH-USDC: {words}: ")


def test_what_is_kept_tells_the_best_that_there_was() -> None:
    kept = replace(NARROW, action=Action.KEEP, why=Why.SMALL, target="narrow 2500")
    line = advice_sentence(kept, SPEC)
    assert line.startswith("WETH-USDC: keep its range: the best there is would bring too little (")
    assert "narrow the range to \u00b125 %, gain +36,500.00 USDC a year" in line


def test_a_table_has_the_same_in_columns() -> None:
    """Of what is kept, what was weighed stands with the reason."""
    given = ("+36,500.00 USDC", "100.00 USDC", "1.0")
    rest = "volatility 50.0 %, fees pay for the loss above 1,500, V3 is assumed, not watched"
    assert advice_cells(NARROW, SPEC) == (
        "narrow the range to \u00b125 %", "it pays for its cost in time", *given, rest
    )  # fmt: skip
    kept = replace(NARROW, action=Action.KEEP, why=Why.SMALL, target="narrow 2500")
    why = "the best there is would bring too little: narrow the range to \u00b125 %"
    assert advice_cells(kept, SPEC) == ("keep its range", why, *given, rest)
    best = replace(kept, why=Why.BEST, target="", numbers={})
    assert advice_cells(best, SPEC) == ("keep its range", "nothing offered is better", *[""] * 4)


@pytest.mark.parametrize("why", list(Why))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_reason_of_every_kind_is_a_sentence(why: Why, kind: Kind) -> None:
    kept = Advice(pool="WETH-USDC", kind=kind, action=Action.KEEP, why=why)
    assert advice_sentence(kept, SPEC).endswith(".")


def test_following_is_told_against_leaving_the_position_alone() -> None:
    assert paper_sentence("WETH-USDC", PAPER, SPEC) == (
        "WETH-USDC: following the advice on paper, 2 times, cost 4.0000 USDC: worth 1,000.00, "
        "left alone 995.00: +5.0000 USDC; V3 is assumed, not watched"
    )


def test_json_has_money_as_exact_text() -> None:
    row: Any = advice_json(NARROW, SPEC)
    assert row["gain_per_year"] == "36500.000000"
    assert row["cost"] == "100.000000"
    assert (row["gas"], row["swap_fee"], row["slippage"]) == (
        "20.000000", "30.000000", "50.000000",
    )  # fmt: skip
    assert row["payback_days"] == 1.0
    paper: Any = paper_json(PAPER, SPEC)
    assert paper["value"] == "990.000000"
    assert paper["gain"] == "5.000000"


def test_the_newest_advice_of_each_pool_is_found_whole() -> None:
    older = replace(NARROW, why=Why.AWAITS)
    elsewhere = replace(NARROW, pool="A-B", kind=Kind.TIER)
    tier = replace(NARROW, kind=Kind.TIER)
    ticks = [Told(older, elsewhere), Told(), Told(NARROW, tier), Told()]
    assert latest(ticks) == [elsewhere, NARROW, tier]
    assert counted(ticks) == {
        "given": {"narrow": 3},
        "reasons": {"AWAITS": 1, "PAYS": 3},
    }
