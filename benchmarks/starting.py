"""Whole processes, from the shell's point of view: --help, and the first tick of run --once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.bare import lens_request
from benchmarks.measure import Line, Pairs, timed
from benchmarks.planted import Field, field_of
from bot.edges.lens import Lens

COMMAND = str(Path(sys.executable).parent / "layerhedge")
RULES = Path(__file__).resolve().parents[1] / "rules" / "starter.toml"
HELP_S_MAX = 0.12
ONCE_S_MAX = 0.8
PAIRS = 20
PEER_ROUNDS = 3

BARE_HELP = """
import argparse
parser = argparse.ArgumentParser(prog="bare")
commands = parser.add_subparsers()
for name in "demo run replay backtest status inspect explain history positions ledger".split():
    commands.add_parser(name, help=name).add_argument("--json", action="store_true")
parser.parse_args(["--help"])
"""

BARE_ONCE = """
import socket, sqlite3, sys
node = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
node.connect(sys.argv[1])
node.sendall(open(sys.argv[2], "rb").read())
answer = bytearray()
while not answer.endswith((b"}", b"}\\n")):
    answer += node.recv(1 << 20)
db = sqlite3.connect(sys.argv[3], isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, body TEXT)")
db.execute("INSERT INTO journal (body) VALUES (?)", (answer.decode(),))
"""

RUN_FILE = """
[chain]
rpc_url = "{url}"
[position]
owner = "{owner}"
pools = [{{ address = "{pool}", base = "WETH" }}]
[paper]
capital = {{ USDC = "50000" }}
[rules]
file = "{rules}"
[book]
path = "{book}"
"""


def lines() -> Iterator[Line]:
    """Processes, each from nothing to its end."""
    yield _help()
    with field_of(1) as ground, TemporaryDirectory() as folder:
        yield _once(ground, Path(folder))


def _help() -> Line:
    pairs = Pairs()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for _ in range(PAIRS):
            pairs.take(
                lambda: _run([COMMAND, "--help"], place),
                lambda: _run([sys.executable, "-c", BARE_HELP], place),
            )
        peer = [sys.executable, "-c", "import web3, pandas"]
        peer_s = median(timed(lambda: _run(peer, place)) for _ in range(PEER_ROUNDS))
    return Line(
        bench="help",
        unit="s",
        ours=pairs.ours,
        floor=pairs.floor,
        peer=peer_s,
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=HELP_S_MAX,
        target_of="ours",
        note="target in seconds; floor: Python with argparse and ten commands; peer: Python that "
        "imports web3 and pandas",
    )


def _once(ground: Field, folder: Path) -> Line:
    pairs, runs = Pairs(), count()
    ask = folder / "ask.json"
    ask.write_bytes(lens_request(Lens(ground.specs, owner=ground.lp)))

    def ours() -> None:
        run = folder / f"run{next(runs)}.toml"
        run.write_text(
            RUN_FILE.format(
                url=ground.node.rpc_url,
                owner=ground.lp,
                pool=ground.specs[0].address,
                rules=RULES,
                book=run.with_suffix(".sqlite"),
            )
        )
        _run([COMMAND, "run", "-c", str(run), "--once"], folder)
        if not run.with_suffix(".sqlite").exists():
            raise AssertionError("run --once wrote no book")

    def floor() -> None:
        book = folder / f"bare{next(runs)}.sqlite"
        _run([sys.executable, "-c", BARE_ONCE, ground.node.url, str(ask), str(book)], folder)

    for _ in range(PAIRS):
        pairs.take(ours, floor)
    return Line(
        bench="run_once",
        unit="s",
        ours=pairs.ours,
        floor=pairs.floor,
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=ONCE_S_MAX,
        target_of="ours",
        note="target in seconds; a new book, the pool verified, one tick; floor: Python, one "
        "eth_call, one commit",
    )


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr}")
