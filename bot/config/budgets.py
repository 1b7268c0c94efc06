"""Budgets that can never be met: what a layer is promised, and what keeps it from being spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.config.places import Place
from bot.core.rules import SizeBy
from bot.core.sleeves import Sleeve


def check_budgets(values: Mapping[str, Any], place: Place) -> None:
    """Report them. values: the valid keys of the whole file. place: of the file."""
    total = values.get("strategy", {}).get("total_budget_bps_per_year")
    cap = (values.get("engine") or {}).get("cap_bps")
    for number, layer in enumerate(values.get("layer") or (), start=1):
        at = place.child("layer").item(number)
        _check_shares(layer, at)
        if layer.get("sleeve") == Sleeve.CORE.value:
            _check_total(layer, at, total_bps=total)
        elif layer.get("size_by") == SizeBy.CAPITAL.value:
            _check_cap(layer, at, cap_bps=cap)


def _check_total(layer: Mapping[str, Any], at: Place, *, total_bps: int | None) -> None:
    own = layer.get("premium_budget_bps_per_year")
    if own is not None and total_bps is not None and own > total_bps:
        at.child("premium_budget_bps_per_year").report(
            f"{own} is more than all layers together may spend, {total_bps}: it can never be met",
            "lower it, or raise total_budget_bps_per_year",
        )


def _check_cap(layer: Mapping[str, Any], at: Place, *, cap_bps: int | None) -> None:
    """A hedge sized by capital ties up its ratio of what the engine was given."""
    ratio = layer.get("hedge_ratio_bps")
    if ratio is not None and cap_bps is not None and ratio > cap_bps:
        at.child("hedge_ratio_bps").report(
            f"{ratio} of the engine's capital is more than its cap_bps {cap_bps} lets be tied up",
            "lower it, or raise cap_bps under engine",
        )


def _check_shares(layer: Mapping[str, Any], at: Place) -> None:
    """Staggered layers have an equal share each, rounded down: of too little that is nothing."""
    parts = len(layer.get("tenors_days") or ())
    for key in ("premium_budget_bps_per_year", "hedge_ratio_bps"):
        whole = layer.get(key)
        if whole is not None and whole < parts:
            at.child(key).report(
                f"{whole} is nothing when it is shared by {parts} tenors", f"give {parts} or more"
            )
