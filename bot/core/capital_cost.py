"""What the capital in a position must earn: CAPM for the own part, borrowing for the rest.

docs/maths.md section 6.9.
"""

from __future__ import annotations

from bot.core.units import BPS


def required_return(*, riskless: float, beta: float, premium: float) -> float:
    """CAPM: riskless + beta * premium, fractions a year.

    >>> round(required_return(riskless=0.04, beta=1.5, premium=0.05), 12)
    0.115
    """
    return riskless + beta * premium


def wacc(
    *, equity: float, borrow_base: float | None, borrow_quote: float | None, debt_share_bps: int
) -> float | None:
    """Weighted average cost of capital a year, a fraction.

    equity: the required return on one's own part. borrow_*: what borrowing either token costs;
    an LP borrows both sides by halves. debt_share_bps: of the position, what is borrowed; with 0
    the rates are not needed, otherwise without them there is no answer.

    >>> round(wacc(equity=0.1, borrow_base=0.02, borrow_quote=0.06, debt_share_bps=5_000), 12)
    0.07
    """
    if debt_share_bps == 0:
        return equity
    if borrow_base is None or borrow_quote is None:
        return None
    share = debt_share_bps / BPS
    return (1.0 - share) * equity + share * (borrow_base + borrow_quote) / 2.0
