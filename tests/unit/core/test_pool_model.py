"""What each action makes of a pair's storage; tests/fork has the contract's own word on it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from bot.core.actions import AddLiquidity, RemoveLiquidity, Role, SetFee, Swap, TransferLp
from bot.core.amm import MINIMUM_LIQUIDITY
from bot.core.errors import AmmRefusal
from bot.core.model_stage import model_specs
from bot.core.pool_model import UNFUNDED, OwnerChange, Pools, apply, reserves
from bot.core.snapshot import EventKind, PoolState
from bot.core.twap import Q112
from tests.builders.scripts import two_days

POOL = "WETH-USDC"
SPECS = {spec.name: spec for spec in model_specs(two_days())}
START_S = 1_000


def play(pools: Pools, *actions: object, time_s: int = START_S) -> PoolState:
    for action in actions:
        pools, _ = apply(pools, action, specs=SPECS, block_time_s=time_s)  # type: ignore[arg-type]
    return pools[POOL]


def deposit(base: int, quote: int, *, role: Role = Role.OWNER, least: int = 0) -> AddLiquidity:
    return AddLiquidity(
        role=role,
        pool=POOL,
        base_atoms=base,
        quote_atoms=quote,
        base_min_atoms=least,
        quote_min_atoms=least,
    )


def withdrawal(lp_atoms: int, *, role: Role = Role.OWNER, least: int = 0) -> RemoveLiquidity:
    return RemoveLiquidity(
        role=role, pool=POOL, lp_atoms=lp_atoms, base_min_atoms=least, quote_min_atoms=least
    )


def sale(amount_in: int, *, sells_base: bool = True, least: int = 0) -> Swap:
    return Swap(
        role=Role.TRADER,
        pool=POOL,
        sells_base=sells_base,
        amount_in_atoms=amount_in,
        amount_out_min_atoms=least,
    )


EMPTY: Pools = {POOL: UNFUNDED}
FUNDED: Pools = {POOL: play(EMPTY, deposit(10**6, 4 * 10**6))}


def test_the_first_deposit_locks_the_minimum_liquidity_for_ever() -> None:
    pool = FUNDED[POOL]
    assert pool.total_supply == 2 * 10**6
    assert pool.lp_balance == 2 * 10**6 - MINIMUM_LIQUIDITY
    assert reserves(pool, SPECS[POOL]) == (10**6, 4 * 10**6)


def test_a_later_deposit_takes_what_matches_the_price_and_tells_the_owner() -> None:
    pools, change = apply(FUNDED, deposit(10**5, 10**9), specs=SPECS, block_time_s=START_S)
    assert change == OwnerChange(
        pool=POOL, kind=EventKind.MINT, lp_atoms=2 * 10**5, amounts=(10**5, 4 * 10**5)
    )
    assert pools[POOL].total_supply == 22 * 10**5


def test_an_outsiders_deposit_is_none_of_the_owners_business() -> None:
    pools, change = apply(
        FUNDED, deposit(10**5, 10**9, role=Role.OUTSIDER), specs=SPECS, block_time_s=START_S
    )
    assert change is None
    assert pools[POOL].lp_balance == FUNDED[POOL].lp_balance


def test_a_withdrawal_pays_the_share_of_the_reserves() -> None:
    pools, change = apply(FUNDED, withdrawal(2 * 10**5), specs=SPECS, block_time_s=START_S)
    assert change == OwnerChange(
        pool=POOL, kind=EventKind.BURN, lp_atoms=2 * 10**5, amounts=(10**5, 4 * 10**5)
    )
    assert reserves(pools[POOL], SPECS[POOL]) == (9 * 10**5, 36 * 10**5)


def test_the_old_price_counts_once_a_block_however_often_it_trades() -> None:
    """Source: price cumulative = sum of price * seconds, in UQ112.112."""
    once = play(FUNDED, sale(1_000), time_s=START_S + 60)
    twice = play(FUNDED, sale(1_000), sale(2_000), time_s=START_S + 60)
    spec = SPECS[POOL]
    price0 = Fraction(4, 1) if spec.base_is_token0 else Fraction(1, 4)
    assert once.price0_cumulative == price0 * 60 * Q112
    assert once.price1_cumulative == 60 * Q112 / price0
    assert (once.price0_cumulative, once.price1_cumulative) == (
        twice.price0_cumulative,
        twice.price1_cumulative,
    )
    assert once.reserves_time_s == START_S + 60


def test_the_pairs_clock_and_sums_wrap_as_on_the_chain() -> None:
    late = replace(
        FUNDED[POOL],
        reserves_time_s=2**32 - 10,
        price0_cumulative=2**256 - 1,
        price1_cumulative=2**256 - 1,
    )
    pool = play({POOL: late}, sale(1_000), time_s=2**32 + 5)
    price0 = 4 * Q112 if SPECS[POOL].base_is_token0 else Q112 // 4
    assert pool.reserves_time_s == 5
    assert pool.price0_cumulative == 15 * price0 - 1


def test_the_protocol_fee_counts_from_the_first_deposit_after_it_is_on() -> None:
    on = {POOL: play(FUNDED, SetFee(on=True))}
    assert on[POOL].k_last == 0
    traded = {POOL: play(on, sale(10**5), sale(10**5, sells_base=False))}
    first = play(traded, deposit(1_000, 4_000))
    assert first.k_last == first.reserve0 * first.reserve1
    before = {POOL: first}
    grown = {POOL: play(before, sale(10**5), sale(4 * 10**5, sells_base=False))}
    pools, change = apply(grown, deposit(1_000, 10**4), specs=SPECS, block_time_s=START_S)
    assert change is not None
    minted_to_protocol = pools[POOL].total_supply - grown[POOL].total_supply - change.lp_atoms
    assert minted_to_protocol > 0


def test_the_pair_forgets_k_when_a_deposit_finds_the_fee_off() -> None:
    on = {POOL: play(FUNDED, SetFee(on=True), deposit(1_000, 4_000))}
    off = {POOL: play(on, SetFee(on=False))}
    assert off[POOL].k_last > 0
    assert play(off, deposit(1_000, 4_000)).k_last == 0


def test_sending_and_receiving_lp_tokens_leaves_the_pool_alone() -> None:
    to_outsider = TransferLp(sender=Role.OWNER, receiver=Role.OUTSIDER, pool=POOL, lp_atoms=500)
    back = replace(to_outsider, sender=Role.OUTSIDER, receiver=Role.OWNER)
    pools, sent = apply(FUNDED, to_outsider, specs=SPECS, block_time_s=START_S)
    assert sent == OwnerChange(pool=POOL, kind=EventKind.SEND, lp_atoms=500)
    assert pools[POOL] == replace(FUNDED[POOL], lp_balance=FUNDED[POOL].lp_balance - 500)
    pools, received = apply(pools, back, specs=SPECS, block_time_s=START_S)
    assert received == OwnerChange(pool=POOL, kind=EventKind.RECEIVE, lp_atoms=500)
    assert pools == FUNDED


@pytest.mark.parametrize(
    "action",
    [
        sale(1_000, least=4_000),
        sale(0),
        deposit(10, 10**6, least=11),
        withdrawal(200, least=10**9),
        withdrawal(2 * 10**6),
        TransferLp(sender=Role.OWNER, receiver=Role.OUTSIDER, pool=POOL, lp_atoms=2 * 10**6),
    ],
)
def test_what_router_and_pair_would_revert_is_refused(action: object) -> None:
    with pytest.raises(AmmRefusal):
        play(FUNDED, action)
