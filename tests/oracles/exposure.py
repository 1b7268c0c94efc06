"""A position's values in 50-digit decimals, straight from the definitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction

FIFTY_DIGITS = Context(prec=50)


@dataclass(frozen=True)
class Values:
    """Real-valued counterparts of what the core rounds, in quote atoms."""

    hold: Decimal
    without_fees: Decimal
    entry: Decimal


def values_of(lots: Iterable[tuple[int, int]], price: Fraction) -> Values:
    """Lots as (base, quote) atoms paid in, valued at a price in quote per base atom.

    Each lot is a pool of its own: with L = sqrt(b*q) it holds L/sqrt(P) base and L*sqrt(P) quote.
    """
    with localcontext(FIFTY_DIGITS):
        at = Decimal(price.numerator) / Decimal(price.denominator)
        hold = without_fees = entry = Decimal(0)
        for base, quote in lots:
            liquidity = Decimal(base).sqrt() * Decimal(quote).sqrt()
            without_fees += liquidity / at.sqrt() * at + liquidity * at.sqrt()
            hold += base * at + quote
            entry += base * (Decimal(quote) / Decimal(base)) + quote
        return Values(hold=hold, without_fees=without_fees, entry=entry)
