"""The rules of style that are tested: each takes a file's path and text and tells what offends."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50

LONG_MODULES = frozenset({"bot/core/errors.py"})
"""Longer than allowed when the rule came; may only shrink. errors.py: one tree, one page."""

LONG_FUNCTIONS: frozenset[str] = frozenset()
"""`path:name` of functions longer than allowed when the rule came; the list may only shrink."""

FLOAT_ISLAND = frozenset({"exposure", "options", "signals", "surface", "units", "volatility"})
"""Modules of the core where floats are made; everywhere else there are atoms and bps."""

DECIMAL_BRIDGE = frozenset({"units"})
"""The module of the core that turns atoms into Decimals and back."""

VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "manager"})

CORE_CALLS = {
    "print": "return a fact; an edge tells it",
    "open": "a port, implemented in bot/edges",
    "input": "an argument",
    "eval": "a parser",
    "exec": "a function",
    "datetime.now": "the block's time, as an argument",
    "datetime.utcnow": "the block's time, as an argument",
    "datetime.today": "the block's time, as an argument",
    "date.today": "the block's time, as an argument",
    "time.time": "the block's time, as an argument",
    "time.monotonic": "the block's time, as an argument",
    "random.random": "a digest of the cause",
    "uuid.uuid4": "a digest of the cause",
    "getcontext": "bot.core.units.WIDE",
    "setcontext": "bot.core.units.WIDE",
    "localcontext": "bot.core.units.WIDE",
}
"""Banned in bot/core: the call and what takes its place."""

MONEY_MODULES = frozenset(
    {"amm", "bookkeeping", "fees", "ledger", "margin", "settlement", "units", "venue"}
)
"""Modules of the core that move money: `python -O` must not switch a check off."""

HOST_PARTS = tuple(
    ".".join(words)  # in pieces, so that this file keeps its own rule
    for words in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("debian", "org"),
    )
)
HOSTS = re.compile("|".join(re.escape(part) for part in HOST_PARTS))
MACHINE_PATHS = re.compile(r"(?<![\w.$}~-])/(?:work|root|home/[a-z]\w*|Users/[A-Za-z]\w*)/")
PRIVATE_KEYS = re.compile(r"BEGIN [A-Z ]*PRIVATE" + " KEY")
# In two parts, so that this file does not offend.
LEFTOVERS = re.compile(r"\b(?:FIX" + "ME|TO" + r"DO|XX" + r"X)\b")
SWALLOWED = re.compile(r"\|\|\s*(?:true|:)(?:\s|$)")

Finding = str
Rule = Callable[[str, str], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidiness:
    """A rule, the files that it is for, and a text that offends."""

    rule: Rule
    where: re.Pattern[str]
    sample: str
    sample_path: str


def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def _called(node: ast.Call) -> str:
    """The last two names of what is called: `datetime.now` of `datetime.datetime.now()`."""
    return ".".join(ast.unparse(node.func).split(".")[-2:])


def _calls(text: str) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.Call):
            yield node, _called(node)


def core_calls(path: str, text: str) -> Iterator[Finding]:
    """The core has no clock, chance, file or console."""
    for node, name in _calls(text):
        if name in CORE_CALLS:
            yield f"{path}:{node.lineno}: {name}() in the core; instead: {CORE_CALLS[name]}"


def floats_stay_on_their_island(path: str, text: str) -> Iterator[Finding]:
    """float() and Decimal() are made in the modules named for it."""
    stem = PurePosixPath(path).stem
    for node, name in _calls(text):
        if name == "float" and stem not in FLOAT_ISLAND:
            yield f"{path}:{node.lineno}: float() off its island; instead: atoms or bps"
        if name in {"Decimal", "decimal.Decimal"} and stem not in DECIMAL_BRIDGE:
            yield f"{path}:{node.lineno}: Decimal(); instead: a bridge in bot.core.units"


def money_is_not_asserted(path: str, text: str) -> Iterator[Finding]:
    """A money invariant is an exception: `python -O` strips assertions."""
    if PurePosixPath(path).stem not in MONEY_MODULES:
        return
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.Assert):
            yield f"{path}:{node.lineno}: assert on money; instead: raise an error of errors.py"


def nothing_is_swallowed(path: str, text: str) -> Iterator[Finding]:
    """An `except Exception` (or a bare one) that only passes hides what went wrong."""
    for node in ast.walk(_tree(text)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        wide = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
        if wide and all(isinstance(line, ast.Pass) for line in node.body):
            yield f"{path}:{node.lineno}: swallows every error; instead: name the error"


def modules_are_short(path: str, text: str) -> Iterator[Finding]:
    """One concept a module."""
    lines = len(text.splitlines())
    if lines > MODULE_LINES_MAX and path not in LONG_MODULES:
        yield f"{path}: {lines} lines, limit {MODULE_LINES_MAX}"


def functions_are_short(path: str, text: str) -> Iterator[Finding]:
    """A function fits a screen."""
    for node in ast.walk(_tree(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX and f"{path}:{node.name}" not in LONG_FUNCTIONS:
            yield f"{path}:{node.lineno}: {node.name} has {lines} lines, limit {FUNCTION_LINES_MAX}"


def modules_say_what_they_are(path: str, text: str) -> Iterator[Finding]:
    """Every module opens with its docstring."""
    if text.strip() and not ast.get_docstring(_tree(text)):
        yield f"{path}:1: no docstring"


def names_name_something(path: str, _text: str) -> Iterator[Finding]:
    """A module is named by its noun: nothing vague, no digits."""
    for part in PurePosixPath(path).with_suffix("").parts:
        if part in VAGUE_NAMES or any(character.isdigit() for character in part):
            yield f"{path}: the name {part!r} does not say what is inside"


def _matches(pattern: re.Pattern[str], complaint: str) -> Rule:
    def rule(path: str, text: str) -> Iterator[Finding]:
        for number, line in enumerate(text.splitlines(), start=1):
            if found := pattern.search(line):
                yield f"{path}:{number}: {complaint}: {found[0].strip()}"

    return rule


ANYWHERE = re.compile(r"")
PYTHON = re.compile(r".*\.py$")
BOT = re.compile(r"bot/.*\.py$")
CORE = re.compile(r"bot/core/.*\.py$")
SHELL = re.compile(r"\.ci/|tooling/|scripts/|\.githooks/|Makefile$|\.pre-commit-config\.yaml$")

RULES = {
    "core calls": Tidiness(
        rule=core_calls,
        where=CORE,
        sample_path="bot/core/policy.py",
        sample="import datetime\nnow = datetime.datetime.now()\n",
    ),
    "float island": Tidiness(
        rule=floats_stay_on_their_island,
        where=CORE,
        sample_path="bot/core/ledger.py",
        sample="premium = float('0.1')\n",
    ),
    "asserted money": Tidiness(
        rule=money_is_not_asserted,
        where=CORE,
        sample_path="bot/core/ledger.py",
        sample="assert total_atoms == 0\n",
    ),
    "swallowed errors": Tidiness(
        rule=nothing_is_swallowed,
        where=BOT,
        sample_path="bot/edges/rpc.py",
        sample="try:\n    call()\nexcept Exception:\n    pass\n",
    ),
    "module length": Tidiness(
        rule=modules_are_short,
        where=BOT,
        sample_path="bot/core/policy.py",
        sample="x = 1\n" * (MODULE_LINES_MAX + 1),
    ),
    "function length": Tidiness(
        rule=functions_are_short,
        where=BOT,
        sample_path="bot/core/policy.py",
        sample="def decide():\n" + "    x = 1\n" * FUNCTION_LINES_MAX,
    ),
    "docstring": Tidiness(
        rule=modules_say_what_they_are,
        where=PYTHON,
        sample_path="bot/core/policy.py",
        sample="x = 1\n",
    ),
    "names": Tidiness(
        rule=names_name_something,
        where=BOT,
        sample_path="bot/core/utils.py",
        sample="",
    ),
    "leftovers": Tidiness(
        rule=_matches(LEFTOVERS, "unfinished; finish it or open an issue"),
        where=ANYWHERE,
        sample_path="docs/tick.md",
        sample="Rolls: TO" + "DO\n",
    ),
    "swallowed exit codes": Tidiness(
        rule=_matches(SWALLOWED, "hides a failure"),
        where=SHELL,
        sample_path=".ci/run",
        sample="make test |" + "| true\n",
    ),
    "registry hosts": Tidiness(
        rule=_matches(HOSTS, "names a registry; the user's own settings choose it"),
        where=re.compile(r"(?!tests/tidy/rules\.py)"),
        sample_path="requirements.txt",
        sample="--index-url https://" + HOST_PARTS[0] + "/simple\n",
    ),
    "private keys": Tidiness(
        rule=_matches(PRIVATE_KEYS, "a private key"),
        where=ANYWHERE,
        sample_path="docs/operations.md",
        sample="-----BEGIN EC " + "PRIVATE KEY-----\n",
    ),
    "machine paths": Tidiness(
        rule=_matches(MACHINE_PATHS, "exists on one machine only"),
        where=ANYWHERE,
        sample_path="docs/operations.md",
        sample="cd /" + "root/layerhedge\n",
    ),
}
