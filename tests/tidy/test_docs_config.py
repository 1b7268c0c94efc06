"""What is published about the configuration is what the code reads, word for word.

`make golden` (LAYERHEDGE_GOLDEN=rewrite) writes the generated parts anew; review the difference.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.config import rules_schema, run_schema
from bot.config.advice_keys import ADVICE_KEYS
from bot.config.environment import PREFIX, RPC_URL_VARIABLE, leaves, variable_names
from bot.config.guard_keys import GUARD_KEYS
from bot.config.keys import REQUIRED, Amount, Key, ListOf, MapOf, Scaled, TableOf
from bot.config.rule_keys import ENGINE_KEYS, LAYER_KEYS, RULE_FILE, STRATEGY_KEYS
from bot.config.run_keys import POOL_KEYS, RUN_FILE
from bot.config.venue_keys import POOL_TERMS_KEYS
from bot.core.advice import Action, Why
from bot.core.advice_terms import Kind
from bot.core.feeds import FEED_KINDS
from bot.core.fees import FeeTerms
from bot.core.guard import Doubt
from bot.core.instruments import INSTRUMENTS
from bot.core.listing import ListingTerms
from bot.core.margin import MarginTerms
from bot.core.metrics import METRICS
from bot.core.moving_surface import MovingSurface
from bot.core.quotes import PoolTerms, SpreadTerms
from bot.core.reasons import Reason, Status
from bot.core.surface import SurfaceTerms
from bot.core.vol_terms import VolTerms

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
REWRITES = os.environ.get("LAYERHEDGE_GOLDEN") == "rewrite"
VENUE_DEFAULTS = {
    ("venue", "default", "surface"): SurfaceTerms(),
    ("venue", "default", "moving"): SimpleNamespace(
        on=True, **{knob.name: knob.default for knob in fields(MovingSurface) if knob.init}
    ),
    ("venue", "default", "spread"): SpreadTerms(),
    ("venue", "default", "listing"): ListingTerms(),
    ("venue", "default", "vol"): VolTerms(),
    ("venue", "default"): PoolTerms(),
    ("venue", "fees"): FeeTerms(),
    ("venue", "margin"): MarginTerms(),
}


def default_shown(path: tuple[str, ...], key: Key) -> str:
    """The default as one would write it in the file."""
    if path == ("scheduler", "every"):
        return '`"block"`'
    if key.default is REQUIRED:
        return "needed"
    default = key.default
    if default is None:
        default = getattr(VENUE_DEFAULTS.get(path[:-1]), path[-1], None)
    kind = key.kind.kind if isinstance(key.kind, Amount) else key.kind
    if isinstance(kind, Scaled) and default is not None:
        default = Decimal(str(float(Fraction(default, kind.factor)))).normalize()
    if default is None or default == () or (isinstance(kind, MapOf) and not default):
        return ""
    return f"`{default:f}`" if isinstance(default, Decimal) else f"`{default}`"


def range_shown(schema: dict[str, Any]) -> str:
    """The values that a key takes, in a few words."""
    if "enum" in schema:
        return (
            "one of the names below"
            if len(schema["enum"]) > 4
            else " or ".join(f"`{name}`" for name in schema["enum"])
        )
    if "anyOf" in schema:
        return " or ".join(range_shown(part) for part in schema["anyOf"])
    if "const" in schema:
        return f'`"{schema["const"]}"`'
    if "$ref" in schema:
        return "condition"
    kind = {"string": "text", "boolean": "true or false", "array": "list", "object": "table"}.get(
        schema["type"], "whole number" if schema["type"] == "integer" else "number"
    )
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    if low is None:
        return kind
    bound = f"above {low}" if "exclusiveMinimum" in schema else f"{low}"
    return f"{kind}, {bound} to {schema['maximum']}"


def key_table(table: TableOf, prefix: str = "") -> str:
    """A Markdown table of every key."""
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for path, key in leaves(table):
        rows.append(
            f"| `{prefix}{'.'.join(path)}` | {range_shown(key.kind.schema())} | "
            f"{default_shown(path, key)} | {key.meaning} |"
        )
    return "\n".join(rows)


def metric_table() -> str:
    rows = ["| metric | unit | meaning |", "|---|---|---|"]
    rows += [f"| `{name}` | {metric.unit} | {metric.meaning} |" for name, metric in METRICS.items()]
    return "\n".join(rows)


def env_example() -> str:
    lines = [
        "# Every variable that layerhedge reads. Copy this file to .env beside your run file; take",
        "# the # away where you want to say something; a variable that is set wins over .env, and",
        "# both win over the run file. Values other than texts are written as in TOML.",
        "# See docs/configuration.md. Never commit .env: it is where keys belong.",
    ]
    for name, meaning in variable_names(RUN_FILE).items():
        lines += ["", f"# {meaning}", f"# {name}="]
    return "\n".join(lines) + "\n"


def schema_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2) + "\n"


WHOLE_FILES = {
    "docs/rules.schema.json": lambda: schema_text(rules_schema()),
    "docs/config.schema.json": lambda: schema_text(run_schema()),
    ".env.example": env_example,
}
PARTS = {
    ("docs/rules.md", "strategy"): lambda: key_table(TableOf(STRATEGY_KEYS)),
    ("docs/rules.md", "guard"): lambda: key_table(TableOf(GUARD_KEYS)),
    ("docs/rules.md", "layer"): lambda: key_table(TableOf(LAYER_KEYS)),
    ("docs/rules.md", "advice"): lambda: key_table(TableOf(ADVICE_KEYS)),
    ("docs/rules.md", "engine"): lambda: key_table(TableOf(ENGINE_KEYS)),
    ("docs/rules.md", "metrics"): metric_table,
    ("docs/configuration.md", "keys"): lambda: key_table(RUN_FILE),
    ("docs/configuration.md", "pool"): lambda: key_table(TableOf(POOL_KEYS)),
}


@pytest.mark.parametrize("name", list(WHOLE_FILES))
def test_a_published_file_is_what_the_code_gives(name: str) -> None:
    path, text = CHECKOUT / name, WHOLE_FILES[name]()
    if REWRITES:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("name", "part"), list(PARTS))
def test_a_published_table_is_what_the_code_gives(name: str, part: str) -> None:
    path, text = CHECKOUT / name, PARTS[name, part]()
    pattern = re.compile(rf"(<!-- {part}: generated -->\n\n).*?(<!-- end -->)", re.DOTALL)
    if REWRITES:
        page = path.read_text(encoding="utf-8")
        path.write_text(pattern.sub(lambda match: f"{match[1]}{text}\n\n{match[2]}", page), "utf-8")
    match = pattern.search(path.read_text(encoding="utf-8"))
    assert match is not None
    assert match[0] == f"<!-- {part}: generated -->\n\n{text}\n\n<!-- end -->"


def names_for_the_rules_page() -> Iterator[str]:
    yield from (".".join(path) for path, _ in leaves(TableOf(STRATEGY_KEYS)))
    yield from (".".join(path) for path, _ in leaves(TableOf(LAYER_KEYS)))
    yield from (".".join(path) for path, _ in leaves(TableOf(GUARD_KEYS)))
    yield from (doubt.value for doubt in Doubt)
    yield from (".".join(path) for path, _ in leaves(TableOf(ENGINE_KEYS)))
    yield from METRICS
    yield from INSTRUMENTS
    yield from (reason.value for reason in Reason)
    yield from (status.value for status in Status)


@pytest.mark.parametrize("name", sorted(set(names_for_the_rules_page())))
def test_the_rules_page_explains(name: str) -> None:
    assert f"| `{name}` |" in (DOCS / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(variable_names(RUN_FILE)))
def test_the_configuration_page_or_the_example_file_names_the_variable(name: str) -> None:
    assert re.search(rf"^# {name}=$", (CHECKOUT / ".env.example").read_text(), re.MULTILINE)


def test_the_configuration_page_explains_the_variables_and_every_key() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert RPC_URL_VARIABLE in page
    assert PREFIX in page
    missing = [
        name
        for table in (RUN_FILE, TableOf(POOL_KEYS))
        for path, _ in leaves(table)
        if f"| `{(name := '.'.join(path))}` |" not in page
    ]
    assert missing == []


def test_the_example_names_no_variable_that_the_code_does_not_read() -> None:
    named = re.findall(r"^#? ?(LAYERHEDGE_\w+)=", (CHECKOUT / ".env.example").read_text(), re.M)
    assert sorted(named) == sorted(variable_names(RUN_FILE))


def test_every_knob_of_the_venue_is_a_key() -> None:
    """The tables of knobs come from the core's records; this holds them to it."""
    knobs = {path for path, _ in leaves(TableOf(POOL_TERMS_KEYS))}
    for part, record in (
        ("surface", SurfaceTerms),
        ("spread", SpreadTerms),
        ("listing", ListingTerms),
        ("vol", VolTerms),
    ):
        assert {(part, name) for name in record.__dataclass_fields__} <= knobs
    moving = {knob.name for knob in fields(MovingSurface) if knob.init} - {"base"}
    turned = {path for path in knobs if path[0] == "moving"}
    assert turned == {("moving", name) for name in (*moving, "on")}


def test_only_the_configuration_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(CHECKOUT))
        for path in sorted((CHECKOUT / "bot").rglob("*.py"))
        if re.search(r"os\.environ|os\.getenv|dotenv_values|load_dotenv", path.read_text("utf-8"))
    ]
    assert readers == ["bot/config/environment.py"]


@pytest.mark.parametrize("code", [*Kind, *Action, *Why], ids=lambda code: code.value)
def test_the_rules_page_explains_every_kind_action_and_reason_of_advice(
    code: Kind | Action | Why,
) -> None:
    _, _, part = (CHECKOUT / "docs/rules.md").read_text("utf-8").partition("## [advice]")
    part, _, _ = part.partition("## [engine]")
    assert f"`{code.value}`" in part


def test_the_whole_rule_file_is_five_tables() -> None:
    """So that the five generated tables of docs/rules.md leave nothing out."""
    assert set(RULE_FILE.keys) == {"strategy", "guard", "engine", "advice", "layer"}
    assert isinstance(RULE_FILE.keys["layer"].kind, ListOf)


def test_every_feed_is_told_in_the_rules_and_in_the_scenarios() -> None:
    for page in ("docs/rules.md", "scenarios/README.md"):
        text = (CHECKOUT / page).read_text(encoding="utf-8")
        assert [name for name in FEED_KINDS if f"`{name}`" not in text] == []
