"""A Uniswap V2 pair as a value: what each action makes of its storage, atom for atom.

The arithmetic is core/amm.py's; this module adds what the pair remembers between calls (reserves,
price cumulatives and their clock, supply, k_last). tests/fork holds it against the real contracts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.core.actions import (
    Action,
    AddLiquidity,
    GateAction,
    RemoveLiquidity,
    Role,
    SetFee,
    Swap,
    TransferLp,
)
from bot.core.amm import (
    MINIMUM_LIQUIDITY,
    Pair,
    amount_out_down,
    burn_amounts_down,
    liquidity_minted_down,
    optimal_deposit,
    protocol_fee_liquidity_down,
)
from bot.core.errors import AmmRefusal
from bot.core.snapshot import EventKind, PoolSpec, PoolState
from bot.core.twap import CLOCK_MODULUS, CUMULATIVE_MODULUS, Q112

Pools: TypeAlias = Mapping[str, PoolState]
"""The state of every pool by its name."""

UNFUNDED = PoolState(
    reserve0=0,
    reserve1=0,
    reserves_time_s=0,
    price0_cumulative=0,
    price1_cumulative=0,
    total_supply=0,
    lp_balance=0,
    k_last=0,
    fee_on=False,
)
"""A pair as its factory leaves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerChange:
    """The owner's LP balance changed by an action; amounts are (base, quote), 0 for transfers."""

    pool: str
    kind: EventKind
    lp_atoms: int
    amounts: Pair = (0, 0)


def apply(
    pools: Pools, action: Action, *, specs: Mapping[str, PoolSpec], block_time_s: int
) -> tuple[Pools, OwnerChange | None]:
    """All pools after one action in a block of this time, and how it changed the owner's LP."""
    if isinstance(action, GateAction):
        return pools, None
    if isinstance(action, SetFee):
        return {name: replace(pool, fee_on=action.on) for name, pool in pools.items()}, None
    pool, spec = pools[action.pool], specs[action.pool]
    change: OwnerChange | None = None
    if isinstance(action, Swap):
        pool = _swap(pool, action, spec=spec, block_time_s=block_time_s)
    elif isinstance(action, AddLiquidity):
        pool, change = _add(pool, action, spec=spec, block_time_s=block_time_s)
    elif isinstance(action, RemoveLiquidity):
        pool, change = _remove(pool, action, spec=spec, block_time_s=block_time_s)
    else:
        pool, change = _transfer(pool, action)
    return {**pools, action.pool: pool}, change


def base_quote(pair: Pair, spec: PoolSpec) -> Pair:
    """Turn (token0, token1) into (base, quote), or back: it is its own inverse."""
    return pair if spec.base_is_token0 else (pair[1], pair[0])


def reserves(pool: PoolState, spec: PoolSpec) -> Pair:
    """(base, quote) reserves in atoms; (0, 0) before the first deposit."""
    return base_quote((pool.reserve0, pool.reserve1), spec)


def after_protocol_fee(pool: PoolState) -> PoolState:
    """The pair when a mint or burn has seen to the protocol fee, before its own doing."""
    if not pool.fee_on:
        return replace(pool, k_last=0)
    minted = protocol_fee_liquidity_down(
        (pool.reserve0, pool.reserve1), k_last=pool.k_last, total_supply=pool.total_supply
    )
    return replace(pool, total_supply=pool.total_supply + minted)


def _swap(pool: PoolState, action: Swap, *, spec: PoolSpec, block_time_s: int) -> PoolState:
    base, quote = reserves(pool, spec)
    reserve_in, reserve_out = (base, quote) if action.sells_base else (quote, base)
    out = amount_out_down(
        action.amount_in_atoms,
        reserve_in=reserve_in,
        reserve_out=reserve_out,
        fee_bps=spec.fee_bps,
    )
    if out < action.amount_out_min_atoms:
        raise AmmRefusal(reason=f"output {out} is below {action.amount_out_min_atoms}")
    reserve_in, reserve_out = reserve_in + action.amount_in_atoms, reserve_out - out
    after = (reserve_in, reserve_out) if action.sells_base else (reserve_out, reserve_in)
    return _settle(pool, base_quote(after, spec), block_time_s=block_time_s)


def _add(
    pool: PoolState, action: AddLiquidity, *, spec: PoolSpec, block_time_s: int
) -> tuple[PoolState, OwnerChange | None]:
    paid = optimal_deposit((action.base_atoms, action.quote_atoms), reserves=reserves(pool, spec))
    _refuse_less(paid, (action.base_min_atoms, action.quote_min_atoms))
    pool = after_protocol_fee(pool)
    held = (pool.reserve0, pool.reserve1)
    paid01 = base_quote(paid, spec)
    minted = liquidity_minted_down(paid01, reserves=held, total_supply=pool.total_supply)
    locked = 0 if pool.total_supply else MINIMUM_LIQUIDITY
    own = minted if action.role is Role.OWNER else 0
    pool = replace(
        pool,
        total_supply=pool.total_supply + minted + locked,
        lp_balance=pool.lp_balance + own,
    )
    pool = _settle(pool, (held[0] + paid01[0], held[1] + paid01[1]), block_time_s=block_time_s)
    change = OwnerChange(pool=action.pool, kind=EventKind.MINT, lp_atoms=own, amounts=paid)
    return _remember_k(pool), change if own else None


def _remove(
    pool: PoolState, action: RemoveLiquidity, *, spec: PoolSpec, block_time_s: int
) -> tuple[PoolState, OwnerChange | None]:
    own = action.lp_atoms if action.role is Role.OWNER else 0
    _refuse_short(pool, own)
    pool = after_protocol_fee(pool)
    held = (pool.reserve0, pool.reserve1)
    paid01 = burn_amounts_down(action.lp_atoms, reserves=held, total_supply=pool.total_supply)
    paid = base_quote(paid01, spec)
    _refuse_less(paid, (action.base_min_atoms, action.quote_min_atoms))
    pool = replace(
        pool,
        total_supply=pool.total_supply - action.lp_atoms,
        lp_balance=pool.lp_balance - own,
    )
    pool = _settle(pool, (held[0] - paid01[0], held[1] - paid01[1]), block_time_s=block_time_s)
    change = OwnerChange(pool=action.pool, kind=EventKind.BURN, lp_atoms=own, amounts=paid)
    return _remember_k(pool), change if own else None


def _transfer(pool: PoolState, action: TransferLp) -> tuple[PoolState, OwnerChange | None]:
    sent = action.sender is Role.OWNER
    if sent == (action.receiver is Role.OWNER):
        return pool, None
    if sent:
        _refuse_short(pool, action.lp_atoms)
    kind = EventKind.SEND if sent else EventKind.RECEIVE
    moved = -action.lp_atoms if sent else action.lp_atoms
    change = OwnerChange(pool=action.pool, kind=kind, lp_atoms=action.lp_atoms)
    return replace(pool, lp_balance=pool.lp_balance + moved), change


def _settle(pool: PoolState, after: Pair, *, block_time_s: int) -> PoolState:
    """The pair's `_update`: the old price counts up to now, at the first touch of a block only."""
    now_s = block_time_s % CLOCK_MODULUS
    elapsed_s = (now_s - pool.reserves_time_s) % CLOCK_MODULUS
    price0 = price1 = 0
    if pool.reserve0 and pool.reserve1:
        price0 = pool.reserve1 * Q112 // pool.reserve0
        price1 = pool.reserve0 * Q112 // pool.reserve1
    return replace(
        pool,
        reserve0=after[0],
        reserve1=after[1],
        reserves_time_s=now_s,
        price0_cumulative=(pool.price0_cumulative + price0 * elapsed_s) % CUMULATIVE_MODULUS,
        price1_cumulative=(pool.price1_cumulative + price1 * elapsed_s) % CUMULATIVE_MODULUS,
    )


def _remember_k(pool: PoolState) -> PoolState:
    return replace(pool, k_last=pool.reserve0 * pool.reserve1 if pool.fee_on else 0)


def _refuse_less(amounts: Pair, least: Pair) -> None:
    if amounts[0] < least[0] or amounts[1] < least[1]:
        raise AmmRefusal(reason=f"amounts {amounts} are below the least accepted {least}")


def _refuse_short(pool: PoolState, lp_atoms: int) -> None:
    if lp_atoms > pool.lp_balance:
        raise AmmRefusal(reason=f"owner moves {lp_atoms} LP atoms of {pool.lp_balance}")
