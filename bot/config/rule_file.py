"""A rule file, read and checked into the core's rules: thresholds are data, never code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.config.advice_keys import advice_terms, check_advice
from bot.config.budgets import check_budgets
from bot.config.condition_keys import condition_schema
from bot.config.ladder import check_layers
from bot.config.market_rules import with_market
from bot.config.places import Place, Source, read_toml
from bot.config.rule_keys import RULE_FILE
from bot.core.bar_terms import BarTerms
from bot.core.errors import ConfigError
from bot.core.guard import Guard
from bot.core.rules import Engine, Layer, Roll, Rules, SizeBy, Take
from bot.core.sleeves import Sleeve
from bot.core.terms import sealed
from bot.core.units import DAY_S

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
CONTROLS = ("unhedged", "basket")
"""The only strategies that may have no layers."""


def load_rules(path: Path | str) -> Rules:
    """The rules of a file. Raises the first ConfigError; `check_rules` tells them all."""
    rules, problems = read_rules(Path(path))
    if rules is None:
        raise problems[0]
    return rules


def check_rules(path: Path | str) -> tuple[ConfigError, ...]:
    """Everything that is wrong with a rule file; () when it can be obeyed."""
    return read_rules(Path(path))[1]


def read_rules(path: Path) -> tuple[Rules | None, tuple[ConfigError, ...]]:
    """The rules of a file, or None and all its problems."""
    source = Source(name=str(path), folder=path.parent)
    place = Place(key="", source=source, problems=[])
    document = read_toml(path, place)
    if place.problems:
        return None, tuple(place.problems)
    values = RULE_FILE.read(document, place)
    _check(values, place)
    if place.problems:
        return None, tuple(place.problems)
    rules = with_market(_rules(values), values["strategy"], place.child("strategy"))
    return (None if place.problems else sealed(rules)), tuple(place.problems)


def rules_schema() -> dict[str, Any]:
    """The published JSON schema of rule files."""
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "layerhedge rule file",
        **RULE_FILE.schema(),
        "$defs": {"condition": condition_schema()},
    }


def _check(values: Mapping[str, Any], place: Place) -> None:
    _check_bars(values.get("strategy", {}), place.child("strategy"))
    _check_engine(values, place)
    check_advice(values.get("advice") or {}, place.child("advice"))
    layers = values.get("layer")
    if layers is None:
        return
    name = values.get("strategy", {}).get("name")
    if not layers and name is not None and name not in CONTROLS:
        place.child("layer").report(
            "has no entries", f'add a [[layer]], or name the strategy "{CONTROLS[0]}"'
        )
    if layers and name == CONTROLS[1]:
        place.child("layer").report("has entries", "leave them out: the basket is unhedged")
    check_layers(layers, place.child("layer"))
    check_budgets(values, place)


def _check_engine(values: Mapping[str, Any], place: Place) -> None:
    """Layers of the engine need an engine, and an engine needs layers."""
    if "engine" not in values or "layer" not in values:
        return
    numbers = [
        number
        for number, layer in enumerate(values["layer"], start=1)
        if layer.get("sleeve") == Sleeve.ENGINE.value
    ]
    if values["engine"] is None and numbers:
        place.child("layer").item(numbers[0]).child("sleeve").report(
            "names an engine that the file does not have", "add [engine] with capital_bps"
        )
    elif values["engine"] is not None and not numbers:
        place.child("engine").report(
            "has no layers", 'give a layer sleeve = "engine", or leave it out'
        )


def _check_bars(strategy: Mapping[str, Any], at: Place) -> None:
    """Bars that tile the day, averages that differ, and windows that can fill."""
    bar_s = strategy.get("bar_minutes")
    if bar_s is not None and DAY_S % bar_s:
        at.child("bar_minutes").report(
            f"{bar_s / 60:g} does not divide the day", "give 1, 5, 15, 30, 60, 240, 1440 or alike"
        )
    for low, high, least in (
        ("macd_fast_bars", "macd_slow_bars", 1),
        ("cone_bars_min", "cone_bars", 0),
        ("pivot_bars", "divergence_bars", 2),
    ):
        if low in strategy and high in strategy and strategy[high] - strategy[low] < least:
            at.child(high).report(
                f"{strategy[high]} is too few beside {low} {strategy[low]}",
                f"give {strategy[low] + least} or more",
            )


def _rules(values: Mapping[str, Any]) -> Rules:
    strategy = values["strategy"]
    return Rules(
        name=strategy["name"],
        hash="",
        horizon_s=strategy["horizon_days"],
        vol_half_life_s=strategy["vol_half_life_hours"],
        vol_sample_s=strategy["vol_sample_minutes"],
        vol_samples_min=strategy["vol_samples_min"],
        twap_window_s=strategy["twap_minutes"],
        dust_quote_micro=strategy["dust_quote"],
        total_budget_bps_per_year=strategy["total_budget_bps_per_year"],
        layers=tuple(layer for table in values["layer"] for layer in _layers(table)),
        income_share_bps=strategy["income_share_bps"],
        exposure_cap_bps=strategy["exposure_cap_bps"],
        engine=None if values["engine"] is None else Engine(**values["engine"]),
        bars=_bar_terms(strategy),
        guard=_guard(values["guard"]),
        advice=advice_terms(values["advice"]),
    )


def _bar_terms(strategy: Mapping[str, Any]) -> BarTerms:
    return BarTerms(
        bar_s=strategy["bar_minutes"],
        rsi_bars=strategy["rsi_bars"],
        macd_fast_bars=strategy["macd_fast_bars"],
        macd_slow_bars=strategy["macd_slow_bars"],
        macd_signal_bars=strategy["macd_signal_bars"],
        pivot_bars=strategy["pivot_bars"],
        divergence_bars=strategy["divergence_bars"],
        vol_window_bars=strategy["vol_window_bars"],
        cone_bars=strategy["cone_bars"],
        cone_bars_min=strategy["cone_bars_min"],
        vol_of_vol_bars=strategy["vol_of_vol_bars"],
    )


def _guard(values: Mapping[str, Any]) -> Guard:
    return Guard(**{"is_on" if name == "on" else name: value for name, value in values.items()})


def _layers(values: Mapping[str, Any]) -> Iterator[Layer]:
    """The layer of a table; with several tenors one for each, of an equal share."""
    tenors_s = values["tenors_days"] or (values["tenor_days"],)
    if len(tenors_s) == 1:
        yield _layer(values, tenor_s=tenors_s[0])
        return
    parts = len(tenors_s)
    for number, tenor_s in enumerate(tenors_s, start=1):
        yield replace(
            _layer(values, tenor_s=tenor_s),
            name=f"{values['name']}_{number}",
            hedge_ratio_bps=values["hedge_ratio_bps"] // parts,
            premium_budget_bps_per_year=values["premium_budget_bps_per_year"] // parts,
        )


def _layer(values: Mapping[str, Any], *, tenor_s: int) -> Layer:
    return Layer(
        name=values["name"],
        instrument=values["instrument"],
        offsets_bps=values["offsets_bps"],
        offsets_milli_sigma=values["offsets_sigma"],
        arm=values["arm"],
        disarm=values["disarm"],
        hedge_ratio_bps=values["hedge_ratio_bps"],
        size_by=SizeBy(values["size_by"]),
        stress_bps=values["stress_bps"],
        stress_milli_sigma=values["stress_sigma"],
        tenor_s=tenor_s,
        premium_budget_bps_per_year=values["premium_budget_bps_per_year"],
        cooldown_s=values["cooldown_minutes"],
        hold_s_min=values["hold_minutes_min"],
        roll=_roll(values),
        take=_take(values),
        freeze=values["freeze"],
        thaw=values["thaw"],
        funds_budget=values["funds_budget"],
        sleeve=Sleeve(values["sleeve"]),
        slippage_bps_max=values["slippage_bps_max"],
        slippage_by_breadth=values["slippage_by_breadth"],
        order_good_s=values["order_minutes"],
    )


def _roll(values: Mapping[str, Any]) -> Roll:
    roll, stale = values["roll"] or {}, values["stale"] or {}
    return Roll(
        before_expiry_s=roll.get("days_to_expiry", 0),
        early_s=roll.get("early_days", 0),
        forward_vol_bps=roll.get("forward_vol_ratio"),
        delta_drift_ppb=roll.get("delta_drift"),
        target_drift_bps=stale.get("drift_bps"),
        needs_macd_cross=roll.get("on_macd_cross", False),
    )


def _take(values: Mapping[str, Any]) -> Take:
    monetise, stop = values["monetise"] or {}, values["stop"] or {}
    return Take(
        multiple_bps=monetise.get("multiple_of_premium"),
        credit_share_bps=monetise.get("share_of_credit"),
        stop_bps=stop.get("multiple_of_premium"),
    )
