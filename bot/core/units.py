"""The bridges between the number worlds: int atoms, Decimal for people, float for the maths.

Atoms are the chain's integers (the smallest unit of a token). Rounding is in every name.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal

from bot.core.errors import AmountError

WIDE = Context(prec=192, rounding=ROUND_FLOOR)
"""Wide enough for two 2**256 factors; the default context silently rounds a 39-digit amount."""

BPS = 10_000
MILLION = 1_000_000
DAY_S = 86_400
YEAR_S = 365 * DAY_S


def mul_div_down(value: int, numerator: int, denominator: int) -> int:
    """`value * numerator / denominator` rounded towards minus infinity, exact in between.

    >>> mul_div_down(7, 1, 2)
    3
    """
    return value * numerator // denominator


def mul_div_up(value: int, numerator: int, denominator: int) -> int:
    """`value * numerator / denominator` rounded towards plus infinity, exact in between.

    >>> mul_div_up(7, 1, 2)
    4
    """
    return -(-value * numerator // denominator)


def atoms_to_decimal(atoms: int, decimals: int) -> Decimal:
    """Atoms as whole tokens, exactly.

    >>> atoms_to_decimal(1_500_000, 6)
    Decimal('1.500000')
    """
    return Decimal(atoms).scaleb(-decimals, context=WIDE)


def decimal_to_atoms(amount: Decimal, decimals: int) -> int:
    """Whole tokens as atoms; an amount finer than one atom is refused, never rounded.

    >>> decimal_to_atoms(Decimal("1.5"), 6)
    1500000
    """
    if not amount.is_finite():
        raise AmountError(amount=str(amount), decimals=decimals)
    scaled = amount.scaleb(decimals, context=WIDE)
    atoms = int(scaled)
    if scaled != atoms:
        raise AmountError(amount=str(amount), decimals=decimals)
    return atoms


def atoms_to_float(atoms: int, decimals: int) -> float:
    """Atoms as whole tokens on the float island (correctly rounded, display and maths only).

    >>> atoms_to_float(1_500_000, 6)
    1.5
    """
    return atoms / int(10**decimals)


def carried(value: float) -> float:
    """A float as it is carried from tick to tick: 12 significant digits, the same everywhere.

    >>> carried(2 / 3)
    0.666666666667
    """
    return float(f"{value:.12g}")
