"""Each kind of action on one position, weighed by its expected gain a year and its cost.

Pure, and without memory: whether the same has been said before is bot/core/advice_judge.py's
concern. docs/maths.md section 6.13 has the formulas with worked figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf

from bot.core.advice import Action, Advice, Why
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.core_position import CorePosition, Other
from bot.core.offers_of_advice import MOVES, Numbers, cost_of, keep, offer
from bot.core.pool_economics import break_even_band, expected_loss, tier_rates
from bot.core.range_worth import held_worth, worth_between
from bot.core.units import BPS, carried, mul_div_down

FULL = "full"
EASE = 2
STEP_BPS_MIN = 100
"""A share of the capital that is off by less is left alone."""
SAME_WIDTH = 1e-6
"""Ranges whose widths differ by less, as a fraction, are equally wide."""


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
        cost=cost_of(
            core, 1, core.swap_to_change(core.idle_atoms + (amount if change > 0 else -amount))
        ),
        numbers=numbers,
        of_atoms=amount,
        is_needed=not terms.core_bps_min <= share_bps <= terms.core_bps_max,
    )


def _range(core: CorePosition, terms: AdviceTerms) -> Advice:
    """The width whose fees less losses, and less the cost of following the price, are the most."""
    held = held_worth(core)
    if held is None:
        return keep(core, Kind.RANGE, Why.UNKNOWN, _seen(core))
    # The full range, which nobody need follow, is always offered.
    offered = {bps: worth_between(core, *_ends(bps)) for bps in (0, *terms.ranges_bps)}
    best_bps = max(offered, key=lambda bps: (offered[bps].net, -bps))
    best, (lower, upper) = offered[best_bps], _ends(best_bps)
    low, high = break_even_band(
        price=core.price, fees=best.fees * core.years, lower=lower, upper=upper
    )
    numbers: Numbers = {
        **_seen(core),
        "work_now": round(held.placed.work, 6),
        "work": round(best.placed.work, 6),
        "band_low": carried(low),
        "band_high": None if high == inf else carried(high),
    }
    width, is_full = best_bps / BPS, best_bps == 0
    is_as_wide = not is_full and abs(core.width / width - 1) < SAME_WIDTH
    if (is_full and core.is_full) or (is_as_wide and abs(core.lower / lower - 1) < SAME_WIDTH):
        return keep(core, Kind.RANGE, Why.BEST, numbers)
    if is_as_wide:
        action = Action.RECENTRE
    else:
        action = Action.WIDEN if is_full or width > core.width else Action.NARROW
    return offer(
        core,
        terms,
        kind=Kind.RANGE,
        action=action,
        target=FULL if is_full else str(best_bps),
        gain=core.yearly(best.net - held.net),
        cost=cost_of(core, MOVES, core.swap_to_halves()),
        numbers=numbers,
    )


def _tier(core: CorePosition, terms: AdviceTerms) -> Advice:
    """The fee under which other traders pay the most above what arbitrage takes."""
    held = held_worth(core)
    if held is None or core.fee_yield is None or not core.vol:
        return keep(core, Kind.TIER, Why.UNKNOWN, _seen(core))
    fee_yield, vol = core.fee_yield, core.vol

    def rates(other_bps: int) -> tuple[float, float]:
        return tier_rates(
            fee_yield=fee_yield, vol=vol, fee_bps=core.pool_fee_bps, other_bps=other_bps,
            elasticity=terms.tier_elasticity_milli / 1_000, block_s=terms.block_ms / 1_000,
        )  # fmt: skip

    fees_held, net_held = rates(core.fee_bps)
    best_bps = max((*terms.tiers_bps, core.fee_bps), key=lambda bps: (rates(bps)[0], -bps))
    fees, net = rates(best_bps)
    numbers: Numbers = {
        "fee_yield": fee_yield,
        "vol": vol,
        "net_now": round(net_held, 6),
        "net": round(net, 6),
    }
    if fees <= fees_held:
        return keep(core, Kind.TIER, Why.BEST, numbers)
    return offer(
        core,
        terms,
        kind=Kind.TIER,
        action=Action.MOVE_TIER,
        target=str(best_bps),
        gain=core.yearly(core.fee_rate(fees - fees_held, held.placed)),
        cost=cost_of(core, MOVES, core.swap_to_change(core.idle_atoms)),
        numbers=numbers,
    )


def _migrate(core: CorePosition, terms: AdviceTerms) -> Advice:
    """The watched pool that moves along and earns the most above its own losses."""
    held = held_worth(core)
    if held is None:
        return keep(core, Kind.MIGRATE, Why.UNKNOWN, _seen(core))
    known = [other.correlation for other in core.others if other.correlation is not None]
    near: list[tuple[float, Other]] = []
    for other in core.others:
        close, rate = other.correlation, _net_there(core, other)
        if close is not None and close * BPS >= terms.correlation_bps_min and rate is not None:
            near.append((rate, other))
    if not near:
        numbers: Numbers = {}
        if core.others:
            numbers["correlation"] = round(max(known), 6) if known else None
        why = Why.NO_TARGET if known or not core.others else Why.UNKNOWN
        return keep(core, Kind.MIGRATE, why, numbers)
    trusted = [pair for pair in near if pair[1].is_trusted]
    best, to = max(trusted or near, key=lambda pair: pair[0])
    numbers = {
        "net_now": round(held.net, 6),
        "net": round(best, 6),
        "correlation": None if to.correlation is None else round(to.correlation, 6),
    }
    if not trusted:
        return keep(core, Kind.MIGRATE, Why.DOUBTED, numbers)
    if best <= held.net:
        return keep(core, Kind.MIGRATE, Why.BEST, numbers)
    swaps = core.depth.cost_of_swap(core.base_atoms).plus(
        to.depth.cost_of_swap(core.value_atoms // 2)
    )
    return offer(
        core,
        terms,
        kind=Kind.MIGRATE,
        action=Action.MIGRATE,
        target=to.pool,
        gain=core.yearly(best - held.net),
        cost=cost_of(core, MOVES, swaps),
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
    held = held_worth(core)
    if held is None or core.earns is None:
        return keep(core, Kind.COMPOUND, Why.UNKNOWN, numbers)
    # What is put back shares the fees with what works already: more of it does not earn as much.
    working = core.working_atoms
    now = core.yearly(core.fee_rate(core.earns, held.placed, of_atoms=working), of_atoms=working)
    gain = core.yearly(held.fees) - now - core.yearly(held.loss, of_atoms=core.idle_atoms)
    if gain <= 0:
        return keep(core, Kind.COMPOUND, Why.BEST, numbers)
    return offer(
        core,
        terms,
        kind=Kind.COMPOUND,
        action=Action.COMPOUND,
        target=str(core.idle_atoms),
        gain=gain,
        cost=cost_of(core, 1, core.swap_to_change(core.idle_atoms)),
        numbers=numbers,
        of_atoms=core.idle_atoms,
    )


_WEIGHERS: Mapping[Kind, Callable[[CorePosition, AdviceTerms], Advice]] = {
    Kind.RESIZE: _resize,
    Kind.RANGE: _range,
    Kind.TIER: _tier,
    Kind.MIGRATE: _migrate,
    Kind.COMPOUND: _compound,
}


def _net_there(core: CorePosition, other: Other) -> float | None:
    """What the capital would bring a year in another pool, full range; None while not known."""
    if other.fee_yield is None or not other.weighed_vol:
        return None
    shared = other.pool_atoms / (other.pool_atoms + core.value_atoms)
    return other.fee_yield * shared - expected_loss(vol=other.weighed_vol, years=core.years)


def _seen(core: CorePosition) -> Numbers:
    """The figures that a range and another pool are weighed by."""
    seen: Numbers = {"fee_yield": core.earns, "vol": core.vol, "weighed_vol": core.weighed_vol}
    return seen if core.gas_atoms is not None else {**seen, "gas": None}


def _ends(width_bps: int) -> tuple[float, float]:
    """Over the price; no width is the full range."""
    width = width_bps / BPS
    return (1 / (1 + width), 1 + width) if width_bps else (0.0, inf)
