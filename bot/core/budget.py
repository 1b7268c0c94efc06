"""What layers may spend: premium and fees within any 365 days, against their entry value.

What layers with `funds_budget` have earned in that time comes on top: the theta that a condor
harvests pays for the puts. bot/core/hedges.py notes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.plan import PoolView
from bot.core.rules import Layer, Rules
from bot.core.state import Hedge, LayerState, Spend
from bot.core.units import BPS, YEAR_S, mul_div_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a pool's layers have spent and earned within 365 days, quote atoms.

    total: spent by all. beyond: spent by each beyond its own budget, which income has paid for.
    income: what income leaves to be spent at the most, >= 0. tied: premium and margin in hedges.
    """

    total: int
    beyond: int
    income: int
    tied: int


def pool_spent(
    view: PoolView, rules: Rules, layers: Mapping[str, LayerState], hedges: Iterable[Hedge]
) -> Spent:
    """Where a pool's budgets stand before this tick."""
    time_s = view.market.time_s
    spent = {layer.name: within_year(layers[layer.name].spends, time_s) for layer in rules.layers}
    earned = sum(
        within_year(layers[layer.name].earned, time_s)
        for layer in rules.layers
        if layer.funds_budget
    )
    return Spent(
        total=sum(spent.values()),
        beyond=sum(
            max(0, spent[layer.name] - _own(view, layer))
            for layer in rules.layers
            if not layer.funds_budget
        ),
        income=mul_div_down(max(0, earned), rules.income_share_bps, BPS),
        tied=sum(max(0, hedge.cost_atoms) + hedge.margin_atoms for hedge in hedges),
    )


def charged(
    spent: Spent,
    view: PoolView,
    layer: Layer,
    held: LayerState,
    *,
    outlay_atoms: int,
    margin_atoms: int,
) -> Spent:
    """The same once a layer has ordered for so much on this tick."""
    paid = max(0, outlay_atoms)
    own = max(0, _own(view, layer) - within_year(held.spends, view.market.time_s))
    beyond = 0 if layer.funds_budget else max(0, paid - own)
    return replace(
        spent,
        total=spent.total + paid,
        beyond=spent.beyond + beyond,
        tied=spent.tied + paid + margin_atoms,
    )


def budget_left(
    view: PoolView, rules: Rules, layer: Layer, held: LayerState, *, spent: Spent
) -> int:
    """What the layer may still spend: its own budget and the pool's cap, both with the income."""
    if view.exposure is None:
        return 0
    income = 0 if layer.funds_budget else spent.income
    own = _own(view, layer) - within_year(held.spends, view.market.time_s)
    left = max(0, own) + max(0, income - spent.beyond)
    if rules.total_budget_bps_per_year is not None:
        total = mul_div_down(view.exposure.entry_value_atoms, rules.total_budget_bps_per_year, BPS)
        left = min(left, total + income - spent.total)
    return max(0, left)


def cap_left(view: PoolView, rules: Rules, *, spent: Spent) -> int | None:
    """What the pool's hedges may still tie up; None without a cap."""
    if rules.exposure_cap_bps is None or view.exposure is None:
        return None
    cap = mul_div_down(view.exposure.entry_value_atoms, rules.exposure_cap_bps, BPS)
    return max(0, cap - spent.tied)


def within_year(noted: Sequence[Spend], time_s: int) -> int:
    """The sum of what was noted within the last 365 days, quote atoms."""
    return sum(one.atoms for one in noted if one.time_s > time_s - YEAR_S)


def _own(view: PoolView, layer: Layer) -> int:
    if view.exposure is None:
        return 0
    return mul_div_down(view.exposure.entry_value_atoms, layer.premium_budget_bps_per_year, BPS)
