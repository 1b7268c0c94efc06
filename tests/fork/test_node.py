"""Local nodes: started on a free port of loopback, never left behind, refused elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.core.errors import ForeignChainError, NodeStartError
from bot.edges import node as module
from bot.edges.node import AnvilNode
from bot.edges.rpc import Rpc
from bot.edges.sandbox_chains import require_test_chain

pytestmark = pytest.mark.fork

CHECKOUT = Path(__file__).resolve().parents[2]
HOLD_A_NODE = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what was started behind a &
from bot.edges import node as module
from bot.edges.node import AnvilNode
with AnvilNode() as node:
    print(node.pid, node.ipc_path, flush=True)
    {then}
"""


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ends(pid: int) -> bool:
    """Whether a process ends within a generous bound."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


@contextmanager
def holder(then: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A Python process of ours that holds a node, and the node's pid."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_A_NODE.format(then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=CHECKOUT,
    ) as process:
        assert process.stdout is not None
        pid, ipc_path = process.stdout.readline().split()
        try:
            yield process, int(pid)
        finally:  # a killed holder cannot remove its node's folder
            process.kill()
            shutil.rmtree(Path(ipc_path).parent, ignore_errors=True)


def test_a_node_answers_on_http_and_on_its_socket_and_ends_with_its_block() -> None:
    with AnvilNode(timestamp_s=1_767_225_600) as node:
        assert node.pid is not None
        assert node.ipc_path is not None
        pid, folder = node.pid, Path(node.ipc_path).parent
        for url in (node.rpc_url, node.ipc_path):
            with Rpc(url) as rpc:
                assert require_test_chain(rpc) == 31_337
                genesis = rpc.call("eth_getBlockByNumber", "0x0", False)
                assert int(genesis["timestamp"], 16) == 1_767_225_600
                assert int(genesis["baseFeePerGas"], 16) == 0
        assert os.getpgid(pid) != os.getpgid(0)
    assert not is_alive(pid)
    assert not folder.exists()
    assert node.pid is None


def test_two_nodes_take_two_ports() -> None:
    with AnvilNode() as one, AnvilNode() as two:
        assert one.port != two.port


@pytest.mark.parametrize("then", ["raise SystemExit(3)", "raise KeyboardInterrupt"])
def test_a_node_ends_when_its_block_is_left_by_an_exception(then: str) -> None:
    with holder(then) as (process, pid):
        assert process.wait(30) != 0
        assert ends(pid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_a_killed_holder_leaves_no_node_behind() -> None:
    with holder("time.sleep(600)") as (process, pid):
        assert is_alive(pid)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert ends(pid)


class LaunchedAnvil(AnvilNode):
    """Anvil behind a launcher that starts it and waits, as Python packages launch programs."""

    def command(self, folder: Path) -> list[str]:
        program = super().command(folder)
        return ["sh", "-c", f'"$@" & echo $! > "{folder}/child"; wait', "launcher", *program]

    @property
    def child(self) -> int:
        assert self._folder is not None
        return int((self._folder / "child").read_text("utf-8"))


def test_a_node_behind_a_launcher_ends_with_it() -> None:
    """Ganache ran on for ever where Node.js came from a Python package."""
    with LaunchedAnvil() as node:
        child = node.child
        assert is_alive(child)
    assert ends(child)


def test_node_js_is_started_by_its_own_program_and_not_by_a_launcher() -> None:
    with Path(module.javascript_binary()).open("rb") as program:
        assert program.read(2) != b"#!"


def test_an_interrupt_of_the_holder_ends_the_node() -> None:
    with holder("time.sleep(600)") as (process, pid):
        process.send_signal(signal.SIGINT)
        process.wait(30)
        assert ends(pid)


def test_a_lost_port_is_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with AnvilNode() as first:
        ports = iter([first.port, first.port])
        free = module._free_port
        monkeypatch.setattr(module, "_free_port", lambda: next(ports, None) or free())
        with AnvilNode() as second:
            assert second.port != first.port


def test_a_node_that_does_not_come_up_says_why() -> None:
    with pytest.raises(NodeStartError, match="anvil did not start: it ended with code .*no-such"):
        AnvilNode(hardfork="no-such-fork").start()


def test_a_missing_binary_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.edges.node.CHECKOUT", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeStartError, match="neither in node_modules nor on PATH"):
        AnvilNode().start()


@pytest.mark.parametrize("chain_id", [1, 10, 137, 8_453, 42_161])
def test_a_chain_with_real_money_is_refused(chain_id: int) -> None:
    refused = pytest.raises(ForeignChainError, match=f"chain id {chain_id} is no local")
    with AnvilNode(chain_id=chain_id) as node, Rpc(node.url) as rpc, refused:
        require_test_chain(rpc)
