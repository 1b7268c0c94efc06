"""Where a configured value stands, who said it, and what is wrong with it: one list for a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bot.core.errors import ConfigError

INVALID: Final = object()
"""What reading returns for a value that it has reported."""
SHOWN_CHARS_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who said a value: a file, an environment variable (whose text is never shown), a default.

    folder: what relative paths of this source start from.
    """

    name: str
    folder: Path
    hides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value stands: its key, its source, and where problems are collected.

    sources: source of each key that differs from its parent's.
    """

    key: str
    source: Source
    problems: list[ConfigError]
    sources: Mapping[str, Source] = field(default_factory=dict)

    def child(self, name: str) -> Place:
        """The place of a key in this table."""
        return self._at(f"{self.key}.{name}" if self.key else name)

    def item(self, number: int) -> Place:
        """The place of an entry of this list, counted from 1."""
        return self._at(f"{self.key}[{number}]")

    def report(self, problem: str, remedy: str, error: type[ConfigError] = ConfigError) -> None:
        """Collect one problem of this key; `error` gives it an exit code of its own."""
        self.problems.append(
            error(file=self.source.name, key=self.key or "file", problem=problem, remedy=remedy)
        )

    def misfit(
        self, value: Any, problem: str, remedy: str, error: type[ConfigError] = ConfigError
    ) -> Any:
        """Report a value, shown only if it may be, and return INVALID."""
        shown = repr(str(value) if isinstance(value, Decimal) else value)
        if len(shown) > SHOWN_CHARS_MAX:
            shown = f"{shown[:SHOWN_CHARS_MAX]}..."
        self.report(f"{'the value' if self.source.hides else shown} {problem}", remedy, error)
        return INVALID

    def _at(self, key: str) -> Place:
        return Place(
            key=key,
            source=self.sources.get(key, self.source),
            problems=self.problems,
            sources=self.sources,
        )


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice on a name that is not known."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(names)}"


def read_toml(path: Path, place: Place) -> dict[str, Any]:
    """The tables of a TOML file, numbers exact as written; {} with a report when there are none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        problem, remedy = f"cannot be read: {error.strerror}", "check the path and its permissions"
    except UnicodeDecodeError:
        problem, remedy = "is no text in UTF-8", "save it as UTF-8"
    except (ValueError, RecursionError, ArithmeticError) as error:
        problem, remedy = f"is no TOML: {error}", "correct the syntax"
    place.report(problem, remedy)
    return {}
