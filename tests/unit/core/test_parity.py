"""Parity watched: the figure by hand, and what a rule sees of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.market import Market
from bot.core.orders import ContractKind
from bot.core.parity import parity_gap_bps
from tests.builders.ladders import Ladder
from tests.builders.runs import layer

MARKET = Market(
    pool="WETH-USDC", time_s=0, base_symbol="WETH", base_decimals=18, quote_symbol="USDC",
    quote_decimals=6, spot_atoms=2_000_000_000, twap_atoms=None, realised_vol=None,
)  # fmt: skip


class Quotes:
    """A venue that quotes what the test says, in whole tokens."""

    def __init__(self, **quotes: tuple[int, int]) -> None:
        self.quotes = quotes

    def expiry_near(self, market: Market, *, tenor_s: int) -> int:
        return tenor_s

    def contract(self, market: Market, *, kind: str, **_: Any) -> Any:
        return SimpleNamespace(kind=ContractKind(kind))

    def bid_ask(self, contract: Any, market: Market) -> tuple[int, int]:
        bid, ask = self.quotes[contract.kind.value]
        return bid * 10**6, ask * 10**6


@pytest.mark.parametrize(
    ("quotes", "gap_bps"),
    [
        ({"call": (50, 52), "put": (48, 50), "forward": (1, 3)}, -15.0),
        ({"call": (60, 62), "put": (48, 50), "forward": (1, 3)}, 35.0),
        (
            {"call": (50, 52), "put": (48, 50), "forward": (9, 11)},
            25.0,
        ),
    ],
)
def test_the_gap_is_what_the_better_of_conversion_and_reversal_brings(
    quotes: dict[str, tuple[int, int]], gap_bps: float
) -> None:
    """-3 both ways; the dear call sold: 60 - 50 - 3; the dear forward sold: 9 + 48 - 52."""
    venue: Any = Quotes(**quotes)
    assert parity_gap_bps(MARKET, venue, tenor_s=1) == gap_bps


def test_a_rule_sees_that_the_paper_venue_gives_nothing_away() -> None:
    """Bug guard: free money at our own quotes would make every backtest a lie."""
    watch = layer(
        "one",
        arm=Comparison(metric="parity_gap_bps", above=0.0),
        disarm=Comparison(metric="parity_gap_bps", below=-1.0),
    )
    ladder = Ladder(watch)
    assert ladder.walk((1, 2_000), (1, 1_500), (24, 2_500)) == ["BELOW_ARM"] * 3
    assert -500 < ladder.last["decisions"][0]["numbers"]["parity_gap_bps"] < 0
