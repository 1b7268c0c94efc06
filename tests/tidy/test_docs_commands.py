"""docs/commands.md names every command, every flag and every choice that the parser takes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.calc import IL_LABELS, TICK_LABELS
from bot.commands.calc_claims import CLAIM_LABELS, LVR_LABELS, STRIP_LABELS
from bot.commands.calc_hedges import BREAKEVEN_LABELS, STRANGLE_LABELS
from bot.commands.calc_vol import RANK_LABELS
from bot.commands.options import build_parser
from bot.core.watcher import EndCause

DOCS = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
SHARED = {"--json", "--book", "--no-color", "-v", "--verbose", "-h", "--help"}


def commands_of(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that does something, with its words."""
    groups = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not groups:
        yield " ".join(words), parser
    for group in groups:
        for name, child in group.choices.items():
            yield from commands_of(child, (*words, name))


COMMANDS = dict(commands_of(build_parser()))


def code_words() -> str:
    """Everything in the page that stands in backticks."""
    return " ".join(re.findall(r"`([^`]+)`", DOCS.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_its_flags_are_documented(name: str) -> None:
    words = code_words()
    assert re.search(rf"(^|\s){re.escape(name)}(\s|$)", words), name
    for action in COMMANDS[name]._actions:
        for flag in action.option_strings:
            assert re.search(rf"(^|[\s\[]){flag}([\s,\]]|$)", words), f"{name} {flag}"
        if isinstance(action.choices, tuple) and action.option_strings:
            assert all(str(choice) in words for choice in action.choices)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_shared_flags_and_has_a_handler(name: str) -> None:
    parser = COMMANDS[name]
    flags = {flag for action in parser._actions for flag in action.option_strings}
    assert flags >= SHARED
    module, function = str(parser.get_default("handler")).split(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_the_keys_of_calc_and_the_causes_of_an_end_are_documented() -> None:
    words = code_words()
    keys = (
        *IL_LABELS, *TICK_LABELS, *CLAIM_LABELS, *STRIP_LABELS, *LVR_LABELS,
        *STRANGLE_LABELS, *BREAKEVEN_LABELS, *RANK_LABELS,
    )  # fmt: skip
    for word in (*keys, *(cause.value for cause in EndCause)):
        assert word in words, word


def test_a_flag_that_is_not_documented_would_be_noticed() -> None:
    assert not re.search(r"(^|[\s\[])--unheard-of([\s,\]]|$)", code_words())
