"""The pages tell the truth about errors, tests, files and each other."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.cli import main
from bot.core.accounts import CHART
from bot.core.errors import BotError, RefuseTick, RetryLater, StopBot
from bot.core.venue import FILLED, Refusal
from tests.tidy.test_tidy import tracked_texts

ROOT = Path(__file__).resolve().parents[2]
KINDS = (RetryLater, RefuseTick, StopBot)
ANNOUNCED: frozenset[str] = frozenset()
"""In the tree before the code that raises them is; each leaves this list as its row is written."""

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
FILE_NAME = re.compile(
    r"`((?:benchmarks|bot|contracts|docs|rules|scenarios|scripts|tests|tooling)/[\w./-]+\.\w+)(?:`|::)"
)


def pages() -> dict[str, str]:
    """Every Markdown page of the project by its path."""
    return {path: text for path, text in tracked_texts().items() if path.endswith(".md")}


def links_of(path: str) -> Iterator[str]:
    """The files that a page links to, from the root of the project."""
    for target in LINK.findall(CODE_BLOCK.sub("", pages()[path])):
        file, _, _ = target.partition("#")
        if file and "://" not in file and not file.startswith("mailto:"):
            yield (ROOT / path).parent.joinpath(file).resolve().relative_to(ROOT).as_posix()


def anchors_of(text: str) -> set[str]:
    """What `#...` may name on a page: its headings, in small letters with hyphens."""
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in headings}


def classes_under(root: type[BotError]) -> Iterator[type[BotError]]:
    for child in root.__subclasses__():
        if child.__module__ == BotError.__module__:
            yield child
            yield from classes_under(child)


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse(tracked_texts()[path])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_page_of_errors_has_the_kind_with_its_code(kind: type[BotError]) -> None:
    assert f"| `{kind.__name__}` | {kind.exit_code} |" in pages()["docs/errors.md"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_stands_under_its_kind_with_code_cause_cure_and_proof(
    kind: type[BotError],
) -> None:
    _, _, below = pages()["docs/errors.md"].partition(f"### `{kind.__name__}`")
    part = re.split(r"^##", below, maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| [^|]+ \| [^|]+ \| `tests/[^|]+` \|$", part, re.M)
    wanted = [
        (str(error.exit_code), error.__name__)
        for error in classes_under(kind)
        if error.__name__ not in ANNOUNCED
    ]
    assert sorted(rows) == sorted(wanted)


def test_no_two_errors_share_an_exit_code() -> None:
    """Nor do they take those that the command line itself ends with, or a shell."""
    codes = Counter(error.exit_code for error in classes_under(BotError))
    assert [code for code, count in codes.items() if count > 1] == []
    assert not {0, 1, 126, 127} & set(codes)
    assert max(codes) < 126


def test_every_error_says_what_to_do() -> None:
    silent = [e.__name__ for kind in KINDS for e in classes_under(kind) if not e.advice]
    assert silent == []


# -- codes and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [FILLED, *(refusal.value for refusal in Refusal)])
def test_the_rules_page_explains_what_the_venue_answers(refusal: str) -> None:
    _, _, part = pages()["docs/rules.md"].partition("## What the venue answers")
    assert f"| `{refusal}` |" in part


def test_the_ledger_page_has_every_account_of_the_chart() -> None:
    page = pages()["docs/ledger.md"]
    shown = [":".join([name, *(part.upper() for part in parts)]) for name, parts in CHART.items()]
    assert [account for account in shown if f"| `{account}` |" not in page] == []


# -- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(pages()))
def test_every_link_of_the_page_leads_somewhere(path: str) -> None:
    dead = [target for target in links_of(path) if not (ROOT / target).exists()]
    assert dead == []


@pytest.mark.parametrize("path", sorted(pages()))
def test_every_anchor_of_the_page_is_a_heading(path: str) -> None:
    dead = []
    for target in LINK.findall(CODE_BLOCK.sub("", pages()[path])):
        file, _, anchor = target.partition("#")
        if anchor and "://" not in target:
            page = (ROOT / path).parent.joinpath(file).resolve() if file else ROOT / path
            if anchor not in anchors_of(page.read_text("utf-8")):
                dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", sorted(pages()))
def test_every_test_and_file_that_the_page_names_exists(path: str) -> None:
    text = CODE_BLOCK.sub("", pages()[path])
    named = (name for name in FILE_NAME.findall(text) if "NAME" not in name)
    gone = [name for name in named if not (ROOT / name).exists()]
    gone += [
        f"{file}::{name}"
        for file, name in TEST_NAME.findall(text)
        if file not in tracked_texts() or name not in names_in(file)
    ]
    assert gone == []


def test_every_page_of_docs_is_reached_from_its_index() -> None:
    reached, ahead = set[str](), ["docs/README.md"]
    while ahead:
        path = ahead.pop()
        if path not in reached and path in pages():
            reached.add(path)
            ahead.extend(links_of(path))
    assert sorted({path for path in pages() if path.startswith("docs/")} - reached) == []


def test_every_decision_is_in_its_index_in_order_and_has_the_four_parts() -> None:
    decisions = sorted(path for path in pages() if re.match(r"docs/adr/\d", path))
    assert decisions
    assert [link for link in links_of("docs/adr/README.md") if link in decisions] == decisions
    for number, path in enumerate(decisions, start=1):
        assert path.startswith(f"docs/adr/{number:04}-")
        parts = re.findall(r"^## (.+)$", pages()[path], re.MULTILINE)
        assert parts == ["Context", "Choice", "Cost", "How we would undo it"], path
        assert len(pages()[path].splitlines()) <= 60, "an ADR fits a page"


def test_the_readme_opens_with_the_warning_and_the_two_commands() -> None:
    readme = pages()["README.md"]
    opening, _, _ = readme.partition("\n## ")
    assert "paper trading" in opening.lower()
    assert "no advice" in opening.lower()
    first = CODE_BLOCK.search(readme)
    assert first is not None
    commands = re.findall(r"^(make \w+)", first[0], re.MULTILINE)
    assert commands == ["make demo", "make test"]


def test_the_readme_shows_what_the_demo_really_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the same script on the model, which decides as the chain does and takes seconds."""
    (shown,) = (block for block in CODE_BLOCK.findall(pages()["README.md"]) if "finished:" in block)
    assert main(["replay", "crash", "--book", str(tmp_path / "crash.sqlite")]) == 0
    given = set(capsys.readouterr().out.splitlines())
    # What only a chain of one's own has, and the omissions.
    of_the_chain = re.compile(r"```|\.\.\.|demo ·|(book|report): |\d+ ticks, up to block")
    lines = [line for line in shown.splitlines() if line and not of_the_chain.match(line)]
    assert len(lines) > 18
    assert [line for line in lines if line not in given] == []


@pytest.mark.parametrize("page", sorted(p for p in pages() if re.match(r"docs/adr/\d{4}-", p)))
def test_each_decision_is_linked_from_the_code_that_it_explains(page: str) -> None:
    code = [
        t for path, t in tracked_texts().items() if path.startswith("bot/") or path.endswith(".sol")
    ]
    assert any(page in text for text in code)
