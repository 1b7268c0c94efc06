"""The effective exchange rate: a geometric mean over chains of pools, with rates earned."""

from __future__ import annotations

from math import exp, log, prod

import pytest

from bot.core.effective_rate import (
    RATE_START,
    basket_move,
    effective_rate_step,
    index_level,
)
from bot.core.snapshot import PoolSpec, Token

YEAR_S = 365 * 86_400
TOKENS = {name: Token(address=f"0x{name}", symbol=name, decimals=18) for name in
          ("WETH", "USDC", "WBTC", "LINK", "DAI", "LONE", "PAIR")}  # fmt: skip


def pool(name: str) -> PoolSpec:
    base, quote = (TOKENS[symbol] for symbol in name.split("-"))
    return PoolSpec(
        name=name, address=f"0x{name}", factory="0x", base=base, quote=quote, base_is_token0=True
    )


SPECS = [pool(n) for n in ("WETH-USDC", "WBTC-WETH", "LINK-WETH", "DAI-USDC", "LONE-PAIR")]
BEFORE = (2_000.0, 20.0, 0.01, 1.0, 5.0)
NOW = (2_200.0, 22.0, 0.009, 1.01, 50.0)


def test_the_move_is_the_mean_over_every_token_that_a_chain_of_pools_reaches() -> None:
    """By hand: WETH in USDC, in WBTC (1/price), in LINK (1/price), in DAI (by USDC)."""
    relatives = [2_200 / 2_000, 20 / 22, 0.01 / 0.009, (2_200 / 1.01) / (2_000 / 1.0)]
    geometric = prod(relatives) ** (1 / 4)
    move = basket_move("0xWETH", SPECS, BEFORE, NOW)
    assert move == pytest.approx(log(geometric), rel=1e-12)


def test_what_one_token_gains_the_others_lose_where_there_are_two() -> None:
    first = basket_move("0xLONE", SPECS, BEFORE, NOW)
    assert first == pytest.approx(log(10))
    assert basket_move("0xPAIR", SPECS, BEFORE, NOW) == pytest.approx(-log(10))


def test_a_pool_without_a_price_is_left_out_of_the_basket() -> None:
    before = (2_000.0, None, 0.01, 1.0, None)
    relatives = [2_200 / 2_000, 0.01 / 0.009, (2_200 / 1.01) / (2_000 / 1.0)]
    move = basket_move("0xWETH", SPECS, before, NOW)
    assert move == pytest.approx(log(prod(relatives)) / 3, rel=1e-12)
    assert basket_move("0xLONE", SPECS, before, NOW) is None


def test_the_index_starts_at_a_hundred_and_earns_the_differential() -> None:
    rate = RATE_START
    for _ in range(4):
        rate = effective_rate_step(rate, 0.01, differential=-0.02, elapsed_s=YEAR_S // 4)
    assert rate.closes == 4
    assert index_level(rate.nominal) == pytest.approx(100 * exp(0.04))
    assert rate.real is not None
    assert index_level(rate.real) == pytest.approx(100 * exp(0.02))


def test_the_real_index_is_unknown_without_rates_and_starts_again_with_them() -> None:
    known = effective_rate_step(RATE_START, 0.5, differential=0.0, elapsed_s=60)
    gone = effective_rate_step(known, 0.5, differential=None, elapsed_s=60)
    again = effective_rate_step(gone, 0.25, differential=0.0, elapsed_s=60)
    assert (known.real, gone.real, again.real) == (0.5, None, 0.25)
    assert again.nominal == 1.25


def test_a_token_that_reaches_no_other_keeps_its_index() -> None:
    assert effective_rate_step(RATE_START, None, differential=0.1, elapsed_s=60) == RATE_START
