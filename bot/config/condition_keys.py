"""Conditions as rule files write them: a comparison of a metric, or others joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.config.keys import Key, Number, TableOf, Text
from bot.config.places import INVALID, Place
from bot.core.conditions import AllOf, AnyOf, Comparison, NotOf, comparisons
from bot.core.metrics import METRICS

DEPTH_MAX = 8
COMPARISONS_MAX = 16
"""Larger conditions cannot be checked for flapping in reasonable time, nor read by people."""

THRESHOLD = Number(lowest="-1000000000", highest="1000000000")
COMPARISON_KEYS = {
    "metric": Key(Text(choices=tuple(METRICS)), "what to look at"),
    "above": Key(THRESHOLD, "true only above this", None),
    "below": Key(THRESHOLD, "true only below this", None),
}

FORMS = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class ConditionOf:
    """A comparison {metric, above, below}, or {all = [...]}, {any = [...]}, {not = {...}}."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        read = _condition(value, place, depth=1)
        if read is not INVALID and sum(1 for _ in comparisons(read)) > COMPARISONS_MAX:
            place.report("is too long", f"use at most {COMPARISONS_MAX} comparisons")
            return INVALID
        return read

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`; rule_schema defines what it points to."""
        return {"$ref": "#/$defs/condition"}


def condition_schema() -> dict[str, Any]:
    """What `#/$defs/condition` stands for."""
    this = {"$ref": "#/$defs/condition"}
    many = {"type": "array", "items": this, "minItems": 1}
    comparison = {
        "type": "object",
        "properties": {name: key.kind.schema() for name, key in COMPARISON_KEYS.items()},
        "required": ["metric"],
        "anyOf": [{"required": ["above"]}, {"required": ["below"]}],
        "additionalProperties": False,
    }
    forms = {"all": many, "any": many, "not": this}
    composed = [
        {
            "type": "object",
            "properties": {word: form},
            "required": [word],
            "additionalProperties": False,
        }
        for word, form in forms.items()
    ]
    return {"oneOf": [comparison, *composed]}


def _condition(value: Any, place: Place, *, depth: int) -> Any:
    if depth > DEPTH_MAX:
        place.report("is nested too deep", f"nest at most {DEPTH_MAX} conditions")
        return INVALID
    forms = [word for word in FORMS if isinstance(value, dict) and word in value]
    if not forms:
        return _comparison(value, place)
    if len(value) > 1:
        place.report(f"mixes {', '.join(value)}", "write one of all, any, not a table")
        return INVALID
    word = forms[0]
    if word == "not":
        part = _condition(value[word], place.child(word), depth=depth + 1)
        return INVALID if part is INVALID else NotOf(part=part)
    return _composed(word, value[word], place.child(word), depth=depth)


def _composed(word: str, value: Any, place: Place, *, depth: int) -> Any:
    if not isinstance(value, list) or not value:
        return place.misfit(value, "holds no conditions", "write [ {metric = ...}, ... ]")
    parts = tuple(
        _condition(part, place.item(number), depth=depth + 1)
        for number, part in enumerate(value, start=1)
    )
    if INVALID in parts:
        return INVALID
    return AllOf(parts=parts) if word == "all" else AnyOf(parts=parts)


def _comparison(value: Any, place: Place) -> Any:
    if not isinstance(value, dict):
        return place.misfit(value, "is no condition", "write {metric = NAME, above = NUMBER}")
    before = len(place.problems)
    found = TableOf(COMPARISON_KEYS).read(value, place)
    if len(place.problems) > before:
        return INVALID
    above, below = found["above"], found["below"]
    if above is None and below is None:
        place.report("has no threshold", "add above = NUMBER or below = NUMBER")
        return INVALID
    if above is not None and below is not None and above >= below:
        place.report(f"is never true: above {above} and below {below}", "raise below")
        return INVALID
    return Comparison(
        metric=found["metric"],
        above=None if above is None else float(above),
        below=None if below is None else float(below),
    )
