"""What must hold between the keys that tell how long a hedge is held, and when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.config.places import Place


def check_holding(layer: Mapping[str, Any], at: Place) -> None:
    """Report what is wrong within one layer. layer: its valid keys."""
    _check_tenors(layer, at)
    _check_roll(layer, at)
    _check_takes(layer, at)
    if layer.get("slippage_by_breadth") and layer.get("slippage_bps_max") is None:
        at.child("slippage_by_breadth").report(
            "scales a bound that is not there", "add slippage_bps_max, or leave it out"
        )
    if layer.get("thaw") is not None and layer.get("freeze") is None:
        at.child("thaw").report("ends a freeze that never begins", "add freeze, or leave it out")


def _check_tenors(layer: Mapping[str, Any], at: Place) -> None:
    if "tenor_days" not in layer or "tenors_days" not in layer:
        return
    one, several = layer["tenor_days"], layer["tenors_days"]
    if one is None and not several:
        at.child("tenor_days").report("is missing", "add it: wanted time to expiry")
    elif one is not None and several:
        at.child("tenors_days").report("says again what tenor_days says", "leave one of them out")
    elif len(several) != len(set(several)):
        at.child("tenors_days").report("has the same tenor twice", "let them differ")


def _check_roll(layer: Mapping[str, Any], at: Place) -> None:
    """The nearest listed expiry may be sooner than the tenor: half of it is always there."""
    roll = layer.get("roll")
    if roll is None:
        return
    tenors_s = layer.get("tenors_days") or (layer.get("tenor_days"),)
    late_s, early_s = roll.get("days_to_expiry", 0), roll.get("early_days", 0)
    for key, roll_s in (("days_to_expiry", late_s), ("early_days", early_s)):
        if any(tenor_s is not None and 2 * roll_s > tenor_s for tenor_s in tenors_s):
            at.child(f"roll.{key}").report(
                "is more than half of tenor_days: the hedge would be rolled as soon as it is "
                "bought",
                "lengthen tenor_days or roll later",
            )
    if bool(early_s) != (roll.get("forward_vol_ratio") is not None):
        at.child("roll.early_days").report(
            "and forward_vol_ratio need each other", "give both or neither"
        )
    elif early_s and early_s <= late_s:
        at.child("roll.early_days").report(
            "is no earlier than days_to_expiry", "give more days than that"
        )
    drifts = roll.get("delta_drift") is not None
    if roll.get("on_macd_cross") and not (early_s or drifts or layer.get("stale")):
        at.child("roll.on_macd_cross").report(
            "confirms nothing: only early rolls, re-strikes and stale hedges wait for it",
            "add early_days, delta_drift or stale, or leave it out",
        )
    if not (late_s or early_s or drifts):
        at.child("roll").report("names no reason to roll", "add days_to_expiry")


def _check_takes(layer: Mapping[str, Any], at: Place) -> None:
    monetise = layer.get("monetise")
    if monetise is not None and all(value is None for value in monetise.values()):
        at.child("monetise").report(
            "names no profit", "add multiple_of_premium, or share_of_credit for a credit"
        )
