"""Uniswap V2's arithmetic: known answers of the contracts' own tests, and every refusal."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from bot.core import amm
from bot.core.errors import AmmRefusal

ETHER = 10**18

SWAP_CASES = [
    (1, 5, 10, 1_662497915624478906),
    (1, 10, 5, 453305446940074565),
    (2, 5, 10, 2_851015155847869602),
    (2, 10, 5, 831248957812239453),
    (1, 10, 10, 906610893880149131),
    (1, 100, 100, 987158034397061298),
    (1, 1000, 1000, 996006981039903216),
]


@pytest.mark.parametrize(("paid", "reserve_in", "reserve_out", "expected"), SWAP_CASES)
def test_a_swap_pays_the_pair_contracts_known_answer(
    paid: int, reserve_in: int, reserve_out: int, expected: int
) -> None:
    """Source: Uniswap/v2-core test/UniswapV2Pair.spec.ts swapTestCases."""
    reserves = (reserve_in * ETHER, reserve_out * ETHER)
    out = amm.amount_out_down(paid * ETHER, reserve_in=reserves[0], reserve_out=reserves[1])
    assert out == expected
    for extra, passes in ((0, True), (1, False)):
        assert passes is amm.swap_keeps_k(
            reserves=reserves, amounts_in=(paid * ETHER, 0), amounts_out=(0, out + extra)
        )


@pytest.mark.parametrize(
    ("out", "reserve_in", "reserve_out", "paid"),
    [
        (997000000000000000, 5, 10, ETHER),
        (997000000000000000, 10, 5, ETHER),
        (997000000000000000, 5, 5, ETHER),
        (ETHER, 5, 5, 1003009027081243732),
    ],
)
def test_paying_back_the_same_token_costs_the_fee_alone(
    out: int, reserve_in: int, reserve_out: int, paid: int
) -> None:
    """Source: Uniswap/v2-core test/UniswapV2Pair.spec.ts optimisticTestCases."""
    reserves = (reserve_in * ETHER, reserve_out * ETHER)
    for extra, passes in ((0, True), (1, False)):
        assert passes is amm.swap_keeps_k(
            reserves=reserves, amounts_in=(paid, 0), amounts_out=(out + extra, 0)
        )


def test_the_router_examples_of_its_own_tests_hold() -> None:
    """Source: Uniswap/v2-periphery test/UniswapV2Router02.spec.ts, quote/getAmountOut/In."""
    assert amm.quote(1, reserve_in=100, reserve_out=200) == 2
    assert amm.quote(2, reserve_in=200, reserve_out=100) == 1
    assert amm.amount_out_down(2, reserve_in=100, reserve_out=100) == 1
    assert amm.amount_in_up(1, reserve_in=100, reserve_out=100) == 2


def test_a_swap_may_not_pay_a_whole_reserve_out() -> None:
    assert not amm.swap_keeps_k(reserves=(10, 10), amounts_in=(10**9, 0), amounts_out=(0, 10))


def test_the_first_mint_locks_a_thousand_atoms() -> None:
    """Source: Uniswap/v2-core test/UniswapV2Pair.spec.ts "mint": 1 and 4 ether give 2 ether."""
    minted = amm.liquidity_minted_down((ETHER, 4 * ETHER), reserves=(0, 0), total_supply=0)
    assert minted == 2 * ETHER - amm.MINIMUM_LIQUIDITY


def test_a_later_mint_goes_by_the_scarcer_side() -> None:
    assert amm.liquidity_minted_down((10, 30), reserves=(100, 200), total_supply=50) == 5
    assert amm.liquidity_minted_down((10, 10), reserves=(100, 200), total_supply=50) == 2


def test_a_burn_of_all_but_the_locked_liquidity_leaves_a_thousand_of_each() -> None:
    """Source: Uniswap/v2-core test/UniswapV2Pair.spec.ts "burn": 3 ether of each token."""
    lp_atoms = 3 * ETHER - 1000
    amounts = amm.burn_amounts_down(
        lp_atoms, reserves=(3 * ETHER, 3 * ETHER), total_supply=3 * ETHER
    )
    assert amounts == (lp_atoms, lp_atoms)


def test_the_protocol_fee_is_the_pair_contracts_known_answer() -> None:
    """Source: Uniswap/v2-core test/UniswapV2Pair.spec.ts "feeTo:on": 249750499251388 LP atoms.

    1000 ether a side, one swap of 1 ether for 996006981039903216 atoms of the other token.
    """
    reserves = (1000 * ETHER - 996006981039903216, 1001 * ETHER)
    fee = amm.protocol_fee_liquidity_down(
        reserves, k_last=(1000 * ETHER) ** 2, total_supply=1000 * ETHER
    )
    assert fee == 249750499251388


@pytest.mark.parametrize(("k_last", "why"), [(0, "fee was off"), (10**6, "k did not grow")])
def test_no_protocol_fee_is_due_without_growth(k_last: int, why: str) -> None:
    fee = amm.protocol_fee_liquidity_down((1000, 1000), k_last=k_last, total_supply=1000)
    assert fee == 0, why


def test_the_router_takes_one_side_whole_and_matches_the_other() -> None:
    assert amm.optimal_deposit((10, 100), reserves=(5, 20)) == (10, 40)
    assert amm.optimal_deposit((10, 10), reserves=(5, 20)) == (2, 10)
    assert amm.optimal_deposit((7, 9), reserves=(0, 0)) == (7, 9)


RESERVES = (1_000 * ETHER, 2_000_000 * 10**6)
PRICE = Fraction(RESERVES[1], RESERVES[0])


@pytest.mark.parametrize("move", [Fraction(1), Fraction(998, 1000), Fraction(1003, 1000)])
def test_inside_the_fee_band_the_arbitrageur_stays_at_home(move: Fraction) -> None:
    assert amm.swap_to_price(RESERVES, price=PRICE * move).amount_in_atoms == 0


@pytest.mark.parametrize("move", [Fraction(1, 2), Fraction(9, 10), Fraction(11, 10), Fraction(3)])
def test_after_the_arbitrageur_the_price_is_at_the_edge_of_the_band(move: Fraction) -> None:
    swap = amm.swap_to_price(RESERVES, price=PRICE * move)
    assert swap.sells_base is (move < 1)
    ins, outs = (0, 1) if swap.sells_base else (1, 0)
    after = list(RESERVES)
    after[outs] -= amm.amount_out_down(
        swap.amount_in_atoms, reserve_in=after[ins], reserve_out=after[outs]
    )
    after[ins] += swap.amount_in_atoms
    ratio = Fraction(after[1], after[0]) / (PRICE * move)
    # 0.3 % of the fee, of which the pool keeps its own part in the reserves.
    assert Fraction(9969, 10000) < (1 / ratio if swap.sells_base else ratio) < 1


def test_a_pool_of_a_few_atoms_asks_for_no_swap_that_pays_nothing() -> None:
    assert amm.swap_to_price((3, 3), price=Fraction(2)).amount_in_atoms == 0


def test_sqrt_k_is_rounded_down() -> None:
    assert amm.sqrt_k((3, 5)) == 3


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: amm.amount_out_down(0, reserve_in=1, reserve_out=1), "not above zero"),
        (lambda: amm.amount_out_down(1, reserve_in=0, reserve_out=1), "no liquidity"),
        (lambda: amm.amount_out_down(1, reserve_in=amm.RESERVE_MAX, reserve_out=1), "uint112"),
        (lambda: amm.amount_out_down(1, reserve_in=1, reserve_out=1, fee_bps=10_000), "fee"),
        (lambda: amm.amount_in_up(5, reserve_in=5, reserve_out=5), "not within"),
        (lambda: amm.amount_in_up(0, reserve_in=5, reserve_out=5), "not within"),
        (lambda: amm.amount_in_up(1, reserve_in=amm.RESERVE_MAX, reserve_out=5), "uint112"),
        (lambda: amm.quote(0, reserve_in=5, reserve_out=5), "not above zero"),
        (lambda: amm.quote(1, reserve_in=5, reserve_out=0), "no liquidity"),
        (
            lambda: amm.liquidity_minted_down((1000, 1000), reserves=(0, 0), total_supply=0),
            "too small",
        ),
        (
            lambda: amm.liquidity_minted_down((1, 1), reserves=(9, 9), total_supply=8),
            "too small",
        ),
        (
            lambda: amm.liquidity_minted_down(
                (1, amm.RESERVE_MAX), reserves=(1, 1), total_supply=8
            ),
            "uint112",
        ),
        (lambda: amm.burn_amounts_down(0, reserves=(9, 9), total_supply=9), "burn of 0"),
        (lambda: amm.burn_amounts_down(10, reserves=(9, 9), total_supply=9), "burn of 10"),
        (lambda: amm.burn_amounts_down(1, reserves=(9, 1), total_supply=9 * 2), "pays"),
        (lambda: amm.swap_to_price((1, 1), price=Fraction(0)), "not above zero"),
        (lambda: amm.swap_to_price((0, 1), price=Fraction(1)), "no liquidity"),
    ],
)
def test_what_the_contracts_revert_on_is_refused_with_its_numbers(
    call: Callable[[], object], why: str
) -> None:
    with pytest.raises(AmmRefusal, match=why):
        call()
