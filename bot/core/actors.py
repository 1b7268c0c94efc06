"""Who trades in a scripted world, as one pure function: same pools in, same actions out.

A step plays, pool by pool: the owner's cue, noise traders both ways, and an arbitrageur who
brings the pool to the scenario's price; attackers (core/attackers.py) are first and last. Everybody
computes what the trade before left behind, so the least amounts asked for are honest: what an actor
computed, less a tolerance for noise traders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from bot.core.actions import (
    Action,
    AddLiquidity,
    OpenGate,
    RemoveLiquidity,
    Role,
    SetFee,
    ShutGate,
    Swap,
    TransferLp,
)
from bot.core.amm import (
    MINIMUM_LIQUIDITY,
    amount_out_down,
    burn_amounts_down,
    optimal_deposit,
    swap_to_price,
)
from bot.core.attackers import attack_swaps, swaps_back
from bot.core.pool_model import Pools, after_protocol_fee, apply, base_quote, reserves
from bot.core.scenario import (
    DRAW_RANGE,
    FeeCue,
    GateCue,
    LiquidityCue,
    LiquidityMove,
    PoolScript,
    PushCue,
    Scenario,
    ThinCue,
    draw,
)
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.units import BPS, DAY_S, mul_div_down

TRADER_SLIPPAGE_BPS = 50
"""What a noise trader's least amount out leaves for others who trade first in the block."""

Specs: TypeAlias = Mapping[str, PoolSpec]
Author: TypeAlias = Callable[[Pools], Action | None]
"""Writes the next action from the pools as the actions before it leave them; None for none."""


def funding_actions(scenario: Scenario, *, prices: Mapping[str, Fraction]) -> tuple[Action, ...]:
    """Step 0: the outsiders and then the owner make the first deposits of every pool.

    prices: quote atoms per base atom at step 0; the quote side is rounded down.
    """
    actions: list[Action] = []
    for pool in scenario.pools:
        base = pool.reserve_base_atoms
        quote = int(base * prices[pool.name])
        own = (
            mul_div_down(base, pool.owner_share_bps, BPS),
            mul_div_down(quote, pool.owner_share_bps, BPS),
        )
        first = (base - own[0], quote - own[1])
        actions.append(_deposit(Role.OUTSIDER, pool.name, first))
        if pool.owner_share_bps:
            taken = optimal_deposit(own, reserves=first)
            actions.append(_deposit(Role.OWNER, pool.name, taken))
    return tuple(actions)


def step_actions(
    scenario: Scenario,
    specs: Specs,
    pools: Pools,
    *,
    prices: Mapping[str, Fraction],
    step: int,
    branch: int,
    before: Sequence[Action] = (),
) -> tuple[Action, ...]:
    """All actions of one step after funding, in the order in which its block must have them.

    prices: outside price at this step by pool, quote atoms per base atom.
    branch: how many reorgs happened before; noise traders trade otherwise on another branch.
    before: the actions of the block below, which may have left an attacker with tokens.
    """
    block_time_s = scenario.time_s(step, branch=branch)
    actions: list[Action] = []
    for action in swaps_back(scenario.cues, before, last_step=scenario.last_block_step(step)):
        pools, _ = apply(pools, action, specs=specs, block_time_s=block_time_s)
        actions.append(action)
    for author in _authors(scenario, specs, prices=prices, step=step, branch=branch):
        written = author(pools)
        if written is not None:
            pools, _ = apply(pools, written, specs=specs, block_time_s=block_time_s)
            actions.append(written)
    for cue in scenario.cues:
        if isinstance(cue, PushCue) and cue.pushes(step):
            pushed = attack_swaps(pools[cue.pool], cue, spec=specs[cue.pool])
            actions.extend(pushed)
            for action in pushed:
                pools, _ = apply(pools, action, specs=specs, block_time_s=block_time_s)
    return tuple(actions)


def _authors(
    scenario: Scenario,
    specs: Specs,
    *,
    prices: Mapping[str, Fraction],
    step: int,
    branch: int,
) -> Iterator[Author]:
    cues = [cue for cue in scenario.cues if cue.step == step]
    for cue in cues:
        if isinstance(cue, FeeCue):
            yield partial(_set_fee, on=cue.on)
        if isinstance(cue, GateCue):
            yield partial(_set_gate, cue=cue, time_s=scenario.time_s(step, branch=branch))
    for pool in scenario.pools:
        spec = specs[pool.name]
        for cue in cues:
            if isinstance(cue, LiquidityCue) and cue.pool == pool.name:
                yield partial(_move_liquidity, cue=cue, spec=spec)
        for thin in scenario.cues:
            if isinstance(thin, ThinCue) and thin.pool == pool.name:
                if thin.step == step:
                    yield partial(_leave, cue=thin, spec=spec)
                elif thin.step + thin.steps == step:
                    yield partial(_come_back, cue=thin, spec=spec)
        sold = draw(scenario.seed, pool.name, step, branch, "noise")
        for sells_base, share in ((True, sold), (False, DRAW_RANGE - sold)):
            yield partial(
                _trade_noise,
                script=pool,
                spec=spec,
                sells_base=sells_base,
                flow=Fraction(pool.turnover_bps_per_day(step) * scenario.step_s, BPS * DAY_S)
                * Fraction(share, DRAW_RANGE),
            )
        yield partial(_arbitrage, spec=spec, price=prices[pool.name])


def _set_fee(pools: Pools, *, on: bool) -> Action | None:
    return None if all(pool.fee_on == on for pool in pools.values()) else SetFee(on=on)


def _set_gate(_pools: Pools, *, cue: GateCue, time_s: int) -> Action:
    return OpenGate(until_s=time_s + cue.span_s) if cue.span_s else ShutGate()


def _trade_noise(
    pools: Pools, *, script: PoolScript, spec: PoolSpec, sells_base: bool, flow: Fraction
) -> Action | None:
    """A swap of the fraction `flow` of the input side's reserve, rounded down."""
    reserve_in, reserve_out = _in_out(pools, spec, sells_base=sells_base)
    amount_in = int(reserve_in * flow)
    if not amount_in:
        return None
    out = amount_out_down(
        amount_in, reserve_in=reserve_in, reserve_out=reserve_out, fee_bps=spec.fee_bps
    )
    if not out:
        return None
    return Swap(
        role=Role.TRADER,
        pool=script.name,
        sells_base=sells_base,
        amount_in_atoms=amount_in,
        amount_out_min_atoms=mul_div_down(out, BPS - TRADER_SLIPPAGE_BPS, BPS),
    )


def _arbitrage(pools: Pools, *, spec: PoolSpec, price: Fraction) -> Action | None:
    """The swap that earns the most against the outside price; none inside the fee's band."""
    held = reserves(pools[spec.name], spec)
    swap = swap_to_price(held, price=price, fee_bps=spec.fee_bps)
    if not swap.amount_in_atoms:
        return None
    reserve_in, reserve_out = _in_out(pools, spec, sells_base=swap.sells_base)
    return Swap(
        role=Role.ARBITRAGEUR,
        pool=spec.name,
        sells_base=swap.sells_base,
        amount_in_atoms=swap.amount_in_atoms,
        amount_out_min_atoms=amount_out_down(
            swap.amount_in_atoms,
            reserve_in=reserve_in,
            reserve_out=reserve_out,
            fee_bps=spec.fee_bps,
        ),
    )


def _move_liquidity(pools: Pools, *, cue: LiquidityCue, spec: PoolSpec) -> Action | None:
    pool = pools[cue.pool]
    if cue.move is LiquidityMove.DEPOSIT:
        base, quote = reserves(pool, spec)
        offered = (
            mul_div_down(base, cue.share_bps, BPS),
            mul_div_down(quote, cue.share_bps, BPS),
        )
        return _deposit(Role.OWNER, cue.pool, optimal_deposit(offered, reserves=(base, quote)))
    if cue.move is LiquidityMove.RECEIVE:
        lp_atoms = mul_div_down(pool.total_supply, cue.share_bps, BPS)
        return _transfer(Role.OUTSIDER, Role.OWNER, cue.pool, lp_atoms)
    lp_atoms = mul_div_down(pool.lp_balance, cue.share_bps, BPS)
    if cue.move is LiquidityMove.SEND:
        return _transfer(Role.OWNER, Role.OUTSIDER, cue.pool, lp_atoms)
    return _withdrawal(Role.OWNER, pool, lp_atoms, spec=spec)


def _leave(pools: Pools, *, cue: ThinCue, spec: PoolSpec) -> Action | None:
    """The other LPs withdraw all but their share, rounded down."""
    others = _others_lp(pools[cue.pool])
    lp_atoms = mul_div_down(others, BPS - cue.share_bps, BPS)
    return _withdrawal(Role.OUTSIDER, pools[cue.pool], lp_atoms, spec=spec) if lp_atoms else None


def _come_back(pools: Pools, *, cue: ThinCue, spec: PoolSpec) -> Action | None:
    """They deposit until what they left in the pool is that share of what they hold, about."""
    pool = pools[cue.pool]
    lp_atoms = mul_div_down(_others_lp(pool), BPS - cue.share_bps, cue.share_bps)
    base, quote = reserves(pool, spec)
    offered = (
        mul_div_down(base, lp_atoms, pool.total_supply),
        mul_div_down(quote, lp_atoms, pool.total_supply),
    )
    amounts = optimal_deposit(offered, reserves=(base, quote))
    return _deposit(Role.OUTSIDER, cue.pool, amounts) if all(amounts) else None


def _others_lp(pool: PoolState) -> int:
    """LP tokens of the outsiders. No scenario both thins a pool and collects its protocol fee."""
    return max(0, pool.total_supply - pool.lp_balance - MINIMUM_LIQUIDITY)


def _withdrawal(role: Role, pool: PoolState, lp_atoms: int, *, spec: PoolSpec) -> Action:
    charged = after_protocol_fee(pool)
    base, quote = base_quote(
        burn_amounts_down(
            lp_atoms,
            reserves=(charged.reserve0, charged.reserve1),
            total_supply=charged.total_supply,
        ),
        spec,
    )
    return RemoveLiquidity(
        role=role,
        pool=spec.name,
        lp_atoms=lp_atoms,
        base_min_atoms=base,
        quote_min_atoms=quote,
    )


def _deposit(role: Role, pool: str, amounts: tuple[int, int]) -> Action:
    """A deposit of exactly these (base, quote) amounts, which match the price."""
    base, quote = amounts
    return AddLiquidity(
        role=role,
        pool=pool,
        base_atoms=base,
        quote_atoms=quote,
        base_min_atoms=base,
        quote_min_atoms=quote,
    )


def _transfer(sender: Role, receiver: Role, pool: str, lp_atoms: int) -> Action | None:
    if not lp_atoms:
        return None
    return TransferLp(sender=sender, receiver=receiver, pool=pool, lp_atoms=lp_atoms)


def _in_out(pools: Pools, spec: PoolSpec, *, sells_base: bool) -> tuple[int, int]:
    base, quote = reserves(pools[spec.name], spec)
    return (base, quote) if sells_base else (quote, base)
