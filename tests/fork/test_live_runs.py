"""Live runs on a real Anvil that misbehaves: the scheduler ticks, the chain is played by a script.

The script's next line is carried out right before each read, so nothing here depends on time.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.core.canonical import Json
from bot.core.engine import Opening, recover
from bot.core.errors import (
    BookLockedError,
    ChainRestartedError,
    ClockBackwardsError,
    NoNewBlockError,
    RpcTimeoutError,
    RpcUnreachableError,
    StaleBlockError,
)
from bot.core.ports import SnapshotSource
from bot.core.quotes import PoolTerms
from bot.core.record import read_body
from bot.core.snapshot import Block, PoolSpec, Snapshot
from bot.core.venue import PaperVenue, VenueTerms
from bot.core.watcher import EndCause
from bot.edges import node as node_module
from bot.edges.chain import ChainSource
from bot.edges.memory_store import MemoryStore
from bot.edges.node import AnvilNode
from bot.edges.pool_probe import probe_pool
from bot.edges.rpc import ReadOnlyRpc, Rpc
from bot.edges.scheduler import Scheduler
from bot.edges.store import SqliteStore
from bot.edges.uniswap import UniswapV2World
from bot.runs.freshness import FreshSource
from bot.runs.live import Pace, run_live
from bot.runs.replay import replay_journal
from bot.runs.runner import Runner
from tests.builders.market import ETHER, Market, open_market
from tests.builders.runs import Watching, storm_rules
from tests.fork.conftest import GENESIS_TIME_S

pytestmark = pytest.mark.fork

Line = Callable[[], object]
RULES = storm_rules()
PACE = Pace(tick_s=None, poll_s=0.005, heartbeat_s=60.0, grace_s=60.0)


def nothing() -> None:
    """A line in which the chain stands still."""


@dataclass
class Conducted:
    """A source before whose every read the next line of a script is carried out; then Ctrl-C."""

    source: SnapshotSource
    script: list[Line]
    end_signal: signal.Signals = signal.SIGINT
    lines_done: int = 0

    @property
    def genesis_hash(self) -> str | None:
        return self.source.genesis_hash

    def read(self) -> Snapshot:
        if self.lines_done == len(self.script):
            os.kill(os.getpid(), self.end_signal)
            raise NoNewBlockError(block_number=0)
        self.lines_done += 1
        self.script[self.lines_done - 1]()
        return self.source.read()

    def is_canonical(self, block: Block) -> bool:
        return self.source.is_canonical(block)

    def rewind(self, snapshot: Snapshot | None) -> None:
        self.source.rewind(snapshot)


@dataclass
class Live:
    """One live run: what it said, what it left."""

    book: Path
    specs: tuple[PoolSpec, ...]
    watching: Watching = field(default_factory=Watching)
    health: dict[str, Json] = field(default_factory=dict)
    cause: EndCause | None = None

    def run(self, source: SnapshotSource, *script: Line, **ending: signal.Signals) -> Runner:
        """Follow the chain through the script, with the real scheduler and the book on disk."""
        conducted = Conducted(source, [*script], **ending)

        def opening(snapshot: Snapshot) -> Opening:
            return Opening(
                chain_id=snapshot.chain_id,
                genesis_hash=source.genesis_hash or "",
                capital={"USDC": 10**11},
                rules_hash=RULES.hash,
                terms={},
            )

        def put_health(values: Mapping[str, Json]) -> None:
            self.health.update(values)

        venue = PaperVenue(VenueTerms(pools={spec.name: PoolTerms() for spec in self.specs}))
        with SqliteStore(self.book, create=True) as store:
            runner = Runner(
                source=conducted, rules=RULES, venue=venue, journal=store,
                watcher=self.watching, opening=opening,
            )  # fmt: skip
            runner.start()
            self.cause = run_live(
                runner, PACE, Scheduler(), clock=lambda: 1.0, put_health=put_health
            )
            runner.end(self.cause)
        assert conducted.lines_done == len(script)
        self.require_whole(runner)
        return runner

    def require_whole(self, runner: Runner) -> None:
        """The book is closed, whole, says what the bot knew, and replays byte for byte."""
        with SqliteStore(self.book, create=False, readonly=True) as reader:
            reader.check()
            rows = list(reader.rows())
            assert recover(reader, RULES, venue=runner.venue).state.ledger_head == (
                runner.book.state.ledger_head if runner.book else None
            )
        replay_journal(rows, RULES, venue=runner.venue, journal=MemoryStore())

    @property
    def kinds(self) -> list[str]:
        with SqliteStore(self.book, create=False, readonly=True) as reader:
            return [row.kind for row in reader.rows() if row.kind != "plan"]

    @property
    def skipped(self) -> list[type]:
        return [type(error) for error in self.watching.skips]


@pytest.fixture
def live(tmp_path: Path, market: Market, spec: PoolSpec) -> Live:
    """A position of three ether, and a book to come."""
    market.deposit(3 * ETHER, by=market.lp)
    return Live(book=tmp_path / "live.sqlite", specs=(spec,))


def chain_source(live: Live, market: Market, reader: ReadOnlyRpc) -> ChainSource:
    return ChainSource(reader, live.specs, owner=market.lp)


def test_an_idle_chain_is_no_skip_and_the_next_block_is_a_tick(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    source = chain_source(live, market, reader)
    swap, mine = (lambda: market.swap_eth_in(ETHER)), (lambda: rpc.call("evm_mine"))
    live.run(source, nothing, nothing, nothing, swap, nothing, nothing, mine, nothing)
    assert live.kinds == ["open", "record", "record", "record"]
    assert live.skipped == []
    assert live.cause is EndCause.INTERRUPTED
    assert (live.health["ticks"], live.health["skips"]) == (3, 0)
    (end,) = live.watching.ends
    assert (end.cause, end.ticks, end.skips, end.undone) == (EndCause.INTERRUPTED, 3, 0, 0)


def test_a_run_only_ever_reads_the_chain(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    """Oracle: the node itself. Nobody but the test has sent, mined or moved anything."""
    accounts = [str(account) for account in rpc.call("eth_accounts")]

    def facts() -> list[str]:
        nonces = [rpc.call("eth_getTransactionCount", each, "latest") for each in accounts]
        wealth = [rpc.call("eth_getBalance", each, "latest") for each in accounts]
        return [rpc.call("eth_blockNumber"), *nonces, *wealth]

    before: list[str] = []
    after: list[str] = []
    source = chain_source(live, market, reader)
    live.run(
        source,
        lambda: before.extend(facts()), nothing, nothing,
        lambda: after.extend(facts()),
        lambda: rpc.call("evm_mine"),
    )  # fmt: skip
    assert live.kinds == ["open", "record", "record"]
    assert before == after
    assert facts() == [hex(int(before[0], 16) + 1), *before[1:]]  # the test's own block


@contextmanager
def restartable(live_path: Path) -> Iterator[tuple[AnvilNode, Callable[[int], None]]]:
    """A node, and a way to kill it and start another chain at its very address."""
    nodes = [AnvilNode(timestamp_s=GENESIS_TIME_S, ipc=False)]
    nodes[0].start()

    def again(timestamp_s: int) -> None:
        other = AnvilNode(timestamp_s=timestamp_s, ipc=False)
        nodes.append(other)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(node_module, "_free_port", lambda: nodes[0].port)
            other.start()
        assert other.rpc_url == nodes[0].rpc_url

    try:
        yield nodes[0], again
    finally:
        for each in nodes:
            each.stop()


def test_a_node_killed_and_started_from_zero_is_skipped_and_the_book_stays_as_it_was(
    tmp_path: Path,
) -> None:
    with restartable(tmp_path) as (node, again), ReadOnlyRpc(node.rpc_url) as reader:
        with Rpc(node.rpc_url) as rpc:
            market = open_market(UniswapV2World(rpc).deploy())
            market.deposit(3 * ETHER, by=market.lp)
        live = Live(book=tmp_path / "live.sqlite", specs=(probe_pool(reader, market.pair),))
        source = ChainSource(reader, live.specs, owner=market.lp)
        runner = live.run(
            source, nothing, node.stop, nothing, lambda: again(GENESIS_TIME_S + 7), nothing
        )
    assert live.kinds == ["open", "record"]
    assert live.skipped == [
        RpcUnreachableError, RpcUnreachableError, ChainRestartedError, ChainRestartedError,
    ]  # fmt: skip
    assert runner.counters.skips == live.health["skips"] == 4
    assert "the chain restarted" in runner.counters.last_error
    assert live.cause is EndCause.INTERRUPTED


class SlowProxy(ThreadingHTTPServer):
    """Passes requests on to a node; while `slow` is set it takes them and does not answer."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        self.target, self.slow, self.release = target, False, threading.Event()
        super().__init__(("127.0.0.1", 0), SlowHandler)
        self.worker = threading.Thread(target=self.serve_forever, daemon=True)
        self.worker.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def end(self) -> None:
        self.release.set()
        self.shutdown()
        self.server_close()
        self.worker.join()


class SlowHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SlowProxy

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.slow:
            self.server.release.wait()
            self.close_connection = True
            return
        request = urllib.request.Request(
            self.server.target, data=asked, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_node_slower_than_its_bound_is_skipped_and_counted_until_it_answers_again(
    anvil: AnvilNode, live: Live, market: Market
) -> None:
    proxy = SlowProxy(anvil.rpc_url)

    def slow() -> None:
        market.swap_eth_in(ETHER)
        proxy.slow = True

    def quick() -> None:
        proxy.slow = False

    try:
        with ReadOnlyRpc(proxy.url, timeout_s=0.5) as reader:
            source = ChainSource(reader, live.specs, owner=market.lp)
            runner = live.run(source, nothing, slow, nothing, quick, nothing)
    finally:
        proxy.end()
    assert live.skipped == [RpcTimeoutError, RpcTimeoutError]
    assert live.kinds == ["open", "record", "record"]
    assert (runner.counters.skips, runner.counters.skips_in_a_row) == (2, 0)


def test_a_reorg_by_revert_under_the_last_ticks_is_undone_and_done_again(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    marks: list[str] = []

    def snapshot_and_deposit() -> None:
        marks.append(str(rpc.call("evm_snapshot")))
        market.deposit(2 * ETHER, by=market.lp)

    def revert_and_mine() -> None:
        rpc.call("evm_revert", marks[0])
        mine_another_block(rpc)

    source = chain_source(live, market, reader)
    # After a reorg there is a second read at once, and with it the next line.
    runner = live.run(
        source, nothing, snapshot_and_deposit, lambda: market.swap_eth_in(ETHER),
        revert_and_mine, nothing, lambda: rpc.call("evm_mine"),
    )  # fmt: skip
    assert live.kinds == ["open", "record", "record", "record", "undo", "record", "record"]
    (undo,) = live.watching.undos
    assert read_body(undo.body)["ticks"] == runner.counters.undone == 2
    assert runner.book is not None
    (pool,) = runner.book.state.pools.values()
    assert len(pool.position.lots) == 1
    assert pool.position.lp_atoms == market.lp_balance(market.lp)
    with SqliteStore(live.book, create=False, readonly=True) as store:
        entries = list(store.entries())
    assert [entry.kind for entry in entries].count("deposit") == 2
    undone = [int(entry.memo.split()[2]) for entry in entries if entry.kind == "reversal"]
    assert undone == sorted(undone, reverse=True), "newest first"
    assert live.skipped == []


def mine_another_block(rpc: Rpc) -> None:
    """A block that differs from the one that stood at this height, by its time."""
    head = rpc.call("eth_getBlockByNumber", "latest", False)
    rpc.call("evm_setNextBlockTimestamp", int(head["timestamp"], 16) + 1_000)
    rpc.call("evm_mine")


def test_a_reorg_by_the_node_under_the_very_first_tick_opens_the_position_anew(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    """The lost block held the owner's deposit: afterwards there is no position."""
    source = chain_source(live, market, reader)

    def lose_the_deposit() -> None:
        rpc.call("anvil_reorg", 1, [])
        rpc.call("evm_mine")

    runner = live.run(source, nothing, lose_the_deposit, nothing, lambda: rpc.call("evm_mine"))
    assert live.kinds == ["open", "record", "undo", "record", "record"]
    assert live.skipped == []
    assert runner.book is not None
    (pool,) = runner.book.state.pools.values()
    assert (pool.position.lots, pool.claim_base_atoms, pool.claim_quote_atoms) == ((), 0, 0)
    assert market.lp_balance(market.lp) == 0


def test_a_reorg_of_several_ticks_by_the_node_is_undone_to_the_common_ancestor(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    def swap() -> None:
        market.swap_eth_in(ETHER)

    def reorg() -> None:
        rpc.call("anvil_reorg", 2, [])  # the last two swaps

    source = chain_source(live, market, reader)
    mine = lambda: rpc.call("evm_mine")  # noqa: E731
    runner = live.run(source, nothing, swap, swap, swap, reorg, nothing, mine)
    assert live.kinds == ["open", *["record"] * 4, "undo", "record", "record"]
    (undo,) = live.watching.undos
    assert read_body(undo.body)["ticks"] == runner.counters.undone == 2


def test_a_clock_that_goes_backwards_is_skipped_until_it_has_caught_up(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    now = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def back() -> None:
        rpc.call("anvil_setTime", now - 5_000)
        rpc.call("evm_mine")

    def forward() -> None:
        rpc.call("evm_setNextBlockTimestamp", now + 60)
        rpc.call("evm_mine")

    live.run(chain_source(live, market, reader), nothing, back, nothing, forward)
    assert live.skipped == [ClockBackwardsError, ClockBackwardsError]
    assert live.kinds == ["open", "record", "record"]


def test_a_node_that_is_cut_off_is_refused_while_its_newest_block_is_stale(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    """The wall clock is the test's: a block is stale when it is more than a minute old."""
    now = [int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)]

    def later() -> None:
        market.swap_eth_in(ETHER)
        now[0] += 10_000

    def caught_up() -> None:
        rpc.call("evm_setNextBlockTimestamp", now[0] - 60)
        rpc.call("evm_mine")

    fresh = FreshSource(
        chain_source(live, market, reader), age_s_max=60, clock=lambda: float(now[0])
    )
    live.run(fresh, nothing, later, nothing, caught_up)
    assert live.skipped == [StaleBlockError, StaleBlockError]
    assert live.kinds == ["open", "record", "record"]


def test_a_node_that_goes_on_showing_a_block_that_was_booked_is_stale_in_time(
    live: Live, market: Market, reader: ReadOnlyRpc, rpc: Rpc
) -> None:
    """A minute is the limit: nothing new is no error within it, and a stale node beyond it."""
    now = [int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)]

    def later(seconds: int) -> Callable[[], None]:
        def pass_time() -> None:
            now[0] += seconds

        return pass_time

    fresh = FreshSource(
        chain_source(live, market, reader), age_s_max=60, clock=lambda: float(now[0])
    )
    live.run(fresh, nothing, later(60), later(1), later(1))
    assert live.skipped == [StaleBlockError, StaleBlockError]
    assert live.kinds == ["open", "record"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_tick_ends_the_run_behind_it_with_a_whole_book(
    live: Live, market: Market, reader: ReadOnlyRpc, number: signal.Signals
) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    def swap_and_signal() -> None:
        market.swap_eth_in(ETHER)
        os.kill(os.getpid(), number)

    runner = live.run(chain_source(live, market, reader), nothing, swap_and_signal)
    assert live.cause is EndCause.INTERRUPTED
    assert live.kinds == ["open", "record", "record"]
    assert live.health["ticks"] == runner.counters.ticks == 2
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_run_goes_on_where_the_last_one_ended(
    live: Live, market: Market, reader: ReadOnlyRpc
) -> None:
    live.run(chain_source(live, market, reader), nothing)
    market.deposit(ETHER, by=market.lp)
    market.swap_eth_in(ETHER)
    runner = live.run(chain_source(live, market, reader), nothing)
    assert live.kinds == ["open", "record", "record"]
    assert len(live.watching.opened) == 2
    assert runner.book is not None
    assert runner.book.state.tick == 2
    (pool,) = runner.book.state.pools.values()
    assert len(pool.position.lots) == 2


def test_a_second_run_on_the_same_book_is_refused_while_the_first_one_lasts(
    live: Live, market: Market, reader: ReadOnlyRpc
) -> None:
    def second() -> None:
        with pytest.raises(BookLockedError) as caught:
            SqliteStore(live.book, create=True)
        assert caught.value.operands["pid"] == str(os.getpid())

    live.run(chain_source(live, market, reader), nothing, second)
    assert live.kinds == ["open", "record"]


def test_a_book_is_not_carried_on_upon_another_chain(
    live: Live, market: Market, reader: ReadOnlyRpc
) -> None:
    """The first run's genesis is kept in the book; the next run hands it to its source."""
    live.run(chain_source(live, market, reader), nothing)
    with SqliteStore(live.book, create=False, readonly=True) as store:
        opened = json.loads(next(iter(store.rows())).body)
    assert opened["genesis_hash"] == reader.call("eth_getBlockByNumber", "0x0", False)["hash"]
    with AnvilNode(timestamp_s=GENESIS_TIME_S + 1) as other, ReadOnlyRpc(other.url) as elsewhere:
        source = ChainSource(
            elsewhere, live.specs, owner=market.lp, genesis_hash=opened["genesis_hash"]
        )
        live.run(source, nothing, nothing)
    assert live.skipped == [ChainRestartedError, ChainRestartedError]
    assert live.kinds == ["open", "record"]
