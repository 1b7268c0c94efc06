"""Live runs: a real position, read from an RPC that is only ever read, hedged on paper.

Why so: docs/adr/0014-rules-of-a-book.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bot.config import RunConfig
from bot.core.engine import Opening, opening_of
from bot.core.errors import ConfigError, PoolsChangedError, RulesChangedError, TermsChangedError
from bot.core.feeds import ENGINE_GATE_S, FedSource, FeedTimeline
from bot.core.market_metrics import ON_GAS
from bot.core.ports import Journal, Row, SnapshotSource
from bot.core.record import decode_spec, read_body
from bot.core.snapshot import PoolSpec, Snapshot
from bot.core.terms import venue_from_json
from bot.core.units import decimal_to_atoms
from bot.core.venue import PaperVenue, VenueTerms
from bot.core.watcher import EndCause, Watcher
from bot.edges.chain import ChainSource
from bot.edges.node import AnvilNode
from bot.edges.pool_probe import probe_pool
from bot.edges.rpc import ReadOnlyRpc
from bot.edges.sandbox_chains import ANVIL_CHAIN_ID
from bot.edges.store import SqliteStore
from bot.runs.freshness import FreshSource
from bot.runs.inspection import Nobody, UnbookedJournal, inspect_tick
from bot.runs.runner import Runner
from bot.wiring.books import require_index, require_listed, terms_json
from bot.wiring.surfaces import venue_terms

FORK_BLOCK_S = 2
"""How often a fork of one's own makes a block, so that time passes on it."""


def run_live(
    config: RunConfig,
    *,
    watcher: Watcher,
    ticks_max: int | None,
    once: bool,
    fork_url: str | None,
    announce: Callable[[str], None],
) -> EndCause:
    """Follow a real position from an RPC that is only ever read, or from an own fork of one.

    announce: told, before anything else, at which address the fork can be traded on.
    """
    with (
        _reader(config, fork_url, announce=announce) as rpc,
        SqliteStore(config.book, create=True) as store,
    ):
        runner = live_runner(config, rpc, journal=store, watcher=watcher, forked=bool(fork_url))
        runner.start()
        if once:
            runner.tick_or_raise()
            cause = EndCause.TICKS_DONE
        else:
            cause = _scheduled(runner, config, store, ticks_max=ticks_max)
        runner.end(cause)
        return cause


def inspect_once(config: RunConfig, *, fork_url: str | None = None) -> list[Row]:
    """The book's rows and, last, the record of what a tick would do now; nothing is booked."""
    with _reader(config, fork_url, announce=lambda _: None) as rpc:
        rows: list[Row] = []
        if config.book.exists():
            with SqliteStore(config.book, create=False, readonly=True) as store:
                rows = list(store.rows())
        runner = live_runner(
            config, rpc, journal=UnbookedJournal(rows), watcher=Nobody(), forked=bool(fork_url)
        )
        return inspect_tick(runner)


def live_runner(
    config: RunConfig, rpc: ReadOnlyRpc, *, journal: Journal, watcher: Watcher, forked: bool
) -> Runner:
    """A runner for a real position; its book is carried on if there is one already."""
    fed = _feed_file(config)
    first = next(iter(journal.rows()), None)
    if first is None:
        specs, opened = _probed(config, rpc), None
        terms = venue_terms(config.venue, (spec.name for spec in specs if spec.hedged))
    else:
        body = read_body(first.body)
        specs, opened = tuple(decode_spec(spec) for spec in body["specs"]), opening_of(body)
        terms = venue_from_json(body["terms"]["venue"])
        _refuse_other_book(config, specs, opened, terms)
    source = ChainSource(
        rpc,
        specs,
        owner=config.position.owner,
        chain_id=opened.chain_id if opened else ANVIL_CHAIN_ID if forked else config.chain.chain_id,
        genesis_hash=opened.genesis_hash if opened else None,
        lens_address=config.chain.lens,
        since_block=config.position.since_block,
        feeds_gas=bool(config.rules.metric_names & ON_GAS),
        gate=config.chain.engine_gate,
    )
    require_index(config.rules, specs)
    require_listed(config.rules, terms)

    def opening(snapshot: Snapshot) -> Opening:
        return Opening(
            chain_id=snapshot.chain_id,
            genesis_hash=source.genesis_hash or "",
            capital=_capital(config, specs),
            rules_hash=config.rules.hash,
            engine_bps=config.rules.engine_bps,
            terms=terms_json(config.rules, terms),
        )

    return Runner(
        source=_fresh(source if fed is None else FedSource(source, fed), config),
        rules=config.rules,
        venue=PaperVenue(terms),
        journal=journal,
        watcher=watcher,
        opening=opening,
        skips_max=config.scheduler.ticks_skipped_max,
    )


def _feed_file(config: RunConfig) -> Callable[[], FeedTimeline] | None:
    """The feeds of a file as it stands, if one is named."""
    if config.feeds.file is None:
        return None
    from bot.edges.feed_file import FeedFile  # Arrow only where a file is read

    fed = FeedFile(config.feeds.file, age_s_max=config.feeds.age_s_max)
    _require_gate(config, fed.timeline())
    return fed.timeline


def _require_gate(config: RunConfig, fed: FeedTimeline) -> None:
    """Refuse rules whose engine asks a multi-signature that neither the chain nor the file tells
    of: it would stay shut for ever."""
    engine = config.rules.engine
    if engine is None or not engine.enabled or not engine.multisig:
        return
    if config.chain.engine_gate is None and ENGINE_GATE_S not in {line.name for line in fed.lines}:
        raise ConfigError(
            file=str(config.feeds.file),
            key=ENGINE_GATE_S,
            problem=f"is not fed, and the second engine of rules {config.rules.name} waits for it",
            remedy="give chain.engine_gate the address of its EngineGate, or feed it here",
        )


def _fresh(source: SnapshotSource, config: RunConfig) -> SnapshotSource:
    """The source without blocks that are too old, if there is a limit."""
    limit_s = config.chain.block_age_s_max
    return source if limit_s is None else FreshSource(source, age_s_max=limit_s, clock=time.time)


def _probed(config: RunConfig, rpc: ReadOnlyRpc) -> tuple[PoolSpec, ...]:
    """The configured pools, each verified on the chain."""
    specs: list[PoolSpec] = []
    for pool in config.position.pools:
        specs.append(probe_pool(rpc, pool.address, base=pool.base, known=specs, hedged=pool.hedged))
    return tuple(specs)


def _refuse_other_book(
    config: RunConfig, specs: Sequence[PoolSpec], opened: Opening, terms: VenueTerms
) -> None:
    """A book goes on with the pools, rules, cash and venue it was opened with, or not at all."""
    wanted = [pool.address.lower() for pool in config.position.pools]
    kept = [spec.address.lower() for spec in specs]
    if wanted != kept:
        raise PoolsChangedError(file=config.book, pools_seen=kept, pools_now=wanted)
    if opened.rules_hash != config.rules.hash:
        raise RulesChangedError(
            file=config.book, rules_seen=opened.rules_hash[:12], rules_now=config.rules.hash[:12]
        )
    if opened.capital != _capital(config, specs):
        raise TermsChangedError(file=config.book, what="paper cash")
    if terms != venue_terms(config.venue, (spec.name for spec in specs if spec.hedged)):
        raise TermsChangedError(file=config.book, what="terms of the venue")


def _capital(config: RunConfig, specs: Sequence[PoolSpec]) -> dict[str, int]:
    """The configured paper cash in atoms; a currency that no hedged pool quotes in is refused."""
    decimals = {spec.quote.symbol: spec.quote.decimals for spec in specs if spec.hedged}
    for symbol in config.capital:
        if symbol not in decimals:
            raise ConfigError(
                file=config.venue.file,
                key=f"paper.capital.{symbol}",
                problem="is no quote currency of a hedged pool",
                remedy=f"use one of: {', '.join(sorted(decimals)) or 'none, no pool is hedged'}",
            )
    return {
        symbol: decimal_to_atoms(amount, decimals[symbol])
        for symbol, amount in config.capital.items()
    }


def _scheduled(
    runner: Runner, config: RunConfig, store: SqliteStore, *, ticks_max: int | None
) -> EndCause:
    from bot.edges.scheduler import Scheduler  # APScheduler only where it runs
    from bot.runs.live import Pace
    from bot.runs.live import run_live as loop

    pace = Pace(
        tick_s=config.scheduler.every_s,
        poll_s=config.chain.poll_ms / 1000,
        heartbeat_s=config.scheduler.heartbeat_s,
        grace_s=config.scheduler.misfire_grace_s,
        ticks_max=ticks_max,
    )
    return loop(runner, pace, Scheduler(), clock=time.time, put_health=store.put_health)


@contextmanager
def _reader(
    config: RunConfig, fork_url: str | None, *, announce: Callable[[str], None]
) -> Iterator[ReadOnlyRpc]:
    """A connection that can only read: to the configured node, or to an own fork of another."""
    timeout_s = config.chain.timeout_s
    if fork_url is None:
        with ReadOnlyRpc(config.chain.rpc_url.reveal(), timeout_s=timeout_s) as rpc:
            yield rpc
        return
    with (
        AnvilNode(fork_url=fork_url, block_time_s=FORK_BLOCK_S) as node,
        ReadOnlyRpc(node.url, timeout_s=timeout_s) as rpc,
    ):
        announce(f"the fork answers at {node.rpc_url}, a block every {FORK_BLOCK_S} s")
        yield rpc
