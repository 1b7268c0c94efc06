"""The bridges between the number worlds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.core.errors import AmountError
from bot.core.units import (
    atoms_to_decimal,
    atoms_to_float,
    decimal_to_atoms,
    mul_div_down,
    mul_div_up,
)


@pytest.mark.parametrize(
    ("value", "numerator", "denominator", "down", "up"),
    [(7, 1, 2, 3, 4), (-7, 1, 2, -4, -3), (6, 1, 2, 3, 3), (2**255, 2**255, 3, None, None)],
)
def test_mul_div_rounds_as_its_name_says(
    value: int, numerator: int, denominator: int, down: int | None, up: int | None
) -> None:
    lower = mul_div_down(value, numerator, denominator)
    upper = mul_div_up(value, numerator, denominator)
    assert lower * denominator <= value * numerator <= upper * denominator
    assert upper - lower <= 1
    if down is not None:
        assert (lower, upper) == (down, up)


@pytest.mark.parametrize("decimals", [0, 1, 6, 18, 36])
def test_the_widest_amount_of_the_chain_survives_the_way_to_decimal_and_back(
    decimals: int,
) -> None:
    atoms = 2**256 - 1
    assert decimal_to_atoms(atoms_to_decimal(atoms, decimals), decimals) == atoms


def test_whole_tokens_keep_the_decimals_of_their_token() -> None:
    assert str(atoms_to_decimal(1_500_000, 6)) == "1.500000"
    assert atoms_to_float(1_500_000, 6) == 1.5


@pytest.mark.parametrize("amount", ["0.0000001", "nan", "inf", "-inf"])
def test_an_amount_finer_than_an_atom_or_not_finite_is_refused(amount: str) -> None:
    with pytest.raises(AmountError, match=r"is not a whole number of atoms"):
        decimal_to_atoms(Decimal(amount), 6)
