"""The tree obeys the rules of rules.py, and every rule there bites."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.tidy.rules import FUNCTION_LINES_MAX, LONG_FUNCTIONS, LONG_MODULES, RULES

ROOT = Path(__file__).resolve().parents[2]


FILE_BYTES_MAX = 2_000_000


@cache
def tracked_paths() -> list[str]:
    """Every file that is or would be committed, by its path in the project."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


@cache
def tracked_texts() -> dict[str, str]:
    """The text files among them."""
    texts = {}
    for name in tracked_paths():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            texts[name] = content.decode()
    return texts


@pytest.mark.parametrize("name", RULES)
def test_the_tree_is_tidy(name: str) -> None:
    tidiness = RULES[name]
    offences = [
        finding
        for path, text in tracked_texts().items()
        if tidiness.where.match(path)
        for finding in tidiness.rule(path, text)
    ]
    assert not offences, "\n" + "\n".join(offences)


@pytest.mark.parametrize("name", RULES)
def test_the_rule_bites(name: str) -> None:
    tidiness = RULES[name]
    assert tidiness.where.match(tidiness.sample_path)
    assert list(tidiness.rule(tidiness.sample_path, tidiness.sample))


@pytest.mark.parametrize("name", RULES)
def test_the_rule_lets_a_clean_file_pass(name: str) -> None:
    clean = '"""The tick."""\n\n\ndef after(nonce: int) -> int:\n    return nonce + 1\n'
    assert not list(RULES[name].rule("bot/core/tick.py", clean))


def test_no_file_is_large() -> None:
    """A clone stays small: data and binaries live elsewhere."""
    sizes = {name: (ROOT / name).stat().st_size for name in tracked_paths()}
    assert not {name: size for name, size in sizes.items() if size > FILE_BYTES_MAX}


def test_no_overrun_is_listed_that_no_longer_overruns() -> None:
    """The lists of old overruns may only shrink."""
    length = RULES["module length"].rule
    for path in LONG_MODULES:
        assert list(length("bot/" + "any.py", tracked_texts()[path])), f"{path} is short now"
    for entry in LONG_FUNCTIONS:
        path, _, name = entry.partition(":")
        found = list(RULES["function length"].rule("bot/" + "any.py", tracked_texts()[path]))
        assert any(f" {name} has " in finding for finding in found), f"{entry} is short now"
    assert FUNCTION_LINES_MAX == 50
