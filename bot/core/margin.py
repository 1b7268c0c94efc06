"""What contracts pay at expiry, the worst they can pay, and the margin that short ones need.

Exact integers: quantities and prices in the units of `contract_unit`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

from bot.core.errors import VenueTermsError
from bot.core.levels import Levels
from bot.core.orders import Contract, ContractKind, Leg, contract_unit
from bot.core.units import BPS, mul_div_down, mul_div_up


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTerms:
    """Margin of uncovered contracts, per base token, as shares of spot (0 to 10,000 bps).

    A short option: max(initial - how far it is out of the money, floor) + mark, the rule of Deribit
    for ETH. A forward, long or short: initial + what it has lost so far. Contracts on the
    volatility index by the same rules, as shares of the index (the token of its value).
    """

    initial_bps: int = 1_500
    floor_bps: int = 1_000
    vol_initial_bps: int = 4_000
    vol_floor_bps: int = 2_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= BPS:
                raise VenueTermsError(name=field.name, value=value, problem="not within 0 to 10000")


def payoff_per_base(contract: Contract, settlement_atoms: int) -> int:
    """What the contract pays per whole base token at this settlement price, or per contract at
    this index; options >= 0. The token counts as a call at 0: it is never settled."""
    gain = settlement_atoms - contract.strike_atoms
    if not contract.kind.is_option:
        return gain
    return max(0, -gain if contract.kind is ContractKind.PUT else gain)


def payoff_atoms(legs: Iterable[Leg], *, settlement_atoms: int, base_decimals: int) -> int:
    """Signed cash that the legs pay at expiry, each leg rounded against us.

    settlement_atoms: quote atoms per whole base token, or a contract.
    """
    return sum(
        mul_div_down(
            leg.quantity_atoms,
            payoff_per_base(leg.contract, settlement_atoms),
            contract_unit(leg.contract, base_decimals=base_decimals),
        )
        for leg in legs
    )


def worst_payoff_atoms(legs: Sequence[Leg], *, base_decimals: int) -> int | None:
    """The least that legs of one expiry and underlying can pay at any level; None if unbounded.

    The payoff is linear between strikes, so 0, the strikes and the slope beyond them tell all.
    Exact to one atom a leg, by which the legs' own rounding can go below it.
    """
    slope = sum(leg.quantity_atoms for leg in legs if leg.contract.kind is not ContractKind.PUT)
    if slope < 0:
        return None
    nodes = {0, *(leg.contract.strike_atoms for leg in legs)}
    unit = contract_unit(legs[0].contract, base_decimals=base_decimals)
    return min(
        mul_div_down(
            sum(leg.quantity_atoms * payoff_per_base(leg.contract, node) for leg in legs), 1, unit
        )
        for node in nodes
    )


@lru_cache(maxsize=256)  # a hedge keeps its legs from tick to tick
def can_owe(legs: tuple[Leg, ...], *, base_decimals: int) -> bool:
    """Whether legs can pay less than nothing: a bought spread cannot, and needs no margin."""
    groups: dict[tuple[int, bool], list[Leg]] = defaultdict(list)
    for leg in legs:
        groups[leg.contract.expiry_s, leg.contract.kind.is_on_index].append(leg)
    worst = (worst_payoff_atoms(group, base_decimals=base_decimals) for group in groups.values())
    return any(least is None or least < 0 for least in worst)


def beyond_margin(net_atoms: int, margin_atoms: int) -> int:
    """What closing or settling costs more than the margin set aside for it, >= 0: free cash pays.

    net_atoms: cash less fee, < 0 when it costs.
    >>> beyond_margin(-120, 100), beyond_margin(-80, 100), beyond_margin(30, 0)
    (20, 0, 0)
    """
    return max(0, -net_atoms - margin_atoms)


def is_exposed(leg: Leg) -> bool:
    """Whether holding the leg can cost more than was paid for it: a short option, any forward."""
    return leg.quantity_atoms < 0 or not leg.contract.kind.is_option


def hedge_margin_atoms(
    legs: Sequence[Leg],
    *,
    marks_atoms: Sequence[int],
    levels: Levels,
    terms: MarginTerms,
) -> int:
    """Margin that holding these legs needs, quote atoms, >= 0, rounded up.

    Each expiry stands alone: a long option cannot cover a short one that outlives it, nor is it
    credited for one that dies earlier. Within an expiry it is the worst loss at settlement where
    that is bounded, or the rule for uncovered contracts where that asks less.
    marks_atoms: the mark of each leg, same order.
    """
    by_expiry: dict[tuple[int, bool], list[tuple[Leg, int]]] = defaultdict(list)
    for leg, mark in zip(legs, marks_atoms, strict=True):
        by_expiry[leg.contract.expiry_s, leg.contract.kind.is_on_index].append((leg, mark))
    margin = 0
    for group in by_expiry.values():
        uncovered = sum(
            _uncovered_atoms(leg, mark, levels, terms) for leg, mark in group if is_exposed(leg)
        )
        worst = worst_payoff_atoms([leg for leg, _ in group], base_decimals=levels.base_decimals)
        margin += uncovered if worst is None else min(uncovered, -min(0, worst))
    return margin


def _uncovered_atoms(leg: Leg, mark_atoms: int, levels: Levels, terms: MarginTerms) -> int:
    contract, level, unit = leg.contract, levels.of(leg.contract), levels.unit(leg.contract)
    on_index = contract.kind.is_on_index
    initial = mul_div_up(level, terms.vol_initial_bps if on_index else terms.initial_bps, BPS)
    if not contract.kind.is_option:
        lost = max(0, -mark_atoms if leg.quantity_atoms > 0 else mark_atoms)
        return mul_div_up(abs(leg.quantity_atoms), initial + lost, unit)
    beyond = contract.strike_atoms - level
    out_of_money = max(0, -beyond if contract.kind is ContractKind.PUT else beyond)
    floor = mul_div_up(level, terms.vol_floor_bps if on_index else terms.floor_bps, BPS)
    return mul_div_up(-leg.quantity_atoms, max(initial - out_of_money, floor) + mark_atoms, unit)
