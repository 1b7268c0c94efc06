"""A whole tick, from asking the node to the durable record, against a bare read and commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bare import BareBook, BareNode, body_of, lens_request, reserves_of
from benchmarks.measure import Line, Pairs, uncollected
from benchmarks.planted import BLOCK_S, ETHER, USD, Field, field_of
from bot.config import load_rules
from bot.core.engine import Opening
from bot.core.ledger import Entry
from bot.core.ports import Row
from bot.core.quotes import PoolTerms
from bot.core.rules import Rules
from bot.core.snapshot import Snapshot
from bot.core.venue import PaperVenue, VenueTerms
from bot.edges.chain import ChainSource
from bot.edges.lens import Lens
from bot.edges.rpc import ReadOnlyRpc
from bot.edges.store import SqliteStore
from bot.runs.inspection import Nobody
from bot.runs.runner import Runner

RULES = Path(__file__).resolve().parents[1] / "rules" / "starter.toml"
CAPITAL = {"USDC": 1_000_000 * USD}
FALL_ETHER = 150 * ETHER
FALLS_MAX = 30
MOVED = 50
"""Watched pools that change from block to block."""

CASES = (
    ("tick_1_pools", 1, False, 2.5),
    ("tick_1_pools_hedged", 1, True, 2.5),
    ("tick_1000_pools", 1_000, True, 3.0),
)
"""Name, pools watched, whether a put spread is open, target. One pool always holds a position."""

PAIRS = {1: 400, 1_000: 100}


class LastRow(Nobody):
    """Keeps the newest record, for the floor to write the same."""

    row: Row

    def on_tick(self, row: Row, /) -> None:
        """See Watcher."""
        self.row = row


def lines() -> Iterator[Line]:
    """A position whose layers wait; one with a hedge open; and the same among 1,000 pools."""
    for name, pools, is_hedged, target in CASES:
        with field_of(pools) as ground:
            yield _line(ground, name, pools, is_hedged=is_hedged, target=target)


def _line(ground: Field, name: str, pools: int, *, is_hedged: bool, target: float) -> Line:
    question, pairs = lens_request(Lens(ground.specs, owner=ground.lp)), Pairs()
    node = BareNode(ground.node.url)
    with warm_runner(ground, is_hedged=is_hedged) as (runner, seen), TemporaryDirectory() as folder:
        book = BareBook(Path(folder) / "bare.sqlite")
        with uncollected():
            for at in range(PAIRS[pools]):
                next_block(ground, at)
                rows = book.rows(seen.row.body, _entries(runner))

                def floor() -> None:
                    reserves_of(body_of(node.ask(question), pools=pools))
                    book.commit(rows)  # noqa: B023 - called before the next round

                pairs.take(runner.tick_or_raise, floor)
        book.close()
    node.close()
    return Line(
        bench=name,
        unit="ms",
        ours=pairs.ours * 1e3,
        floor=pairs.floor * 1e3,
        ratio=pairs.ratio,
        ratio_iqr=pairs.ratio_iqr,
        target=target,
        more={"body_bytes": len(seen.row.body)},
        note="read, decide, settle, one durable commit; one position"
        f"{' with an open put spread' * is_hedged}; "
        "floor: bare eth_call and reserves, bare commit of the same rows",
    )


def next_block(ground: Field, at: int) -> None:
    """A trade in the hedged pool in two blocks of three; some watched pools move in each."""
    if at % 3:
        ground.swap_to_and_fro()
    if ground.planted:
        ground.move(MOVED, at=at)
    ground.mine()


@contextmanager
def warm_runner(ground: Field, *, is_hedged: bool) -> Iterator[tuple[Runner, LastRow]]:
    """A running book with a full window of observations, and perhaps an open hedge."""
    rules, seen = load_rules(RULES), LastRow()
    with (
        TemporaryDirectory() as folder,
        ReadOnlyRpc(ground.node.url) as rpc,
        SqliteStore(Path(folder) / "book.sqlite", create=True) as store,
    ):
        source = ChainSource(rpc, ground.specs, owner=ground.lp)

        def opening(snapshot: Snapshot) -> Opening:
            return Opening(
                chain_id=snapshot.chain_id,
                genesis_hash=source.genesis_hash or "",
                capital=CAPITAL,
                rules_hash=rules.hash,
                terms={},
            )

        runner = Runner(
            source=source,
            rules=rules,
            venue=PaperVenue(VenueTerms(pools={ground.specs[0].name: PoolTerms()})),
            journal=store,
            watcher=seen,
            opening=opening,
        )
        _fill_window(ground, runner, rules)
        if is_hedged:  # behind the window: before it is full the guard trusts no price
            _fall_until_hedged(ground, runner)
        yield runner, seen


def _fall_until_hedged(ground: Field, runner: Runner) -> None:
    for _ in range(FALLS_MAX):
        ground.swap(FALL_ETHER, sells=True)
        ground.mine()
        runner.tick_or_raise()
        if runner.book is not None and runner.book.state.hedges:
            return
    raise AssertionError(f"no layer bought a hedge in {FALLS_MAX} falls of the price")


def _fill_window(ground: Field, runner: Runner, rules: Rules) -> None:
    for at in range(rules.twap_window_s // BLOCK_S + 2):
        next_block(ground, at)
        runner.tick_or_raise()


def _entries(runner: Runner) -> tuple[Entry, ...]:
    assert runner.book is not None, "the runner has ticked"
    return runner.book.steps[-1].entries
