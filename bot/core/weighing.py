"""Each kind of action on one position, weighed by its expected gain a year and its cost.

Pure, and without memory: whether the same has been said before is bot/core/advice_judge.py's
concern. docs/maths.md section 6.13 has the formulas with worked figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf

from bot.core.advice import FREE, Action, Advice, Why
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.core_position import CorePosition, Other
from bot.core.offers_of_advice import Numbers, cost_of, keep, offer
from bot.core.pool_economics import (
    break_even_band,
    exits_a_year,
    expected_loss,
    tier_rates,
    work_of,
)
from bot.core.units import BPS, carried, mul_div_down

FULL = "full"
EASE = 2
STEP_BPS_MIN = 100
"""A share of the capital that is off by less is left alone."""
MOVES = 2
"""Transactions to leave one place and enter another."""


def weigh(core: CorePosition, terms: AdviceTerms, *, standing: str = "") -> tuple[Advice, ...]:
    """One piece of advice for each kind that the rules ask for; `AWAITS` where it would pay.

    standing: key of the advice that was given last and still stands: it may bring half as little,
    and take twice as long, before it is taken back.
    """
    eased = replace(
        terms, gain_bps_min=terms.gain_bps_min // EASE, payback_s_max=terms.payback_s_max * EASE
    )
    found = []
    for kind in terms.kinds:
        advice = _WEIGHERS[kind](core, terms)
        if standing and advice.action is Action.KEEP:
            again = _WEIGHERS[kind](core, eased)
            advice = again if again.key == standing else advice
        found.append(advice)
    return tuple(found)


def _resize(core: CorePosition, terms: AdviceTerms) -> Advice:
    """The core's share of all capital: to the upper end of its band while the position earns more
    than its capital costs, to the lower end while it earns less. From outside it has to come back
    into the band, whatever that brings."""
    whole = core.core_atoms + core.money_atoms
    numbers: Numbers = {"irr": core.irr, "wacc": core.wacc}
    if core.irr is None or core.wacc is None or whole <= 0 or core.core_atoms <= 0:
        return keep(core, Kind.RESIZE, Why.UNKNOWN, numbers)
    share_bps = core.core_atoms * BPS // whole
    edge = core.irr - core.wacc
    least = terms.gain_bps_min / BPS
    wanted = min(max(share_bps, terms.core_bps_min), terms.core_bps_max)
    if abs(edge) >= least:
        wanted = terms.core_bps_max if edge > 0 else terms.core_bps_min
    numbers |= {"core_bps": str(share_bps), "wanted_bps": str(wanted)}
    # This position's part of what all positions of its currency are to change by.
    change = mul_div_down(whole, wanted, BPS) - core.core_atoms
    amount = abs(change) * core.value_atoms // core.core_atoms
    if abs(wanted - share_bps) < STEP_BPS_MIN:
        return keep(core, Kind.RESIZE, Why.IN_BAND, numbers)
    return offer(
        core,
        terms,
        kind=Kind.RESIZE,
        action=Action.GROW if change > 0 else Action.SHRINK,
        target=str(amount),
        gain=core.yearly(edge if change > 0 else -edge, of_atoms=amount),
        cost=cost_of(core, 1, core.depth.cost_of_swap(amount // 2)),
        numbers=numbers,
        of_atoms=amount,
        is_needed=not terms.core_bps_min <= share_bps <= terms.core_bps_max,
    )


def _range(core: CorePosition, terms: AdviceTerms) -> Advice:
    """The width whose fees less losses, and less the cost of following the price, are the most."""
    if core.earns is None or not core.vol or core.gas_atoms is None:
        return keep(core, Kind.RANGE, Why.UNKNOWN, {"fee_yield": core.earns, "vol": core.vol})
    vol, years, earns = core.vol, core.years, core.earns
    loss = expected_loss(vol=vol, years=years)
    now = work_of(vol=vol, years=years, lower=core.lower, upper=core.upper)
    held = core.fee_rate(earns, now) - now * loss
    if not core.is_full:
        held -= exits_a_year(vol=vol, years=years, width=core.width) * _follow_cost(core)
    # The full range, which nobody need follow, is the first to beat.
    best_rate, best_bps, best_work = core.fee_rate(earns, 1.0) - loss, 0, 1.0
    for width_bps in terms.ranges_bps:
        width = width_bps / BPS
        work = work_of(vol=vol, years=years, lower=1 / (1 + width), upper=1 + width)
        follow = exits_a_year(vol=vol, years=years, width=width) * _follow_cost(core)
        if (rate := core.fee_rate(earns, work) - work * loss - follow) > best_rate:
            best_rate, best_bps, best_work = rate, width_bps, work
    lower, upper = _ends(best_bps)
    low, high = break_even_band(
        price=core.price, fees=core.fee_rate(earns, best_work) * years, lower=lower, upper=upper
    )
    numbers: Numbers = {
        "fee_yield": earns,
        "vol": vol,
        "work_now": round(now, 6),
        "work": round(best_work, 6),
        "band_low": carried(low),
        "band_high": None if high == inf else carried(high),
    }
    if abs(best_work - now) < 1e-9 or (best_bps == 0 and core.is_full):
        return keep(core, Kind.RANGE, Why.BEST, numbers)
    gain = core.yearly(best_rate - held)
    lean = round(abs(core.base_share - 0.5) * 10**9)
    swapped = core.depth.cost_of_swap(mul_div_down(core.value_atoms, lean, 10**9))
    # Around the price again is as narrow as before.
    is_wider = best_bps == 0 or best_bps / BPS > core.width * (1 + 1e-6)
    action = Action.WIDEN if is_wider else Action.NARROW
    target = str(best_bps) if best_bps else FULL
    cost = cost_of(core, MOVES, swapped)
    return offer(
        core,
        terms,
        kind=Kind.RANGE,
        action=action,
        target=target,
        gain=gain,
        cost=cost,
        numbers=numbers,
    )


def _tier(core: CorePosition, terms: AdviceTerms) -> Advice:
    """The fee under which other traders pay the most above what arbitrage takes."""
    if core.fee_yield is None or not core.vol:
        return keep(core, Kind.TIER, Why.UNKNOWN, {"fee_yield": core.fee_yield, "vol": core.vol})
    fee_yield, vol = core.fee_yield, core.vol

    def net(other_bps: int) -> float:
        return tier_rates(
            fee_yield=fee_yield, vol=vol, fee_bps=core.pool_fee_bps, other_bps=other_bps,
            elasticity=terms.tier_elasticity_milli / 1_000, block_s=terms.block_ms / 1_000,
        )[1]  # fmt: skip

    held = net(core.fee_bps)
    best_bps = max((*terms.tiers_bps, core.fee_bps), key=lambda bps: (net(bps), -bps))
    best = net(best_bps)
    numbers: Numbers = {
        "fee_yield": fee_yield,
        "vol": vol,
        "net_now": round(held, 6),
        "net": round(best, 6),
    }
    if best_bps == core.fee_bps:
        return keep(core, Kind.TIER, Why.BEST, numbers)
    work = work_of(vol=vol, years=core.years, lower=core.lower, upper=core.upper)
    gain = core.yearly((best - held) * work)
    cost = cost_of(core, MOVES, FREE)
    return offer(
        core,
        terms,
        kind=Kind.TIER,
        action=Action.MOVE_TIER,
        target=str(best_bps),
        gain=gain,
        cost=cost,
        numbers=numbers,
    )


def _migrate(core: CorePosition, terms: AdviceTerms) -> Advice:
    """The watched pool that moves along and earns the most above its own losses."""
    if core.earns is None or not core.vol:
        return keep(core, Kind.MIGRATE, Why.UNKNOWN, {"fee_yield": core.earns, "vol": core.vol})
    near: list[tuple[float, Other]] = []
    for other in core.others:
        close = other.correlation
        if close is None or other.fee_yield is None or not other.vol:
            continue
        if close * BPS >= terms.correlation_bps_min:
            loss = expected_loss(vol=other.vol, years=core.years)
            rate = other.fee_rate(other.fee_yield, value_atoms=core.value_atoms)
            near.append((rate - loss, other))
    known = [other.correlation for other in core.others if other.correlation is not None]
    if not near:
        numbers: Numbers = {"correlation": round(max(known), 6) if known else None}
        why = Why.NO_TARGET if known or not core.others else Why.UNKNOWN
        return keep(core, Kind.MIGRATE, why, numbers)
    work = work_of(vol=core.vol, years=core.years, lower=core.lower, upper=core.upper)
    loss = expected_loss(vol=core.vol, years=core.years)
    held = core.fee_rate(core.earns, work) - work * loss
    best, to = max(near, key=lambda pair: pair[0])
    numbers = {
        "net_now": round(held, 6),
        "net": round(best, 6),
        "correlation": None if to.correlation is None else round(to.correlation, 6),
    }
    if best <= held:
        return keep(core, Kind.MIGRATE, Why.BEST, numbers)
    base_atoms = mul_div_down(core.value_atoms, round(core.base_share * 10**9), 10**9)
    swaps = core.depth.cost_of_swap(base_atoms).plus(to.depth.cost_of_swap(core.value_atoms // 2))
    gain = core.yearly(best - held)
    cost = cost_of(core, MOVES, swaps)
    return offer(
        core,
        terms,
        kind=Kind.MIGRATE,
        action=Action.MIGRATE,
        target=to.pool,
        gain=gain,
        cost=cost,
        numbers=numbers,
    )


def _compound(core: CorePosition, terms: AdviceTerms) -> Advice:
    """Idle fees put back. Told beside them: what was lost, which no compounding may hide."""
    numbers: Numbers = {
        "fees": str(core.fees_atoms),
        "idle": str(core.idle_atoms),
        "il": None if core.il_atoms is None else str(core.il_atoms),
        "without_fees": str(core.value_atoms - core.fees_atoms),
    }
    if core.compounds:
        return keep(core, Kind.COMPOUND, Why.BY_ITSELF, numbers)
    if core.earns is None or not core.vol:
        return keep(core, Kind.COMPOUND, Why.UNKNOWN, numbers)
    loss = expected_loss(vol=core.vol, years=core.years)
    work = work_of(vol=core.vol, years=core.years, lower=core.lower, upper=core.upper)
    rate = core.fee_rate(core.earns, work) - work * loss
    gain = core.yearly(rate, of_atoms=core.idle_atoms)
    if gain <= 0:
        return keep(core, Kind.COMPOUND, Why.BEST, numbers)
    target, cost = str(core.idle_atoms), cost_of(core, 1, FREE)
    return offer(
        core, terms, kind=Kind.COMPOUND, action=Action.COMPOUND, target=target, gain=gain,
        cost=cost, numbers=numbers, of_atoms=core.idle_atoms,
    )  # fmt: skip


_WEIGHERS: Mapping[Kind, Callable[[CorePosition, AdviceTerms], Advice]] = {
    Kind.RESIZE: _resize,
    Kind.RANGE: _range,
    Kind.TIER: _tier,
    Kind.MIGRATE: _migrate,
    Kind.COMPOUND: _compound,
}


def _follow_cost(core: CorePosition) -> float:
    """What following the price once costs, over the position's value: it is all of one token then,
    and half of that is swapped."""
    cost = cost_of(core, MOVES, core.depth.cost_of_swap(core.value_atoms // 2))
    assert cost is not None, "asked only where gas is known"
    return cost.atoms / core.value_atoms


def _ends(width_bps: int) -> tuple[float, float]:
    width = width_bps / BPS
    return (1 / (1 + width), 1 + width) if width_bps else (0.0, inf)
