"""What the keys of our TOML files may hold: one table of keys reads, checks and documents a file.

A kind turns a TOML value into ours, or reports why it cannot, and goes on: a file shows all its
problems at once. The JSON schemas and the tables of keys in docs/ come from the same tables.
Why so: docs/adr/0012-tables-of-keys.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from bot.config.places import INVALID, Place, nearest
from bot.core.errors import OutOfRangeError, UnknownKeyError

REQUIRED: Final = object()
"""The default of a key that has none."""
DIGITS_MAX = 40
"""More digits than this, before or behind the point, cannot be meant."""


class Kind(Protocol):
    """One kind of value."""

    def read(self, value: Any, place: Place) -> Any:
        """Our value of a TOML value; INVALID, with a report, when it does not fit."""

    def schema(self) -> dict[str, Any]:
        """The JSON schema of what `read` accepts."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its kind, its meaning for the docs, its default."""

    kind: Kind
    meaning: str
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that is not empty. pattern: what it must match; wanted: the same in words."""

    pattern: str = r".*\S.*"
    wanted: str = "a text in quotes"
    choices: tuple[str, ...] = ()

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, str):
            return place.misfit(value, "is no text", f"write {self.wanted}")
        if self.choices and value not in self.choices:
            return place.misfit(value, "is not known", nearest(value, self.choices))
        if not re.fullmatch(self.pattern, value):
            return place.misfit(value, "does not fit", f"write {self.wanted}")
        if "${" in value:
            return place.misfit(value, "names a variable", "only chain.rpc_url takes ${NAME}")
        return value

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": "string", "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True or false."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, bool):
            return place.misfit(value, "is neither true nor false", "write true or false")
        return value

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number within both bounds."""

    lowest: int
    highest: int

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        remedy = f"give a whole number from {self.lowest} to {self.highest}"
        if isinstance(value, bool) or not isinstance(value, int):
            return place.misfit(value, "is no whole number", remedy)
        if not self.lowest <= value <= self.highest:
            return place.misfit(value, "is out of range", remedy, OutOfRangeError)
        return value

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"type": "integer", "minimum": self.lowest, "maximum": self.highest}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A finite number within both bounds, exact as written. above: `lowest` itself is too low."""

    lowest: str
    highest: str
    above: bool = False

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        beyond = "above" if self.above else "from"
        remedy = f"give a number {beyond} {self.lowest} to {self.highest}"
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return place.misfit(value, "is no number", remedy)
        number = Decimal(value)
        if not number.is_finite():
            return place.misfit(value, "is not finite", remedy)
        if not Decimal(self.lowest) <= number <= Decimal(self.highest) or (
            self.above and number == Decimal(self.lowest)
        ):
            return place.misfit(value, "is out of range", remedy, OutOfRangeError)
        if max(len(number.as_tuple().digits), abs(number.adjusted())) > DIGITS_MAX:
            return place.misfit(value, "has too many digits", f"use at most {DIGITS_MAX}")
        return number

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        word = "exclusiveMinimum" if self.above else "minimum"
        return {"type": "number", word: _plain(self.lowest), "maximum": _plain(self.highest)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """A number that is whole once it is multiplied: days as seconds, a multiple as bps.

    grain: what cannot be divided further, for the error.
    """

    number: Number
    factor: int
    grain: str

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        number = self.number.read(value, place)
        if number is INVALID:
            return INVALID
        numerator, denominator = number.as_integer_ratio()
        whole, rest = divmod(numerator * self.factor, denominator)
        if rest:
            return place.misfit(value, f"is no whole number of {self.grain}", "round it")
        return whole

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return self.number.schema()


@dataclass(frozen=True, slots=True)
class Amount:
    """Whole tokens: a number, or a text like "0.000001" that keeps every digit everywhere."""

    kind: Kind

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
            value = Decimal(value)
        return self.kind.read(value, place)

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        text = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
        return {"anyOf": [text, self.kind.schema()]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list of values of one kind, at least so many."""

    kind: Kind
    least: int = 0
    what: str = "a list in [brackets]"

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, list):
            return place.misfit(value, "is no list", f"write {self.what}")
        if len(value) < self.least:
            place.report(f"has {len(value)} entries", f"give at least {self.least}")
            return INVALID
        items = [self.kind.read(item, place.item(i)) for i, item in enumerate(value, start=1)]
        return INVALID if INVALID in items else tuple(items)

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"type": "array", "items": self.kind.schema(), "minItems": self.least}


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table with known keys. Read as a dict of what is valid, so that later checks can go on."""

    keys: Mapping[str, Key]

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`; a key that is missing or does not fit is left out of the dict."""
        if not isinstance(value, dict):
            return place.misfit(value, "is no table", f"write [{place.key}]")
        for name in value:
            if name not in self.keys:
                place.child(name).report(
                    "is not a known key", nearest(name, self.keys), UnknownKeyError
                )
        found: dict[str, Any] = {}
        for name, key in self.keys.items():
            if name in value:
                read = key.kind.read(value[name], place.child(name))
            elif isinstance(key.kind, TableOf) and key.default is REQUIRED:
                read = key.kind.read({}, place.child(name))
            else:
                read = key.default
            if read is REQUIRED:
                place.child(name).report("is missing", f"add it: {key.meaning}")
            elif read is not INVALID:
                found[name] = read
        return found

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        required = [
            name
            for name, key in self.keys.items()
            if key.default is REQUIRED and _has_required(key.kind)
        ]
        return {
            "type": "object",
            "properties": {
                name: {**key.kind.schema(), "description": key.meaning}
                for name, key in self.keys.items()
            },
            "required": required,
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf:
    """A table whose keys are names of the user's."""

    kind: Kind
    pattern: str
    wanted: str
    least: int = 0

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, dict):
            return place.misfit(value, "is no table", f"write [{place.key}]")
        if len(value) < self.least:
            place.report("is empty", f"add {self.wanted}")
            return INVALID
        found: dict[str, Any] = {}
        for name, item in value.items():
            if re.fullmatch(self.pattern, name):
                found[name] = self.kind.read(item, place.child(name))
            else:
                place.child(name).report("is no fitting name", f"write {self.wanted}")
        return INVALID if INVALID in found.values() else found

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {
            "type": "object",
            "patternProperties": {f"^{self.pattern}$": self.kind.schema()},
            "additionalProperties": False,
            "minProperties": self.least,
        }


def _has_required(kind: Kind) -> bool:
    if not isinstance(kind, TableOf):
        return True
    return any(key.default is REQUIRED and _has_required(key.kind) for key in kind.keys.values())


def _plain(number: str) -> int | float:
    return float(number) if "." in number else int(number)
