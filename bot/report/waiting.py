"""What a layer waits for: the condition of its rule, from the terms that the book was opened on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.conditions import Metrics
from bot.core.reasons import Status

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
            found[layer["name"], "thaw"] = layer["thaw"] or {"not": layer["freeze"]}
    return found


def condition_line(row: Mapping[str, Any], metrics: Metrics | None = None) -> str:
    """A condition in one line, with what its metrics are now.

    >>> row = {"all": [{"metric": "il_bps", "above": 120.0}, {"metric": "rsi", "below": 40}]}
    >>> condition_line(row)
    'il_bps > 120 and rsi < 40'
    >>> condition_line(row, {"il_bps": 86.2, "rsi": None})
    'il_bps > 120 (now 86.2) and rsi < 40 (now unknown)'
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
    now = metrics.get(row["metric"])
    return f"{bounds} (now {'unknown' if now is None else f'{now:.4g}'})"


def waits_for(layer: str, status: str, conditions: Conditions, metrics: Metrics) -> str:
    """The condition that moves a layer on from where it stands; empty when unknown."""
    if status == Status.COOLING.value:
        return ""
    word = {Status.IDLE.value: "arm", Status.FROZEN.value: "thaw"}.get(status, "disarm")
    row = conditions.get((layer, word))
    verb = {"arm": "arms", "thaw": "thaws"}.get(word, "ends")
    return "" if row is None else f"{verb} if {condition_line(row, metrics)}"


def _inner(row: Mapping[str, Any], metrics: Metrics | None) -> str:
    line = condition_line(row, metrics)
    return f"({line})" if "all" in row or "any" in row else line
