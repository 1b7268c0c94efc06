"""What layers may spend: premium and fees within any 365 days, against their entry value."""

from __future__ import annotations

from bot.core.plan import PoolView
from bot.core.rules import Layer, Rules
from bot.core.state import LayerState
from bot.core.units import BPS, YEAR_S, mul_div_down


def spent_atoms(held: LayerState, time_s: int) -> int:
    """Premium and fees that a layer spent within the last 365 days, quote atoms."""
    return sum(spend.atoms for spend in held.spends if spend.time_s > time_s - YEAR_S)


def budget_left(
    view: PoolView, rules: Rules, layer: Layer, held: LayerState, *, pool_spent: int
) -> int:
    """What the layer may still spend: its own budget and the pool's cap, bps of entry value."""
    if view.exposure is None:
        return 0
    entry = view.exposure.entry_value_atoms
    own = mul_div_down(entry, layer.premium_budget_bps_per_year, BPS)
    left = own - spent_atoms(held, view.market.time_s)
    if rules.total_budget_bps_per_year is not None:
        total = mul_div_down(entry, rules.total_budget_bps_per_year, BPS)
        left = min(left, total - pool_spent)
    return max(0, left)
