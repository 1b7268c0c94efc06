"""doctor: what this machine has, what it lacks, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bot.commands.shelf import FOLDER
from bot.commands.terminal import Terminal
from bot.core.errors import BotError, EngineGateError
from bot.report.figures import moment

if TYPE_CHECKING:
    from bot.edges.rpc import Rpc

OK, WARN, FAIL = "ok", "warn", "fail"
PYTHON_MIN = (3, 11)
FREE_BYTES_MIN = 500 * 10**6
BLOCK_AGE_S_MAX = 600
LIBRARIES = ("apscheduler", "numba", "numpy", "pyarrow", "rich", "scipy")


class Finding(NamedTuple):
    """One line: what was looked at, how it is, what to do when it is not ok."""

    name: str
    state: str
    text: str
    advice: str = ""


def doctor(args: Namespace, terminal: Terminal) -> int:
    """Check everything; 1 when something fails, warnings are no failure."""
    findings: list[Finding] = []
    for finding in _findings(args):
        findings.append(finding)
        if not terminal.wants_json:
            after = f"; {finding.advice}" if finding.advice else ""
            terminal.say(f"{finding.state:<5} {finding.name:<14} {finding.text}{after}")
            terminal.stdout.flush()
    failed = any(finding.state == FAIL for finding in findings)
    if terminal.wants_json:
        terminal.emit({"ok": not failed, "findings": [finding._asdict() for finding in findings]})
    return int(failed)


def _findings(args: Namespace) -> Iterator[Finding]:
    yield _python()
    yield _libraries()
    yield _node("anvil", _start_anvil)
    yield _node("ganache", _start_ganache)
    yield _folder(FOLDER if args.book is None else Path(args.book).parent)
    yield _space()
    if args.config:
        yield from _run_findings(args)


def _python() -> Finding:
    text = f"Python {platform.python_version()}"
    if sys.version_info < PYTHON_MIN:
        return Finding("python", FAIL, text, "install Python 3.11 or later")
    return Finding("python", OK, text)


def _libraries() -> Finding:
    found, missing = [], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("libraries", FAIL, f"missing: {', '.join(missing)}", "run `make setup`")
    return Finding("libraries", OK, ", ".join(found))


def _node(name: str, start: Callable[[], str]) -> Finding:
    try:
        return Finding(name, OK, start())
    except BotError as error:
        # Ganache only stands in for Anvil: without it everything but its own option works.
        return Finding(name, FAIL if name == "anvil" else WARN, str(error), error.advice)


def _start_anvil() -> str:
    from bot.edges.node import AnvilNode

    return _started(AnvilNode)


def _start_ganache() -> str:
    from bot.edges.node import GanacheNode

    return _started(GanacheNode)


def _started(make: Callable[[], object]) -> str:
    from bot.edges.node import LocalNode
    from bot.edges.rpc import Rpc

    begun_s = time.monotonic()
    node = make()
    assert isinstance(node, LocalNode), "both nodes are local"
    with node, Rpc(node.url) as rpc:
        client = str(rpc.call("web3_clientVersion"))
    return f"{client}, started and ended in {time.monotonic() - begun_s:.1f} s"


def _folder(folder: Path) -> Finding:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not os.access(place, os.W_OK):
        return Finding("books", FAIL, f"{folder} cannot be written", "mend it, or give --book")
    return Finding("books", OK, f"{folder} can be written")


def _space() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{free / 1e9:.1f} GB free"
    if free < FREE_BYTES_MIN:
        return Finding("disk", WARN, text, f"free some; {FREE_BYTES_MIN // 10**6} MB are safe")
    return Finding("disk", OK, text)


def _run_findings(args: Namespace) -> Iterator[Finding]:
    """The run file, its node and its book."""
    from bot.config import load_run
    from bot.edges.rpc import ReadOnlyRpc

    try:
        config = load_run(args.config)
    except BotError as error:
        yield Finding("config", FAIL, str(error), error.advice.format(**error.operands))
        return
    yield Finding("config", OK, ", ".join(args.config))
    yield _folder(config.book.parent)
    try:
        with ReadOnlyRpc(config.chain.rpc_url.reveal()) as rpc:
            chain_id = int(rpc.call("eth_chainId"), 16)
            block = rpc.call("eth_getBlockByNumber", "latest", False)
            gate = _gate(rpc, config.chain.engine_gate, now_s=int(block["timestamp"], 16))
    except BotError as error:
        yield Finding("rpc", FAIL, str(error), error.advice.format(**error.operands))
        return
    yield Finding("rpc", OK, f"answers, block {int(block['number'], 16):,}")
    yield _chain(chain_id, config.chain.chain_id)
    yield _clock(int(block["timestamp"], 16))
    yield from gate


def _gate(rpc: Rpc, address: str | None, *, now_s: int) -> list[Finding]:
    """The second engine's gate, where one is named: its code, its keeper, and what it says."""
    from bot.core.feeds import ENGINE_GATE_S
    from bot.edges.engine_gate import gate_call, gate_feed, require_gate

    if address is None:
        return []
    try:
        keeper = require_gate(rpc, address)
    except EngineGateError as error:
        return [Finding("engine gate", FAIL, str(error), error.advice)]
    method, asked = gate_call(address, "latest")
    until_s = gate_feed(rpc.call(method, *asked))[ENGINE_GATE_S]
    says = f"open until {moment(until_s)}" if until_s > now_s else "shut"
    signed = f"{keeper.signatures} of {keeper.owners} sign at {keeper.address}"
    return [Finding("engine gate", OK, f"{says}; {signed}")]


def _chain(chain_id: int, wanted: int | None) -> Finding:
    if wanted is not None and chain_id != wanted:
        return Finding("chain", FAIL, f"id {chain_id}, not {wanted}", "correct chain.chain_id")
    return Finding("chain", OK, f"id {chain_id}")


def _clock(block_time_s: int) -> Finding:
    age_s = int(time.time()) - block_time_s
    text = f"newest block is {age_s} s old by this machine's clock"
    if abs(age_s) > BLOCK_AGE_S_MAX:
        return Finding("clock", WARN, text, "check the clock, and that the node is in step")
    return Finding("clock", OK, text)
