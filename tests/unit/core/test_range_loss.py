"""What a range about the entry price would have lost: its threshold is not that of all prices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.exposure import Exposure
from bot.core.market import Market
from bot.core.market_memory import NO_MEMORY, NO_WORLD
from bot.core.market_metrics import outside_metrics
from bot.core.market_readers import Facts
from bot.core.market_terms import MarketTerms
from bot.core.snapshot import Block

ETHER, USD = 10**18, 10**6
NAME = "il_range_bps"
EXPOSURE = Exposure(
    pool="WETH-USDC", claim_base_atoms=500 * ETHER, claim_quote_atoms=10**6 * USD,
    entry_base_atoms=500 * ETHER, entry_quote_atoms=10**6 * USD, lp_value_atoms=1,
    hold_value_atoms=1, entry_value_atoms=1, value_without_fees_atoms=1, price_exposure_atoms=0,
    il_atoms=0, fees_atoms=0, funded_pnl_atoms=0, il_vs_hold=0.0, il_bps=0.0,
    loss_vs_entry_hold=0.0, funded_pnl=0.0, delta_base=500.0, gamma_base=-0.125,
)  # fmt: skip
"""Entered at 2,000."""


def facts(price: int, *, range_bps: int = 2_500, exposure: Exposure | None = EXPOSURE) -> Facts:
    market = Market(
        pool="WETH-USDC", time_s=0, base_symbol="WETH", base_decimals=18, quote_symbol="USDC",
        quote_decimals=6, spot_atoms=price * USD, twap_atoms=None, realised_vol=None,
    )  # fmt: skip
    block = Block(number=1, hash="0x1", parent_hash="0x0", time_s=0)
    return Facts(
        market=market, exposure=exposure, tvl_atoms=1, feeds={}, blocks=(None, block),
        memory=NO_MEMORY, world=NO_WORLD, terms=MarketTerms(range_bps=range_bps), book_ratio=None,
    )  # fmt: skip


def loss_bps(seen: Facts) -> float | None:
    return outside_metrics(frozenset({NAME}), seen)[NAME]


@pytest.mark.parametrize(
    ("price", "loss"),
    [(1_000, 0.30319139), (1_500, 0.08420755), (1_750, 0.01842850), (2_100, 0.00249094),
     (2_500, 0.05238772)],
)  # fmt: skip
def test_a_range_of_a_quarter_loses_what_the_known_answers_say(price: int, loss: float) -> None:
    """Source: reference values for entry 2,000 in 1,500 to 2,500, computed in two ways."""
    assert loss_bps(facts(price)) == pytest.approx(10_000 * loss, abs=1e-4)


def test_at_its_entry_price_nothing_is_lost_and_without_one_nothing_is_known() -> None:
    assert loss_bps(facts(2_000)) == 0.0
    assert loss_bps(facts(2_000, exposure=None)) is None
    assert loss_bps(facts(2_000, exposure=replace(EXPOSURE, entry_quote_atoms=0))) is None


def test_the_narrower_the_range_the_more_it_loses() -> None:
    losses = [loss_bps(facts(1_800, range_bps=width)) for width in (500, 1_000, 2_500, 9_999)]
    assert losses == sorted(losses, reverse=True)
    full = 10_000 * (1 - 2 * 0.9**0.5 / 1.9)
    assert losses[-1] > full  # even the widest ends at twice the entry price


def test_a_range_of_the_usual_width_is_not_written_and_any_other_is() -> None:
    """A book from before there was such a key goes on under its hash."""
    assert "range_bps" not in MarketTerms().to_json()
    narrow = MarketTerms(range_bps=500)
    assert MarketTerms.from_json(narrow.to_json()) == narrow
    assert MarketTerms.from_json(MarketTerms().to_json()) == MarketTerms()
