"""The pool's arithmetic against the real router and pair: exact to the atom, one more refused."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from brownie import accounts, chain, reverts
from brownie.test import given
from hypothesis import assume, settings
from hypothesis import strategies as st

from bot.core import amm
from bot.core.snapshot import PoolState
from bot.core.twap import cumulative_now
from tests.contract.pool_reading import (
    NEVER_S,
    NOBODY,
    empty_pair,
    equip,
    in_order,
    read_state,
    spec_of,
)

EXAMPLES = 14

shares = st.fractions(Fraction(1, 10**6), 2)
sides = st.sampled_from([0, 1])

FUNDED = [
    (18, 6, (10**21, 2 * 10**12)),
    (0, 36, (5_000, 10**32)),
    (8, 18, (2**100, 2**60)),
]
"""Decimals of two tokens and the atoms that the first LP pays in."""

which = st.sampled_from(range(len(FUNDED)))


@dataclass(frozen=True)
class Pool:
    """A funded pair, its tokens in the pair's order, and who acts on it."""

    factory: Any
    router: Any
    pair: Any
    tokens: tuple[Any, Any]
    trader: Any
    collector: Any

    @property
    def state(self) -> PoolState:
        """What the pair says now, with the trader as owner."""
        return read_state(self.pair, factory=self.factory, owner=self.trader)

    @property
    def reserves(self) -> amm.Pair:
        """Reserves in the pair's order."""
        reserve0, reserve1, _ = self.pair.getReserves()
        return int(reserve0), int(reserve1)

    def take_fee(self, *, on: bool) -> None:
        """Turn the protocol fee on or off."""
        setter = self.factory.feeToSetter()
        self.factory.setFeeTo(self.collector if on else NOBODY, {"from": setter})


@pytest.fixture(scope="module")
def pools(factory: Any, router: Any, token_factory: Any) -> list[Pool]:
    """A funded pair of two new tokens for each of FUNDED."""
    return [
        _funded(
            (token_factory(first, "FIRST"), token_factory(second, "SECOND")),
            amounts=amounts,
            factory=factory,
            router=router,
        )
        for first, second, amounts in FUNDED
    ]


def _funded(tokens: tuple[Any, Any], *, amounts: amm.Pair, factory: Any, router: Any) -> Pool:
    pair = empty_pair(factory, tokens)
    trader = accounts[1]
    equip(trader, tokens=tokens, pair=pair, router=router)
    router.addLiquidity(*tokens, *amounts, 0, 0, trader, NEVER_S, {"from": trader})
    minted = amm.liquidity_minted_down(amounts, reserves=(0, 0), total_supply=0)
    assert pair.balanceOf(trader) == minted
    assert pair.totalSupply() == minted + amm.MINIMUM_LIQUIDITY
    return Pool(
        factory=factory,
        router=router,
        pair=pair,
        tokens=in_order(pair, tokens),
        trader=trader,
        collector=accounts[2],
    )


@settings(max_examples=EXAMPLES)
@given(index=which, side=sides, share=shares)
def test_the_pair_pays_this_output_and_refuses_one_atom_more(
    pools: list[Pool], index: int, side: int, share: Fraction
) -> None:
    pool = pools[index]
    reserves = pool.reserves
    paid = max(1, int(reserves[side] * share))
    out = amm.amount_out_down(paid, reserve_in=reserves[side], reserve_out=reserves[1 - side])
    assume(out > 0)
    assert pool.router.getAmountOut(paid, reserves[side], reserves[1 - side]) == out
    pool.tokens[side].transfer(pool.pair, paid, {"from": pool.trader})
    outs = [0, 0]
    outs[1 - side] = out + 1
    with reverts("UniswapV2: K"):
        pool.pair.swap.call(*outs, pool.trader, b"", {"from": pool.trader})
    outs[1 - side] = out
    pool.pair.swap(*outs, pool.trader, b"", {"from": pool.trader})
    after = list(reserves)
    after[side] += paid
    after[1 - side] -= out
    assert pool.reserves == tuple(after)


@settings(max_examples=EXAMPLES)
@given(index=which, side=sides, share=st.fractions(Fraction(1, 10**6), Fraction(9, 10)))
def test_the_router_asks_this_input_and_one_atom_less_is_too_little(
    pools: list[Pool], index: int, side: int, share: Fraction
) -> None:
    pool = pools[index]
    reserves = pool.reserves
    out = max(1, int(reserves[1 - side] * share))
    paid = amm.amount_in_up(out, reserve_in=reserves[side], reserve_out=reserves[1 - side])
    path = [pool.tokens[side], pool.tokens[1 - side]]
    arguments = (path, pool.trader, NEVER_S, {"from": pool.trader})
    with reverts("UniswapV2Router: EXCESSIVE_INPUT_AMOUNT"):
        pool.router.swapTokensForExactTokens.call(out, paid - 1, *arguments)
    before = pool.tokens[side].balanceOf(pool.trader)
    pool.router.swapTokensForExactTokens(out, paid, *arguments)
    assert before - pool.tokens[side].balanceOf(pool.trader) == paid
    assert pool.reserves[1 - side] == reserves[1 - side] - out


@settings(max_examples=EXAMPLES)
@given(
    index=which,
    fee_on=st.booleans(),
    side=sides,
    swap_share=shares,
    offers=st.tuples(shares, shares),
    burn_share=st.fractions(Fraction(1, 100), 1),
)
def test_a_deposit_and_a_withdrawal_move_what_the_arithmetic_says(
    pools: list[Pool],
    *,
    index: int,
    fee_on: bool,
    side: int,
    swap_share: Fraction,
    offers: tuple[Fraction, Fraction],
    burn_share: Fraction,
) -> None:
    """With the protocol fee on or off, and growth between the mint and the burn."""
    pool = pools[index]
    me = {"from": pool.trader}
    pool.take_fee(on=fee_on)
    _deposit(pool, offers=offers)
    paid = max(1, int(pool.reserves[side] * swap_share))
    path = [pool.tokens[side], pool.tokens[1 - side]]
    assume(pool.router.getAmountsOut(paid, path)[1] > 0)
    pool.router.swapExactTokensForTokens(paid, 0, path, pool.trader, NEVER_S, me)

    state = pool.state
    fee = _fee_due(state)
    assert fee == 0 or fee_on
    burnt = max(1, int(state.lp_balance * burn_share))
    amounts = amm.burn_amounts_down(
        burnt, reserves=pool.reserves, total_supply=state.total_supply + fee
    )
    before = [token.balanceOf(pool.trader) for token in pool.tokens]
    collected = pool.pair.balanceOf(pool.collector)
    pool.router.removeLiquidity(*pool.tokens, burnt, 0, 0, pool.trader, NEVER_S, me)
    got = [token.balanceOf(pool.trader) for token in pool.tokens]
    assert tuple(now - then for now, then in zip(got, before, strict=True)) == amounts
    assert pool.pair.balanceOf(pool.collector) - collected == fee
    assert pool.pair.totalSupply() == state.total_supply + fee - burnt


def _deposit(pool: Pool, *, offers: tuple[Fraction, Fraction]) -> None:
    state = pool.state
    reserves = (state.reserve0, state.reserve1)
    desired = tuple(
        max(1, int(reserve * share)) for reserve, share in zip(reserves, offers, strict=True)
    )
    taken = amm.optimal_deposit(desired, reserves=reserves)
    assume(min(taken) > 0)
    supply = state.total_supply + _fee_due(state)
    try:
        minted = amm.liquidity_minted_down(taken, reserves=reserves, total_supply=supply)
    except amm.AmmRefusal:
        with reverts("UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED"):
            _add(pool, desired, really=False)
        return
    _add(pool, desired, really=True)
    assert pool.reserves == (reserves[0] + taken[0], reserves[1] + taken[1])
    assert pool.pair.balanceOf(pool.trader) - state.lp_balance == minted
    assert pool.pair.totalSupply() == supply + minted


def _add(pool: Pool, desired: tuple[int, ...], *, really: bool) -> None:
    send = pool.router.addLiquidity if really else pool.router.addLiquidity.call
    send(*pool.tokens, *desired, 0, 0, pool.trader, NEVER_S, {"from": pool.trader})


def _fee_due(state: PoolState) -> int:
    if not state.fee_on:
        return 0
    return amm.protocol_fee_liquidity_down(
        (state.reserve0, state.reserve1), k_last=state.k_last, total_supply=state.total_supply
    )


@settings(max_examples=EXAMPLES)
@given(index=which, move=st.fractions(Fraction(1, 4), 4))
def test_after_the_arbitrageurs_swap_nothing_is_left_to_earn(
    pools: list[Pool], index: int, move: Fraction
) -> None:
    """Token 0 is base: the swap's size is exact, so a second one finds nothing or an atom."""
    pool = pools[index]
    reserves = pool.reserves
    price = Fraction(reserves[1], reserves[0]) * move
    swap = amm.swap_to_price(reserves, price=price)
    assume(swap.amount_in_atoms > 0)
    path = list(pool.tokens if swap.sells_base else reversed(pool.tokens))
    pool.router.swapExactTokensForTokens(
        swap.amount_in_atoms, 0, path, pool.trader, NEVER_S, {"from": pool.trader}
    )
    after = Fraction(pool.reserves[1], pool.reserves[0]) / price
    edge = 1 / after if swap.sells_base else after
    one_atom = Fraction(3, min(pool.reserves))
    assert Fraction(9969, 10_000) * (1 - one_atom) < edge < 1 + one_atom
    left = pool.reserves
    again = amm.swap_to_price(left, price=price)
    if again.amount_in_atoms:
        ins, outs = left if again.sells_base else left[::-1]
        assert amm.amount_out_down(again.amount_in_atoms, reserve_in=ins, reserve_out=outs) == 1


@settings(max_examples=EXAMPLES)
@given(index=which, wait_s=st.integers(1, 2**31))
def test_the_price_cumulative_is_what_the_pair_writes_at_its_next_touch(
    pools: list[Pool], index: int, wait_s: int
) -> None:
    pool = pools[index]
    state = pool.state
    chain.sleep(wait_s)
    block_time_s = chain[pool.pair.sync({"from": pool.trader}).block_number].timestamp
    for base, quote, written in (
        (*pool.tokens, pool.pair.price0CumulativeLast()),
        (*reversed(pool.tokens), pool.pair.price1CumulativeLast()),
    ):
        spec = spec_of(pool.pair, base=base, quote=quote)
        assert cumulative_now(state, spec, block_time_s=block_time_s) == written


def test_a_balance_beyond_uint112_is_refused_by_the_pair_and_by_us(pools: list[Pool]) -> None:
    pool = pools[0]
    reserves = pool.reserves
    paid = amm.RESERVE_MAX - reserves[0] + 1
    with pytest.raises(amm.AmmRefusal, match="uint112"):
        amm.amount_out_down(paid, reserve_in=reserves[0], reserve_out=reserves[1])
    path = list(pool.tokens)
    with reverts("UniswapV2: OVERFLOW"):
        pool.router.swapExactTokensForTokens.call(
            paid, 0, path, pool.trader, NEVER_S, {"from": pool.trader}
        )
