"""TOML read strictly: every value is asked for by kind and range, and no key goes unnoticed.

Whatever cannot be obeyed is a ConfigError that names the file, the key and the cure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NoReturn

from bot.core.errors import ConfigError

NUMBER_MAX = Decimal(10**30)
"""No number in a file is larger, so that no conversion of one runs away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A TOML table that knows where it stands in its file."""

    file: str
    key: str
    data: Mapping[str, Any]

    def refuse(self, key: str, problem: str, remedy: str) -> NoReturn:
        """Raise the ConfigError of one of this table's keys."""
        raise ConfigError(file=self.file, key=f"{self.key}{key}", problem=problem, remedy=remedy)

    def require_known(self, keys: Iterable[str]) -> None:
        """Refuse keys other than these, with the nearest one as advice."""
        known = list(keys)
        for key in self.data:
            if key not in known:
                close = get_close_matches(key, known, n=1)
                remedy = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known)}"
                self.refuse(key, "is not known", remedy)

    def value(self, key: str) -> Any:
        """What a key holds; a missing one is refused."""
        if key not in self.data:
            self.refuse(key, "is missing", "add it")
        return self.data[key]

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, f"{value!r} is no text", "write a text in quotes")
        return value

    def integer(self, key: str, lowest: int, highest: int) -> int:
        """A whole number within both bounds."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            self.refuse(
                key, f"{value} is out of range", f"give a whole number from {lowest} to {highest}"
            )
        return value

    def number(self, key: str) -> Decimal:
        """A finite number, exact as written."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.refuse(key, f"{value!r} is no number", "give a number")
        number = Decimal(value)
        if not number.is_finite() or abs(number) > NUMBER_MAX:
            self.refuse(key, f"{value} is out of range", f"give a number up to {NUMBER_MAX}")
        return number

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.value(key)
        if not isinstance(value, bool):
            self.refuse(key, f"{value!r} is neither true nor false", "write true or false")
        return value

    def choice(self, key: str, choices: Iterable[str]) -> str:
        """One of a set of texts."""
        value, known = self.text(key), list(choices)
        if value not in known:
            close = get_close_matches(value, known, n=1)
            remedy = f"did you mean {close[0]}?" if close else f"give one of: {', '.join(known)}"
            self.refuse(key, f"{value} is not known", remedy)
        return value

    def table(self, key: str) -> Table:
        """A table within this one."""
        value = self.value(key)
        if not isinstance(value, Mapping):
            self.refuse(key, "is no table", f"write [{key}]")
        return Table(file=self.file, key=f"{self.key}{key}.", data=value)

    def tables(self, key: str, *, least: int) -> list[Table]:
        """A list of tables, at least so many."""
        rows = self.data.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            self.refuse(key, "is no list of tables", f"write [[{key}]]")
        if len(rows) < least:
            self.refuse(key, f"has {len(rows)} entries", f"give at least {least}: [[{key}]]")
        return [
            Table(file=self.file, key=f"{self.key}{key}[{place}].", data=row)
            for place, row in enumerate(rows, start=1)
        ]


def parse_toml(text: str, *, file: str) -> Table:
    """The top table of a TOML text, with numbers exact as written. file: its name, for errors."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            file=file, key="file", problem=f"is no TOML: {error}", remedy="correct the syntax"
        ) from None
    return Table(file=file, key="", data=data)
