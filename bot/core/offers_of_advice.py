"""What a weighed action becomes: an offer whose gain pays for its cost, or the reason to keep."""

from __future__ import annotations

from bot.core.advice import Action, Advice, Cost, Why
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.core_position import CorePosition
from bot.core.units import BPS, YEAR_S, mul_div_down

Numbers = dict[str, str | float | None]

MOVES = 2
"""Transactions to leave one place and enter another."""


def offer(
    core: CorePosition,
    terms: AdviceTerms,
    *,
    kind: Kind,
    action: Action,
    target: str,
    gain: int,
    cost: Cost | None,
    numbers: Numbers,
    of_atoms: int | None = None,
    is_needed: bool = False,
) -> Advice:
    """Worth it, or kept for being too little or too slow. of_atoms: what the least gain is of.
    is_needed: whether it is right without any gain."""
    if cost is None:
        return keep(core, kind, Why.UNKNOWN, {**numbers, "gas": None})
    least = mul_div_down(
        core.value_atoms if of_atoms is None else of_atoms, terms.gain_bps_min, BPS
    )
    found = Advice(
        pool=core.pool, kind=kind, action=action, why=Why.AWAITS, target=target,
        gain_atoms=gain, cost=cost, numbers=numbers,
    )  # fmt: skip
    if is_needed:
        return found
    if gain < least:
        return _kept(found, Why.SMALL)
    if cost.atoms * YEAR_S > gain * terms.payback_s_max:
        return _kept(found, Why.SLOW)
    return found


def _kept(found: Advice, why: Why) -> Advice:
    """Not worth it; what was weighed stays told."""
    return Advice(
        pool=found.pool, kind=found.kind, action=Action.KEEP, why=why,
        target=f"{found.action.value} {found.target}", gain_atoms=found.gain_atoms,
        cost=found.cost, numbers=found.numbers,
    )  # fmt: skip


def keep(core: CorePosition, kind: Kind, why: Why, numbers: Numbers) -> Advice:
    """Nothing to do, with nothing weighed to tell but the figures."""
    return Advice(pool=core.pool, kind=kind, action=Action.KEEP, why=why, numbers=numbers)


def cost_of(core: CorePosition, transactions: int, swapped: Cost) -> Cost | None:
    """Gas of so many transactions and what was swapped; None while gas has no price."""
    gas = core.gas(transactions)
    return None if gas is None else gas.plus(swapped)
