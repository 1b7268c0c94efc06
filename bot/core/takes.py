"""Whether an open hedge has brought what it was to bring, or lost what it may lose."""

from __future__ import annotations

from bot.core.case import Case, Numbers
from bot.core.reasons import Reason
from bot.core.state import Hedge
from bot.core.units import BPS, mul_div_down


def take_reason(case: Case, hedge: Hedge) -> tuple[Reason | None, Numbers]:
    """Why to take the result now, None for not yet, and the numbers behind the answer.

    value: what selling brings after fees, < 0 when buying back costs. multiple: value over cost, in
    bps, 0 for a credit. kept: the share of a credit that stays if it is bought back now.
    """
    take, cost, value = case.layer.take, hedge.cost_atoms, case.worth
    assert value is not None, "an expired hedge is settled, and one without a price has no case"
    multiple_bps = mul_div_down(value, BPS, cost) if cost > 0 else 0
    numbers: Numbers = {"value": str(value), "multiple_bps": str(multiple_bps)}
    if take.multiple_bps is not None and multiple_bps >= take.multiple_bps:
        return Reason.MONETISE, numbers
    if cost < 0:
        kept_bps = mul_div_down(value - cost, BPS, -cost)
        numbers["kept_bps"] = str(kept_bps)
        if take.credit_share_bps is not None and kept_bps >= take.credit_share_bps:
            return Reason.MONETISE, numbers
    if take.stop_bps is not None and cost:
        lost_bps = mul_div_down(cost - value, BPS, abs(cost))
        numbers["lost_bps"] = str(lost_bps)
        if lost_bps >= take.stop_bps:
            return Reason.STOP_LOSS, numbers
    return None, numbers
