"""The environment: the only reader of its variables, and of .env files.

Who says a value last, wins: the run files in their order, LAYERHEDGE_RPC_URL,
LAYERHEDGE__SECTION__KEY. A .env file counts as environment, but never over a variable that is set.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.config.keys import Key, Kind, MapOf, TableOf, Text
from bot.config.places import INVALID, Place, Source, nearest
from bot.core.errors import VariableMissingError

RPC_URL_VARIABLE = "LAYERHEDGE_RPC_URL"
PREFIX = "LAYERHEDGE__"
SEPARATOR = "__"
VARIABLE = re.compile(r"\$\{([^{}]*)\}")


def whole_environment(
    environ: Mapping[str, str] | None, top: Place, folders: Iterable[Path]
) -> dict[str, str]:
    """The variables that are set, and behind them those of .env in these folders, in order."""
    found = dict(os.environ if environ is None else environ)
    for folder in folders:
        for name, value in _dotenv(folder / ".env", top).items():
            if value is not None:
                found.setdefault(name, value)
    return found


def overrides(
    environ: Mapping[str, str], table: TableOf, top: Place
) -> Iterator[tuple[tuple[str, ...], Any, Source]]:
    """Path, value and source of every variable that sets a key of the run file."""
    if RPC_URL_VARIABLE in environ:
        yield ("chain", "rpc_url"), environ[RPC_URL_VARIABLE], _source(RPC_URL_VARIABLE)
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        source = _source(name)
        place = Place(key=name, source=source, problems=top.problems)
        path, kind = _find(name, table, place)
        if kind is None:
            continue
        value = environ[name] if _is_text(kind) else _toml_value(environ[name])
        yield path, value, source


def expanded(text: str, environ: Mapping[str, str], place: Place) -> Any:
    """The text with every ${NAME} replaced; a missing one is reported by name."""
    missing = [name for name in VARIABLE.findall(text) if not environ.get(name)]
    for name in missing:
        place.report(
            f"the environment variable {name} is not set",
            f"set {name}, or put it into .env",
            VariableMissingError,
        )
    if missing:
        return INVALID
    return VARIABLE.sub(lambda match: environ[match[1]], text)


def variable_names(table: TableOf) -> dict[str, str]:
    """Every variable that the configuration reads, with the meaning of its key."""
    found = {RPC_URL_VARIABLE: "the node's address: stands for chain.rpc_url, out of the files"}
    for path, key in leaves(table):
        found[PREFIX + SEPARATOR.join(path).upper()] = key.meaning
    return found


def leaves(table: TableOf, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Key]]:
    """Every key of a table and of the tables within it, down to what is no table."""
    for name, key in table.keys.items():
        if isinstance(key.kind, TableOf):
            yield from leaves(key.kind, (*path, name))
        else:
            yield (*path, name), key


def _dotenv(path: Path, top: Place) -> Mapping[str, str | None]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        source = Source(name=str(path), folder=path.parent)
        place = Place(key="", source=source, problems=top.problems)
        place.report(f"cannot be read ({type(error).__name__})", "make it a readable UTF-8 file")
        return {}


def _find(name: str, table: TableOf, place: Place) -> tuple[tuple[str, ...], Kind | None]:
    """The path and kind of the key that a variable names; None with a report for no key."""
    path: list[str] = []
    kind: Kind = table
    for word in name.removeprefix(PREFIX).split(SEPARATOR):
        if isinstance(kind, TableOf):
            if word.lower() not in kind.keys:
                known = {"__".join(one).upper(): None for one, _ in leaves(table)}
                place.report("is no key", nearest(name.removeprefix(PREFIX), known))
                return (), None
            path.append(word.lower())
            kind = kind.keys[word.lower()].kind
        elif isinstance(kind, MapOf):
            path.append(word)
            kind = kind.kind
        else:
            place.report("goes deeper than its key", f"stop at {'__'.join(path).upper()}")
            return (), None
    return tuple(path), kind


def _is_text(kind: Kind) -> bool:
    return isinstance(kind, Text) or getattr(kind, "takes_text", False)


def _toml_value(text: str) -> Any:
    """The text as TOML would read it after `key =`; the text itself where it is no TOML."""
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except (ValueError, RecursionError, ArithmeticError):
        return text


def _source(name: str) -> Source:
    return Source(name=f"environment variable {name}", folder=Path.cwd(), hides=True)
