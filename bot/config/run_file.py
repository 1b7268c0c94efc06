"""Run files and environment, merged, checked, and turned into one RunConfig."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config.environment import expanded, leaves, overrides, whole_environment
from bot.config.places import INVALID, Place, Source, read_toml
from bot.config.rule_file import SCHEMA_DIALECT, read_rules
from bot.config.run_config import (
    ChainConfig,
    FeedsConfig,
    PoolConfig,
    PositionConfig,
    RunConfig,
    SchedulerConfig,
)
from bot.config.run_keys import BLOCK, RUN_FILE
from bot.config.secret import Secret, url_shown
from bot.config.venue_terms import venue_config
from bot.core.canonical import Json
from bot.core.errors import ConfigError
from bot.core.feeds import ENGINE_GATE_S
from bot.core.rules import Rules

Paths = Iterable[Path | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One resolved key for `config show`: its value as everybody may see it, and who said it."""

    key: str
    value: Json
    source: str


def load_run(paths: Paths, environ: Mapping[str, str] | None = None) -> RunConfig:
    """What these run files and the environment say. Raises the first ConfigError.

    paths: later files win, key by key. environ: None for the variables of this process.
    """
    config, problems = _Reading(paths, environ).config()
    if config is None:
        raise problems[0]
    return config


def check_run(paths: Paths, environ: Mapping[str, str] | None = None) -> tuple[ConfigError, ...]:
    """Everything that is wrong with a run, its rule file included; () when it can start."""
    return _Reading(paths, environ).config()[1]


def show_run(paths: Paths, environ: Mapping[str, str] | None = None) -> tuple[Setting, ...]:
    """Every key of a valid run with its value, redacted, and its source; raises as `load_run`."""
    reading = _Reading(paths, environ)
    config, problems = reading.config()
    if config is None:
        raise problems[0]
    obeyed: dict[str, Json] = {
        "rules.name": config.rules.name,
        "rules.hash": config.rules.hash,
        "rules.layers": [layer.name for layer in config.rules.layers],
    }
    source = str(config.rules_file)
    rules = [Setting(key=key, value=value, source=source) for key, value in obeyed.items()]
    return (*reading.settings(), *rules)


def run_schema() -> dict[str, Any]:
    """The published JSON schema of run files."""
    return {"$schema": SCHEMA_DIALECT, "title": "layerhedge run file", **RUN_FILE.schema()}


class _Reading:
    """One reading of some run files: what was merged, who said it, and what is wrong with it."""

    def __init__(self, paths: Paths, environ: Mapping[str, str] | None) -> None:
        files = [Path(path) for path in paths]
        first = files[0] if files else Path("layerhedge.toml")
        self.problems: list[ConfigError] = []
        self._sources: dict[str, Source] = {}
        self._top = Place(
            key="",
            source=Source(name=str(first), folder=first.parent),
            problems=self.problems,
            sources=self._sources,
        )
        self._merged: dict[str, Any] = {}
        folders = dict.fromkeys([*(file.parent for file in files), Path.cwd()])
        self._environ = whole_environment(environ, self._top, folders)
        for file in files:
            source = Source(name=str(file), folder=file.parent)
            place = Place(key="", source=source, problems=self.problems)
            self._merge(self._merged, read_toml(file, place), "", source)
        for path, value, source in overrides(self._environ, RUN_FILE, self._top):
            nested = value
            for word in reversed(path):
                nested = {word: nested}
            self._merge(self._merged, nested, "", source)
        self._rpc_shown = self._expand_rpc_url()
        self._values = RUN_FILE.read(self._merged, self._top)

    def config(self) -> tuple[RunConfig | None, tuple[ConfigError, ...]]:
        """The whole run, or None, and all problems."""
        venue = venue_config(self._values.get("venue", {}), self._top.child("venue"))
        rules_file = self._file("rules", "file")
        rules = None
        if rules_file is not None:
            rules, rule_problems = read_rules(rules_file)
            self.problems.extend(rule_problems)
        _check_pools(self._values.get("position", {}), self._top.child("position"))
        if rules is not None:
            _check_gate(rules, self._values, self._top.child("chain").child("engine_gate"))
        book = self._file("book", "path")
        if self.problems or venue is None or rules is None or rules_file is None or book is None:
            return None, tuple(self.problems)
        return (
            RunConfig(
                chain=self._chain(),
                position=_position(self._values["position"]),
                capital=self._values["paper"]["capital"],
                rules=rules,
                rules_file=rules_file,
                scheduler=_scheduler(self._values["scheduler"]),
                feeds=FeedsConfig(
                    file=self._file("feeds", "file"),
                    age_s_max=self._values["feeds"]["age_s_max"],
                ),
                book=book,
                venue=venue,
            ),
            (),
        )

    def settings(self) -> Iterator[Setting]:
        """Every key, in the order of the tables; a knob of the venue only where it is set."""
        for path, _ in leaves(RUN_FILE):
            key, value = ".".join(path), self._values
            for word in path:
                value = value[word]
            if path[0] == "venue" and not value:
                continue
            shown = _shown(value)
            if path == ("chain", "rpc_url"):
                shown = self._rpc_shown
            elif path == ("scheduler", "every") and value is None:
                shown = BLOCK
            yield Setting(key=key, value=shown, source=self._said_by(key))

    def _merge(
        self, into: dict[str, Any], other: Mapping[str, Any], prefix: str, source: Source
    ) -> None:
        """Lay one document over another: tables merge, everything else is replaced."""
        for name, value in other.items():
            key = f"{prefix}{name}"
            if isinstance(value, dict) and isinstance(into.get(name), dict | None):
                if not source.hides:  # what a table lacks is never a variable's fault
                    self._sources.setdefault(key, source)
                self._merge(into.setdefault(name, {}), value, f"{key}.", source)
            else:
                self._sources[key] = source
                into[name] = value

    def _said_by(self, key: str) -> str:
        """Who said a key, or the entries of its table."""
        entries = [name for name in self._sources if name.startswith(f"{key}.")]
        names = [self._sources[name].name for name in entries or [key] if name in self._sources]
        return ", ".join(dict.fromkeys(names)) or "default"

    def _expand_rpc_url(self) -> str:
        """Replace the ${NAME}s of the node's address; what everybody may see of it."""
        chain = self._merged.get("chain")
        template = chain.get("rpc_url") if isinstance(chain, dict) else None
        if not isinstance(chain, dict) or not isinstance(template, str):
            return ""
        place = self._top.child("chain").child("rpc_url")
        chain["rpc_url"] = expanded(template, self._environ, place)
        if chain["rpc_url"] is INVALID:
            chain["rpc_url"] = "http://unset"  # reported already, by the variable's name
        if place.source.hides:
            return f"${{{place.source.name.rpartition(' ')[2]}}}"
        return url_shown(template)

    def _file(self, table: str, key: str) -> Path | None:
        """A path that starts from the folder of whoever named it."""
        named = self._values.get(table, {}).get(key)
        if named is None:
            return None
        source = self._sources.get(f"{table}.{key}", self._top.source)
        return source.folder / Path(named).expanduser()

    def _chain(self) -> ChainConfig:
        chain = self._values["chain"]
        return ChainConfig(
            rpc_url=Secret(chain["rpc_url"], shown=self._rpc_shown),
            chain_id=chain["chain_id"],
            timeout_s=float(chain["timeout_s"]),
            block_age_s_max=chain["block_age_s_max"],
            poll_ms=chain["poll_ms"],
            lens=chain["lens"],
            engine_gate=chain["engine_gate"],
        )


def _check_pools(position: Mapping[str, Any], place: Place) -> None:
    """No pair twice."""
    seen: dict[str, int] = {}
    for number, pool in enumerate(position.get("pools", ()), start=1):
        address = pool.get("address", "").lower()
        if address in seen:
            place.child("pools").item(number).child("address").report(
                f"is that of pools[{seen[address]}] too", "give each pair once"
            )
        elif address:
            seen[address] = number


def _check_gate(rules: Rules, values: Mapping[str, Any], place: Place) -> None:
    """A multi-signature that the rules ask for is named, and one that is named is asked for."""
    engine, chain = rules.engine, values.get("chain", {})
    if engine is None or not engine.enabled or "engine_gate" not in chain:
        return
    named = chain["engine_gate"]
    if engine.multisig and named is None and values.get("feeds", {}).get("file") is None:
        place.report(
            f"is not given, and the second engine of rules {rules.name} waits for a multisig",
            f"give the address of its EngineGate, or feed {ENGINE_GATE_S} by feeds.file, or set "
            "engine.multisig = false in the rules",
        )
    elif named is not None and not engine.multisig:
        place.report(
            f"is given, but rules {rules.name} do not ask it",
            "set engine.multisig = true in the rules, or leave it out",
        )


def _position(values: Mapping[str, Any]) -> PositionConfig:
    return PositionConfig(
        owner=values["owner"],
        pools=tuple(PoolConfig(**pool) for pool in values["pools"]),
        since_block=values["since_block"],
    )


def _scheduler(values: Mapping[str, Any]) -> SchedulerConfig:
    return SchedulerConfig(
        every_s=None if values["every"] is None else float(values["every"]),
        heartbeat_s=float(values["heartbeat_s"]),
        misfire_grace_s=values["misfire_grace_s"],
        ticks_skipped_max=values["ticks_skipped_max"],
    )


def _shown(value: Any) -> Json:
    """A value as plain JSON, numbers exact."""
    if isinstance(value, Mapping):
        return {name: _shown(item) for name, item in value.items() if item is not None}
    if isinstance(value, tuple):
        return [_shown(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
