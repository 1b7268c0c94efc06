"""What was traded in a Uniswap V2 pair between two blocks, from its storage alone: no logs.

Only fees make k per LP token grow, so fees follow from two states, in whole numbers, and volume is
fees over the fee rate. docs/maths.md section 6.1 has the derivation and its bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from bot.core.amm import protocol_fee_liquidity_down
from bot.core.errors import AmmRefusal
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.units import BPS

ROOT_BITS = 64
"""Bits behind the point of the square roots taken here; their error is below any atom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFlow:
    """Between two blocks, in quote atoms at the later block's price, each rounded down.

    volume_atoms: what was paid into the pair by swaps, fee included.
    fees_atoms: the fee on it. lp_fees_atoms: of that, what is left to the LPs after the
    protocol's sixth.
    """

    volume_atoms: int
    fees_atoms: int
    lp_fees_atoms: int


NO_FLOW = PoolFlow(volume_atoms=0, fees_atoms=0, lp_fees_atoms=0)


def flow_between(spec: PoolSpec, before: PoolState, after: PoolState) -> PoolFlow:
    """Volume and fees of the swaps between two states of a pair; both must hold liquidity.

    One swap: the fee on it is exactly the share 1 - k0/k1 of the input side's reserve, and at the
    pair's price as much of the quote side's. Several swaps add up to that within the factor
    sqrt(price then / price now) of each, and within the growth of k itself. Deposits and
    withdrawals in between leave k per LP token where it was, and are told apart by k_last where
    the protocol collects.
    """
    if spec.fee_bps <= 0:
        raise AmmRefusal(reason=f"fee {spec.fee_bps} bps tells nothing of the volume")
    before.reserves(spec)  # an empty pool is refused
    _, reserve_quote = after.reserves(spec)
    kept, whole = _kept(before, after)
    lp_kept, lp_whole = _per_share(before, after)
    grown, lp_grown = max(0, whole - kept), max(0, lp_whole - lp_kept)
    return PoolFlow(
        volume_atoms=reserve_quote * grown * BPS // (whole * spec.fee_bps),
        fees_atoms=reserve_quote * grown // whole,
        lp_fees_atoms=reserve_quote * lp_grown // lp_whole,
    )


def _kept(before: PoolState, after: PoolState) -> tuple[int, int]:
    """k before over k after, both taken by fees alone: (numerator, denominator)."""
    k_before, k_after = _k(before), _k(after)
    if (before.total_supply, before.k_last) == (after.total_supply, after.k_last):
        return k_before, k_after
    if not (before.fee_on and before.k_last and after.k_last):
        # No LP tokens for the protocol: deposits and withdrawals keep k over the supply squared.
        return k_before * after.total_supply**2, k_after * before.total_supply**2
    # The last deposit or withdrawal found the root r of k and left k_last. The protocol was given
    # its sixth then, so k_last's root over the supply now is (5 r + l)/6 over the supply before.
    root_then = 6 * before.total_supply * _root(after.k_last)
    root_then -= after.total_supply * _root(before.k_last)
    kept = _root(k_before) * _root(after.k_last) * 5 * after.total_supply
    return kept**2, (root_then * _root(k_after)) ** 2


def _per_share(before: PoolState, after: PoolState) -> tuple[int, int]:
    """k over the square of all LP tokens, what the protocol is owed included, then over now."""
    return _k(before) * _owned(after) ** 2, _k(after) * _owned(before) ** 2


def _owned(pool: PoolState) -> int:
    if not pool.fee_on:
        return pool.total_supply
    return pool.total_supply + protocol_fee_liquidity_down(
        (pool.reserve0, pool.reserve1), k_last=pool.k_last, total_supply=pool.total_supply
    )


def _k(pool: PoolState) -> int:
    return pool.reserve0 * pool.reserve1


def _root(k: int) -> int:
    return isqrt(k << 2 * ROOT_BITS)
