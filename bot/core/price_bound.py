"""What a purchase may pay above the model price: the layer's bound, moved by breadth."""

from __future__ import annotations

from bot.core.case import Case, Numbers
from bot.core.units import MILLION, mul_div_down


def slippage_bps(case: Case) -> int | None:
    """What a purchase may pay above the mark now, bps of it; None for anything.

    By breadth, the share of watched pools that rose, it is scaled by 2 (1 - breadth): when nearly
    all fall together protection is worth more, and when all rise nothing is in a hurry. An unknown
    breadth leaves it as it is. Worked: 500 at a breadth of 0.1 are 900.
    """
    bound = case.layer.slippage_bps_max
    if bound is None or not case.layer.slippage_by_breadth:
        return bound
    breadth = case.metrics["breadth"]
    if breadth is None:
        return bound
    return mul_div_down(bound, round(2 * MILLION * (1.0 - breadth)), MILLION)


def bound_numbers(case: Case) -> Numbers:
    """The breadth that the bound goes by, where it does."""
    return {"breadth": case.metrics["breadth"]} if case.layer.slippage_by_breadth else {}
