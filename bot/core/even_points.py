"""Where a structure of options breaks even at expiry: the band that a condor is sold on."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from bot.core.margin import payoff_per_base
from bot.core.orders import Leg
from bot.core.units import mul_div_down, mul_div_up


def even_points(
    legs: Sequence[Leg], *, cash_atoms: int, base_decimals: int
) -> tuple[Fraction, ...]:
    """The settlement prices at which these legs pay back, or earn, exactly what they brought.

    Quote atoms per whole base token, ascending. legs: options of one expiry on the price.
    cash_atoms: what opening them brought after fees, < 0 for what they cost. The result is linear
    between strikes and beyond them, so it is 0 at most once in each stretch.

    Worked: a condor 1,600 / 1,800 / 2,200 / 2,400 sold for 50 breaks even at 1,750 and 2,250.
    """
    unit: int = 10**base_decimals
    strikes = sorted({0, *(leg.contract.strike_atoms for leg in legs)})

    def result(price: int) -> int:
        paid = sum(leg.quantity_atoms * payoff_per_base(leg.contract, price) for leg in legs)
        return cash_atoms * unit + paid

    found: list[Fraction] = []
    # One stretch beyond the last strike: its slope is that of all that is above every strike.
    nodes = [*strikes, strikes[-1] + 1]
    for low, high in pairwise(nodes):
        at, beyond = result(low), result(high)
        slope = Fraction(beyond - at, high - low)
        if at == 0:
            found.append(Fraction(low))
        elif slope and -at / slope > 0 and (high == nodes[-1] or -at / slope < high - low):
            found.append(low - at / slope)
    return tuple(found)


def even_numbers(
    legs: Sequence[Leg], *, cash_atoms: int, base_decimals: int
) -> dict[str, str | float | None]:
    """`even_low` and `even_high` of a structure sold for a credit that two prices bound, atoms
    rounded inwards; nothing of any other."""
    kinds = {leg.contract.kind for leg in legs}
    on_price = all(kind.is_option and not kind.is_on_index for kind in kinds)
    if cash_atoms <= 0 or not on_price or len({leg.contract.expiry_s for leg in legs}) != 1:
        return {}
    found = even_points(legs, cash_atoms=cash_atoms, base_decimals=base_decimals)
    if len(found) != 2:
        return {}
    low, high = found
    return {
        "even_low": str(mul_div_up(low.numerator, 1, low.denominator)),
        "even_high": str(mul_div_down(high.numerator, 1, high.denominator)),
    }
