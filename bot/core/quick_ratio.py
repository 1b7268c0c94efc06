"""The acid test: of a pool's quote side, and of the book behind the short options.

docs/maths.md section 6.3.
"""

from __future__ import annotations

from math import sqrt


def quick_ratio_pool(*, spot_atoms: int, twap_atoms: int) -> float:
    """The quote reserve over what it would be at the TWAP with the same k: sqrt(spot / TWAP).

    Both in quote atoms per whole base token, > 0. Below 1 the pool is short of quote: base was
    sold into it faster than the average knows.

    >>> quick_ratio_pool(spot_atoms=81, twap_atoms=100)
    0.9
    """
    return sqrt(spot_atoms / twap_atoms)


def quick_ratio_book(
    *, cash_atoms: int, collateral_atoms: int, margin_atoms: int, short_atoms: int, debt_atoms: int
) -> float | None:
    """What can be paid with at once over what may be asked for, all in quote atoms.

    cash: free paper cash. collateral: what is pledged and liquid, such as the margin paid in.
    margin: what the venue asks for now. short: what buying the short options back would cost.
    debt: what is owed to the venue already.
    None when nothing may be asked for.

    >>> quick_ratio_book(
    ...     cash_atoms=60, collateral_atoms=40, margin_atoms=40, short_atoms=10, debt_atoms=0
    ... )
    2.0
    """
    owed = margin_atoms + short_atoms + debt_atoms
    return (cash_atoms + collateral_atoms) / owed if owed > 0 else None
