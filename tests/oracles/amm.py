"""The pool's rules from first principles: searched for or in fractions, never re-typed formulas."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from fractions import Fraction

FIFTY_DIGITS = Context(prec=50)
FEE = Fraction(3, 1000)
PROTOCOL_SHARE = Fraction(1, 6)


def invariant_holds(reserves: tuple[int, int], paid_in: int, paid_out: int, fee: Fraction) -> bool:
    """x*y after the swap, without the fee's part of what came in, is no less than before."""
    left = (reserves[0] + paid_in * (1 - fee)) * (reserves[1] - paid_out)
    return left >= reserves[0] * reserves[1]


def largest_out(paid_in: int, reserves: tuple[int, int], fee: Fraction = FEE) -> int:
    """The most that can leave on side 1 for an input on side 0."""
    return _last_true(lambda out: invariant_holds(reserves, paid_in, out, fee), reserves[1])


def smallest_in(paid_out: int, reserves: tuple[int, int], fee: Fraction = FEE) -> int:
    """The least that must come in on side 0 for an output on side 1."""
    high = 1
    while not invariant_holds(reserves, high, paid_out, fee):
        high *= 2
    return 1 + _last_true(lambda paid: not invariant_holds(reserves, paid, paid_out, fee), high)


def protocol_liquidity(k_now: int, k_last: int, supply: int) -> Decimal:
    """Shares s with s/(s + supply) = 1/6 of the growth of sqrt(k), to 50 digits."""
    with localcontext(FIFTY_DIGITS):
        growth = 1 - Decimal(k_last).sqrt() / Decimal(k_now).sqrt()
        part = growth * PROTOCOL_SHARE.numerator / PROTOCOL_SHARE.denominator
        return supply * part / (1 - part)


def root(number: int) -> Decimal:
    """Square root to 50 digits."""
    return FIFTY_DIGITS.sqrt(Decimal(number))


def arbitrage_profit(
    paid_in: int, reserves: tuple[int, int], price_in: Fraction, fee: Fraction = FEE
) -> Fraction:
    """Profit, in units of side 1, of paying `paid_in` of side 0 at an outside price.

    price_in: units of side 1 per unit of side 0. Output not rounded.
    """
    kept = paid_in * (1 - fee)
    return reserves[1] * kept / (reserves[0] + kept) - paid_in * price_in


def _last_true(holds: Callable[[int], bool], high: int) -> int:
    """The largest n in [0, high) at which a predicate that turns false once still holds."""
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
