"""Bad input at the command line: one line that says what to do, an exit code, nothing lost."""

from __future__ import annotations

import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import main
from bot.core.errors import RpcUnreachableError
from bot.edges.store import SqliteStore
from tests.builders.scripts import TWO_DAYS

Capture = pytest.CaptureFixture[str]

STARTER = Path(__file__).resolve().parents[2] / "rules" / "starter.toml"
RUN = """
[chain]
rpc_url = "http://127.0.0.1:1"

[position]
owner = "0x0000000000000000000000000000000000000001"
pools = [{ address = "0x0000000000000000000000000000000000000002" }]

[paper]
capital = { USDC = "1000" }

[rules]
file = "rules.toml"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one's own with a run file and its rules; signals as they were afterwards."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.toml").write_text(RUN, "utf-8")
    (tmp_path / "rules.toml").write_text(STARTER.read_text("utf-8"), "utf-8")
    (tmp_path / "two_days.toml").write_text(TWO_DAYS, "utf-8")
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def book(folder: Path, capsys: Capture) -> Path:
    """The book of a small scenario, closed."""
    assert main(["replay", "two_days.toml", "--book", "book.sqlite"]) == 0
    capsys.readouterr()
    return folder / "book.sqlite"


def refused(capsys: Capture, command: str) -> tuple[int, str]:
    """Exit code and the one line on stderr."""
    code = main(command.split())
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("layerhedge: ")
    return code, line


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text("utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new, 1), "utf-8")


SPOILT: dict[str, tuple[str, str, str, str, int]] = {
    "an unknown key of a run": ("run.toml", "[paper]", "[papr]\n[paper]", "did you mean `pap", 4),
    "an unknown key of a rule": ("rules.toml", "cooldown_m", "cooldwn_m", "did you mean `coo", 4),
    "a negative size": ("rules.toml", "ratio_bps = 2500", "ratio_bps = -1", "is out of range", 5),
    "negative capital": ("run.toml", '"1000"', "-1000", "-1000 is out of range", 5),
    "disarm above arm": ("rules.toml", "below = 1.2", "below = 2.5", "set the disarm thresh", 6),
    "a ladder out of order": ("rules.toml", "above = 1.0", "above = 2.5", "is no further than", 7),
    "a missing variable": ("run.toml", "127.0.0.1:1", "${LAYERHEDGE_NONE}", "AYERHEDGE_NONE is", 8),
    "a file that is no TOML": ("rules.toml", "[strategy]", "[strategy", "is no TOML", 3),
}


@pytest.mark.parametrize("case", SPOILT)
@pytest.mark.parametrize("command", ["config check -c run.toml", "run -c run.toml --once"])
def test_a_configuration_is_refused_for(case: str, command: str, capsys: Capture) -> None:
    file, old, new, words, code = SPOILT[case]
    edit(file, old, new)
    found = main(command.split())
    errors = capsys.readouterr().err.splitlines()
    assert found == code, errors
    assert any(words in line and line.startswith("layerhedge: ") for line in errors), errors
    assert not Path("layerhedge.sqlite").exists()


def test_a_node_that_is_down_is_named_with_what_to_do(capsys: Capture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers, nobody can move in
        edit("run.toml", "127.0.0.1:1", f"127.0.0.1:{taken.getsockname()[1]}")
        code, line = refused(capsys, "run -c run.toml --once")
    assert code == RpcUnreachableError.exit_code
    assert "start the node or correct chain.rpc_url" in line


def test_a_corrupted_byte_of_the_ledger_is_found(book: Path, capsys: Capture) -> None:
    content = book.read_bytes()
    assert b"Equity:Capital" in content
    book.write_bytes(content.replace(b"Equity:Capital", b"Equity:Capitel"))
    code, line = refused(capsys, "ledger check --book book.sqlite")
    assert code == 61
    assert "restore the book from a copy" in line


def test_a_second_writer_is_refused_and_the_first_goes_on(book: Path, capsys: Capture) -> None:
    with SqliteStore(book, create=False) as first:
        code, line = refused(capsys, "replay two_days.toml --book book.sqlite")
        first.append(kind="plan", tick=99, body="{}")
    assert code == 62
    assert "stop that process or give another --book" in line


def test_a_full_disk_keeps_every_whole_tick(folder: Path, capsys: Capture) -> None:
    """A limit on the size of a file stands for the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        code, line = refused(capsys, "replay two_days.toml --book full.sqlite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 64
    assert "the last whole tick is kept" in line
    assert main(["ledger", "check", "--book", "full.sqlite"]) == 0
    assert main(["status", "--book", "full.sqlite"]) == 0


def test_a_place_where_no_folder_can_be_is_no_place_for_a_book(capsys: Capture) -> None:
    code, line = refused(capsys, "replay two_days.toml --book run.toml/book.sqlite")
    assert code == 64
    assert "cannot be written" in line


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("status --book none.sqlite", 63, "run `layerhedge demo` or `layerhedge run` first"),
        ("status --book run.toml", 68, "cannot be read as a layerhedge book"),
        ("explain 9999 --book book.sqlite", 67, "it holds ticks 1 to 49"),
        ("explain soon --book book.sqlite", 2, "'soon' is no tick number"),
        ("replay crsh", 3, "crash"),
        ("calc il --ratio -1", 2, "calc il --help"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(
    book: Path, capsys: Capture, command: str, code: int, words: str
) -> None:
    found, line = refused(capsys, command)
    assert (found, words in line) == (code, True), line


def test_a_word_that_is_no_command_is_wrong_usage(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["hedge"])
    assert ended.value.code == 2
    assert "invalid choice: 'hedge'" in capsys.readouterr().err


def test_a_folder_without_a_book_says_how_to_get_one(capsys: Capture) -> None:
    code, line = refused(capsys, "status")
    assert (code, "run `layerhedge demo`" in line) == (63, True)


def test_a_scenario_is_not_played_into_a_book_that_is_there(book: Path, capsys: Capture) -> None:
    before = book.read_bytes()
    code, line = refused(capsys, "replay two_days.toml --book book.sqlite")
    assert (code, "give another --book, or none" in line) == (74, True), line
    assert book.read_bytes() == before


def test_a_record_with_another_decision_is_found_by_a_replay(book: Path, capsys: Capture) -> None:
    """Sealed anew, so that only deciding again can find it."""
    with (
        SqliteStore(book, create=False, readonly=True) as original,
        SqliteStore(Path("forged.sqlite"), create=True) as forged,
    ):
        for row in original.rows():
            body = row.body.replace("BELOW_ARM", "COOLDOWN") if row.tick == 40 else row.body
            forged.append(kind=row.kind, tick=row.tick, body=body)
    assert main(["journal", "verify", "--book", "book.sqlite"]) == 0
    code, line = refused(capsys, "journal verify --book forged.sqlite")
    assert (code, "tick 40: replay differs from the record at decisions" in line) == (66, True), (
        line
    )
