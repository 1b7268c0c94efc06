"""What a layer waits for: the condition of its rule, from the terms that the book was opened on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.conditions import Metrics
from bot.core.layer_metrics import LAYER_METRICS
from bot.core.reasons import Status
from bot.report.reading import Tick

Conditions = Mapping[tuple[str, str], Mapping[str, Any]]
"""(layer, "arm", "disarm" or "thaw") -> its condition, spelt as core/terms.py writes it."""


def conditions_of(terms: Any) -> Conditions:
    """The conditions of every layer of the rules.

    terms: of the journal's first row. Terms without rules give nothing.
    """
    rules = terms.get("rules") if isinstance(terms, Mapping) else None
    layers = rules.get("layers", ()) if isinstance(rules, Mapping) else ()
    found = {(layer["name"], word): layer[word] for layer in layers for word in ("arm", "disarm")}
    for layer in layers:
        if layer["freeze"] is not None:
            over = {"not": layer["freeze"]}
            thaw = layer["thaw"]
            found[layer["name"], "thaw"] = over if thaw is None else {"all": [thaw, over]}
    return found


def condition_line(row: Mapping[str, Any], metrics: Metrics | None = None) -> str:
    """A condition in one line, with what its metrics are now and how far they have to go.

    >>> row = {"all": [{"metric": "il_bps", "above": 120.0}, {"metric": "rsi", "below": 40}]}
    >>> condition_line(row)
    'il_bps > 120 and rsi < 40'
    >>> condition_line(row, {"il_bps": 86.2, "rsi": None})
    'il_bps > 120 (now 86.2, 33.8 to go) and rsi < 40 (now unknown)'
    """
    if "not" in row:
        return f"not ({condition_line(row['not'], metrics)})"
    for word, joint in (("all", " and "), ("any", " or ")):
        if word in row:
            return joint.join(_inner(part, metrics) for part in row[word])
    bounds = " and ".join(
        f"{row['metric']} {sign} {row[key]:g}"
        for key, sign in (("above", ">"), ("below", "<"))
        if row.get(key) is not None
    )
    if metrics is None:
        return bounds
    now, to_go = metrics.get(row["metric"]), distance(row, metrics)
    if now is None:
        return f"{bounds} (now unknown)"
    return f"{bounds} (now {now:.4g}{f', {to_go:.4g} to go' if to_go else ''})"


def distance(row: Mapping[str, Any], metrics: Metrics) -> float | None:
    """How far a comparison's metric is from making it true, >= 0; None while it is unknown.

    >>> distance({"metric": "il_bps", "above": 120.0}, {"il_bps": 86.25})
    33.75
    """
    now = metrics.get(row["metric"])
    if now is None:
        return None
    above, below = row.get("above"), row.get("below")
    short = 0.0 if above is None else max(0.0, above - now)
    beyond = 0.0 if below is None else max(0.0, now - below)
    return short + beyond


def gaps(row: Mapping[str, Any], metrics: Metrics) -> list[dict[str, Any]]:
    """Every comparison of a condition, in reading order, with its metric now and the distance."""
    for word in ("all", "any"):
        if word in row:
            return [gap for part in row[word] for gap in gaps(part, metrics)]
    if "not" in row:
        return gaps(row["not"], metrics)
    return [{**row, "now": metrics.get(row["metric"]), "to_go": distance(row, metrics)}]


def waits_for(layer: str, status: str, conditions: Conditions, metrics: Metrics) -> str:
    """The condition that moves a layer on from where it stands; empty when unknown."""
    word, row = awaited(layer, status, conditions)
    verb = {"arm": "arms", "thaw": "thaws"}.get(word, "ends")
    return "" if row is None else f"{verb} if {condition_line(row, metrics)}"


def awaited(
    layer: str, status: str, conditions: Conditions
) -> tuple[str, Mapping[str, Any] | None]:
    """Which condition moves a layer on from where it stands, and the condition itself."""
    word = {Status.IDLE.value: "arm", Status.FROZEN.value: "thaw"}.get(status, "disarm")
    return word, None if status == Status.COOLING.value else conditions.get((layer, word))


def metrics_of(tick: Tick, pool: str, layer: str) -> Metrics:
    """A pool's metrics with what the layer alone looked at, as its decision has it."""
    own = {
        name: value
        for decision in tick.decisions
        if (decision.pool, decision.layer) == (pool, layer)
        for name, value in decision.numbers.items()
        if name in LAYER_METRICS and not isinstance(value, str)
    }
    return {**tick.pools[pool].metrics, **own}


def _inner(row: Mapping[str, Any], metrics: Metrics | None) -> str:
    line = condition_line(row, metrics)
    return f"({line})" if "all" in row or "any" in row else line
