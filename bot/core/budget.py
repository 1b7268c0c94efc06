"""What layers may spend: premium and fees within any 365 days, against their entry value.

What layers with `funds_budget` have earned in that time comes on top: the theta that a condor
harvests pays for the puts. bot/core/hedges.py notes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.plan import PoolView
from bot.core.rules import Layer, Rules
from bot.core.sizing import Purse
from bot.core.sleeves import Sleeve
from bot.core.state import Hedge, LayerState, Spend
from bot.core.units import BPS, YEAR_S, mul_div_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a sleeve's layers of a pool have spent and earned within 365 days, quote atoms.

    total: spent by all. beyond: spent by each beyond its own budget, which income has paid for.
    income: what income leaves to be spent at the most, >= 0. tied: premium and margin in hedges.
    base: what budgets are shares of: the core's the value at entry, the engine's what it was given.
    """

    sleeve: Sleeve
    given: int
    base: int

    total: int
    beyond: int
    income: int
    tied: int


def pool_spent(
    view: PoolView,
    rules: Rules,
    layers: Mapping[str, LayerState],
    hedges: Iterable[Hedge],
    *,
    sleeve: Sleeve,
    given_atoms: int,
) -> Spent:
    """Where a sleeve's budgets in a pool stand before this tick. given_atoms: see `Money.given`."""
    time_s = view.market.time_s
    entry = 0 if view.exposure is None else view.exposure.entry_value_atoms
    base = entry if sleeve is Sleeve.CORE else given_atoms
    mine = [layer for layer in rules.layers if layer.sleeve is sleeve]
    spent = {layer.name: within_year(layers[layer.name].spends, time_s) for layer in mine}
    earned = sum(
        within_year(layers[layer.name].earned, time_s) for layer in mine if layer.funds_budget
    )
    return Spent(
        sleeve=sleeve,
        given=given_atoms,
        base=base,
        total=sum(spent.values()),
        beyond=sum(
            max(0, spent[layer.name] - _own(base, layer))
            for layer in mine
            if not layer.funds_budget
        ),
        income=mul_div_down(max(0, earned), rules.income_share_bps, BPS),
        tied=sum(
            max(0, hedge.cost_atoms) + hedge.margin_atoms
            for hedge in hedges
            if hedge.sleeve is sleeve
        ),
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
    if not outlay_atoms and not margin_atoms:
        return spent
    paid = max(0, outlay_atoms)
    own = max(0, _own(spent.base, layer) - within_year(held.spends, view.market.time_s))
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
    """What the layer may still spend: its own budget and the core's cap, both with the income."""
    if view.exposure is None:
        return 0
    income = 0 if layer.funds_budget else spent.income
    own = _own(spent.base, layer) - within_year(held.spends, view.market.time_s)
    left = max(0, own) + max(0, income - spent.beyond)
    if rules.total_budget_bps_per_year is not None and spent.sleeve is Sleeve.CORE:
        total = mul_div_down(spent.base, rules.total_budget_bps_per_year, BPS)
        left = min(left, total + income - spent.total)
    return max(0, left)


def cap_left(view: PoolView, rules: Rules, *, spent: Spent) -> int | None:
    """What the core's hedges of a pool may still tie up; None without a cap. The engine has one of
    its own, on its cash."""
    if rules.exposure_cap_bps is None or view.exposure is None or spent.sleeve is not Sleeve.CORE:
        return None
    cap = mul_div_down(spent.base, rules.exposure_cap_bps, BPS)
    return max(0, cap - spent.tied)


def purse(
    view: PoolView,
    rules: Rules,
    layer: Layer,
    held: LayerState,
    *,
    spent: Spent,
    cash_atoms: int,
) -> Purse:
    """What the layer may spend now. cash_atoms: what its sleeve has free."""
    return Purse(
        budget_atoms=budget_left(view, rules, layer, held, spent=spent),
        cash_atoms=cash_atoms,
        cap_atoms=cap_left(view, rules, spent=spent),
        given_atoms=spent.given,
    )


def within_year(noted: Sequence[Spend], time_s: int) -> int:
    """The sum of what was noted within the last 365 days, quote atoms."""
    return sum([one.atoms for one in noted if one.time_s > time_s - YEAR_S]) if noted else 0


def _own(base_atoms: int, layer: Layer) -> int:
    return mul_div_down(base_atoms, layer.premium_budget_bps_per_year, BPS)
