"""What contracts pay at expiry, the worst they can pay, and the margin that short ones need.

Exact integers: quantities in base atoms, prices in quote atoms per whole base token.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from bot.core.errors import VenueTermsError
from bot.core.orders import Contract, ContractKind, Leg
from bot.core.units import BPS, mul_div_down, mul_div_up


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTerms:
    """Margin of uncovered contracts, per base token, as shares of spot (0 to 10,000 bps).

    A short option: max(initial - how far it is out of the money, floor) + mark, the rule of Deribit
    for ETH. A forward, long or short: initial + what it has lost so far.
    """

    initial_bps: int = 1_500
    floor_bps: int = 1_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= BPS:
                raise VenueTermsError(name=field.name, value=value, problem="not within 0 to 10000")


def payoff_per_base(contract: Contract, settlement_atoms: int) -> int:
    """What the contract pays per whole base token at this settlement price; options >= 0."""
    gain = settlement_atoms - contract.strike_atoms
    if contract.kind is ContractKind.FORWARD:
        return gain
    return max(0, gain if contract.kind is ContractKind.CALL else -gain)


def payoff_atoms(legs: Iterable[Leg], *, settlement_atoms: int, base_decimals: int) -> int:
    """Signed cash that the legs pay at expiry, each leg rounded against us.

    settlement_atoms: quote atoms per whole base token.
    """
    unit = 10**base_decimals
    return sum(
        mul_div_down(leg.quantity_atoms, payoff_per_base(leg.contract, settlement_atoms), unit)
        for leg in legs
    )


def worst_payoff_atoms(legs: Sequence[Leg], *, base_decimals: int) -> int | None:
    """The least that legs of one expiry can pay at any settlement price; None if unbounded.

    The payoff is linear between strikes, so 0, the strikes and the slope beyond them tell all.
    Exact to one atom a leg, by which the legs' own rounding can go below it.
    """
    slope = sum(leg.quantity_atoms for leg in legs if leg.contract.kind is not ContractKind.PUT)
    if slope < 0:
        return None
    nodes = {0, *(leg.contract.strike_atoms for leg in legs)}
    unit = 10**base_decimals
    return min(
        mul_div_down(
            sum(leg.quantity_atoms * payoff_per_base(leg.contract, node) for leg in legs), 1, unit
        )
        for node in nodes
    )


def is_exposed(leg: Leg) -> bool:
    """Whether holding the leg can cost more than was paid for it: a short option, any forward."""
    return leg.quantity_atoms < 0 or not leg.contract.kind.is_option


def hedge_margin_atoms(
    legs: Sequence[Leg],
    *,
    marks_atoms: Sequence[int],
    spot_atoms: int,
    base_decimals: int,
    terms: MarginTerms,
) -> int:
    """Margin that holding these legs needs, quote atoms, >= 0, rounded up.

    Each expiry stands alone: a long option cannot cover a short one that outlives it, nor is it
    credited for one that dies earlier. Within an expiry it is the worst loss at settlement where
    that is bounded, or the rule for uncovered contracts where that asks less.
    marks_atoms: the mark of each leg, same order.
    """
    by_expiry: dict[int, list[tuple[Leg, int]]] = defaultdict(list)
    for leg, mark in zip(legs, marks_atoms, strict=True):
        by_expiry[leg.contract.expiry_s].append((leg, mark))
    margin = 0
    for group in by_expiry.values():
        uncovered = sum(
            _uncovered_atoms(leg, mark, spot_atoms, base_decimals, terms)
            for leg, mark in group
            if is_exposed(leg)
        )
        worst = worst_payoff_atoms([leg for leg, _ in group], base_decimals=base_decimals)
        margin += uncovered if worst is None else min(uncovered, -min(0, worst))
    return margin


def _uncovered_atoms(
    leg: Leg, mark_atoms: int, spot_atoms: int, base_decimals: int, terms: MarginTerms
) -> int:
    unit: int = 10**base_decimals
    if leg.contract.kind is ContractKind.FORWARD:
        initial = mul_div_up(spot_atoms, terms.initial_bps, BPS)
        lost = max(0, -mark_atoms if leg.quantity_atoms > 0 else mark_atoms)
        return mul_div_up(abs(leg.quantity_atoms), initial + lost, unit)
    strike, is_call = leg.contract.strike_atoms, leg.contract.kind is ContractKind.CALL
    out_of_money = max(0, strike - spot_atoms if is_call else spot_atoms - strike)
    initial = mul_div_up(spot_atoms, terms.initial_bps, BPS) - out_of_money
    floor = mul_div_up(spot_atoms, terms.floor_bps, BPS)
    return mul_div_up(-leg.quantity_atoms, max(initial, floor) + mark_atoms, unit)
