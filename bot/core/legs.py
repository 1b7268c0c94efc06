"""Legs turned round, added up, scaled and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import chain

from bot.core.orders import Contract, Leg


def reversed_legs(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs that close these."""
    return tuple(Leg(contract=leg.contract, quantity_atoms=-leg.quantity_atoms) for leg in legs)


def summed_legs(*many: Iterable[Leg]) -> tuple[Leg, ...]:
    """Legs added up contract by contract, in the order of their first sight; zeros are gone."""
    totals: dict[Contract, int] = {}
    for leg in chain.from_iterable(many):
        totals[leg.contract] = totals.get(leg.contract, 0) + leg.quantity_atoms
    return tuple(
        Leg(contract=contract, quantity_atoms=quantity)
        for contract, quantity in totals.items()
        if quantity
    )


def scaled_legs(
    legs: Sequence[Leg], share: Fraction, *, lot_of: Callable[[Contract], int]
) -> tuple[Leg, ...]:
    """Every leg at this share (0 to 1) of its size, rounded down to whole lots; zeros are gone.

    Legs of one size stay of one size, so what is bounded stays so.
    """
    sizes = [
        abs(leg.quantity_atoms) * share.numerator // share.denominator // lot * lot
        for leg in legs
        for lot in (lot_of(leg.contract),)
    ]
    return tuple(
        Leg(contract=leg.contract, quantity_atoms=size if leg.quantity_atoms > 0 else -size)
        for leg, size in zip(legs, sizes, strict=True)
        if size
    )


def largest_atoms(legs: Iterable[Leg]) -> int:
    """The largest quantity without sign, base atoms: the size of a structure; 0 without legs."""
    return max((abs(leg.quantity_atoms) for leg in legs), default=0)


def size_atoms(legs: Iterable[Leg]) -> int:
    """All quantities without sign added up, base atoms: what shares of a hedge are measured by."""
    return sum(abs(leg.quantity_atoms) for leg in legs)
