"""The rules about imports hold, bite, and keep start-up light."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).parent / "lint-imports"
CORE_MODULES = sorted(
    f"bot.core.{path.stem}"
    for path in (ROOT / "bot" / "core").glob("*.py")
    if path.stem != "__init__"
)
HEAVY = {"aiohttp", "apscheduler", "brownie", "pandas", "plotly", "pyarrow", "pydantic", "web3"}
"""Never in the core, at whatever depth."""
ARRAYS = {"numba", "numpy", "scipy"}
"""Only where arrays are priced: never on the way to a tick."""


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """Run one contract of pyproject.toml against the tree in a folder."""
    return subprocess.run(
        [LINT, "--no-logo", "--no-cache", "--contract", contract],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The bot and its settings, to be spoilt."""
    shutil.copytree(ROOT / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("contract", ["rooms", "pure-core", "no-brownie"])
def test_the_tree_keeps_its_contracts(contract: str) -> None:
    """So that a refusal below is the added import's."""
    process = lint(ROOT, contract)
    assert process.returncode == 0, process.stdout


@pytest.mark.parametrize(
    ("contract", "module", "forbidden"),
    [
        ("pure-core", "core/amm.py", "web3"),
        ("pure-core", "core/amm.py", "sqlite3"),
        ("pure-core", "core/amm.py", "logging"),
        ("pure-core", "core/amm.py", "time"),
        ("rooms", "core/amm.py", "bot.edges.rpc"),
        ("rooms", "edges/rpc.py", "bot.runs"),
        ("no-brownie", "edges/rpc.py", "brownie"),
        ("no-brownie", "edges/price_files.py", "pandas"),
        ("no-brownie", "core/metrics.py", "talib"),
    ],
)
def test_a_forbidden_import_is_refused(
    copy: Path, contract: str, module: str, forbidden: str
) -> None:
    spoilt = copy / "bot" / module
    spoilt.write_text(spoilt.read_text() + f"\nimport {forbidden}\n")
    process = lint(copy, contract)
    assert process.returncode != 0
    assert forbidden in process.stdout


MODULE_OF = {"python-dotenv": "dotenv"}


def imported_packages() -> set[str]:
    """Top-level packages that some module of the bot imports, but for Python's own and the bot."""
    found = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"bot"}


def test_the_bot_asks_for_the_packages_it_imports_and_for_no_others() -> None:
    """plotly, pandas, pydantic and web3 were asked for long after nothing imported them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[^\w-]", asked)[0] for asked in project["dependencies"]}
    assert {MODULE_OF.get(name, name) for name in names} == imported_packages()


def loaded_after(module: str) -> set[str]:
    """Top-level packages in a fresh interpreter after importing a module."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    return set(process.stdout.split())


def test_there_is_a_core() -> None:
    assert "bot.core.engine" in CORE_MODULES


def test_the_core_loads_nothing_heavy() -> None:
    """All modules of the core in one interpreter: what one of them drags in shows."""
    assert not loaded_after(", ".join(CORE_MODULES)) & HEAVY


def test_the_engine_loads_no_arrays() -> None:
    assert not loaded_after("bot.core.engine") & (HEAVY | ARRAYS)


def test_the_command_line_loads_nothing_heavy() -> None:
    """`layerhedge --help` answers at once."""
    assert not loaded_after("bot.cli") & (HEAVY | ARRAYS)


def test_contract_tests_name_no_compiled_module_of_brownies() -> None:
    """Brownie reads the source of what a test file imports from inside the project's folder, where
    `.venv` is, and ends on the first binary, such as `brownie.convert`."""
    brownie = Path(sysconfig.get_paths()["purelib"]) / "brownie"
    named = {
        name
        for path in (ROOT / "tests" / "contract").glob("test_*.py")
        for name in re.findall(
            r"^from brownie\.([\w.]+) import", path.read_text("utf-8"), re.MULTILINE
        )
    }
    assert "test" in named
    for name in named:
        module = brownie / name.replace(".", "/")
        assert module.with_suffix(".py").is_file() or (module / "__init__.py").is_file(), name
        compiled = [*module.parent.glob(f"{module.name}.*.so"), *module.glob("__init__.*.so")]
        assert not compiled, name
