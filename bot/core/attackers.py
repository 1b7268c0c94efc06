"""Who bends a pool's price on purpose: a push, a victim in between, and the way back.

An attacker swaps until the price has moved by so much, and later swaps back exactly what that swap
brought, which is the least that it asked for. All amounts follow from the pool as it is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from bot.core.actions import Action, Role, Swap
from bot.core.amm import Pair, amount_out_down, swap_to_price
from bot.core.pool_model import base_quote, reserves
from bot.core.scenario import Cue, PushCue
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.units import BPS, mul_div_down


def attack_swaps(pool: PoolState, cue: PushCue, *, spec: PoolSpec) -> tuple[Swap, ...]:
    """The swaps of one block in which a cue pushes the price; () where that takes none.

    The push ends at the edge of the fee around the wanted price. A victim names no least amount.
    """
    wanted = pool.price(spec) * Fraction(BPS + cue.move_bps, BPS)
    found = swap_to_price(reserves(pool, spec), price=wanted, fee_bps=spec.fee_bps)
    if not found.amount_in_atoms:
        return ()
    push = _exact(pool, Role.ATTACKER, found.amount_in_atoms, found.sells_base, spec=spec)
    if cue.blocks:
        return (push,)
    pool, swaps = _after(pool, push, spec=spec), [push]
    held = reserves(pool, spec)
    victim_in = mul_div_down(held[0] if push.sells_base else held[1], cue.victim_bps, BPS)
    if victim_in:
        victim = _exact(pool, Role.TRADER, victim_in, push.sells_base, spec=spec)
        pool = _after(pool, victim, spec=spec)
        swaps.append(replace(victim, amount_out_min_atoms=0))
    back = _exact(pool, Role.ATTACKER, push.amount_out_min_atoms, not push.sells_base, spec=spec)
    return (*swaps, back)


def swaps_back(cues: Iterable[Cue], before: Sequence[Action], *, last_step: int) -> Iterator[Swap]:
    """What attackers do first in a block: swap back what their push in the block below brought.

    before: that block's actions; last_step: its step. A push is an attacker's last deed in a pool.
    Nobody trades in between, so they find the pool as they left it and accept any amount.
    """
    for cue in cues:
        if isinstance(cue, PushCue) and cue.blocks and cue.pushes(last_step):
            pushes = [
                action
                for action in before
                if isinstance(action, Swap)
                and action.role is Role.ATTACKER
                and action.pool == cue.pool
            ]
            for push in pushes[-1:]:
                yield replace(
                    push,
                    sells_base=not push.sells_base,
                    amount_in_atoms=push.amount_out_min_atoms,
                    amount_out_min_atoms=0,
                )


def _exact(
    pool: PoolState, role: Role, amount_in: int, sells_base: bool, *, spec: PoolSpec
) -> Swap:
    """A swap that asks for all that it will get."""
    reserve_in, reserve_out = _in_out(pool, spec, sells_base=sells_base)
    return Swap(
        role=role,
        pool=spec.name,
        sells_base=sells_base,
        amount_in_atoms=amount_in,
        amount_out_min_atoms=amount_out_down(
            amount_in, reserve_in=reserve_in, reserve_out=reserve_out, fee_bps=spec.fee_bps
        ),
    )


def _after(pool: PoolState, swap: Swap, *, spec: PoolSpec) -> PoolState:
    """The reserves behind a swap that asks for all that it gets; clocks are left alone."""
    reserve_in, reserve_out = _in_out(pool, spec, sells_base=swap.sells_base)
    reserve_in += swap.amount_in_atoms
    reserve_out -= swap.amount_out_min_atoms
    after = (reserve_in, reserve_out) if swap.sells_base else (reserve_out, reserve_in)
    reserve0, reserve1 = base_quote(after, spec)
    return replace(pool, reserve0=reserve0, reserve1=reserve1)


def _in_out(pool: PoolState, spec: PoolSpec, *, sells_base: bool) -> Pair:
    base, quote = reserves(pool, spec)
    return (base, quote) if sells_base else (quote, base)
