"""A small real book for tests of what people see: real engine, exact pools, paper venue."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from bot.config.scenario_file import load_scenario
from bot.core.conditions import Comparison
from bot.core.engine import Book, Opening, open_book, run_tick, undo_after
from bot.core.guard import NO_GUARD
from bot.core.model_stage import model_world
from bot.core.quotes import PoolTerms
from bot.core.rules import Layer, Roll, Rules, SizeBy, Take
from bot.core.scenario import Scenario
from bot.core.snapshot import Snapshot
from bot.core.terms import rules_to_json, venue_to_json
from bot.core.units import DAY_S, decimal_to_atoms
from bot.core.venue import PaperVenue, VenueTerms
from bot.edges.memory_store import MemoryStore


def layer(name: str, *, instrument: str, offsets_bps: tuple[int, ...], sigma: float) -> Layer:
    """A layer armed by the size of the move."""
    return Layer(
        name=name,
        instrument=instrument,
        offsets_bps=offsets_bps,
        arm=Comparison(metric="move_sigma_abs", above=sigma),
        disarm=Comparison(metric="move_sigma_abs", below=sigma * 0.5),
        hedge_ratio_bps=5_000,
        size_by=SizeBy.IL,
        stress_bps=(-3_000, 3_000),
        tenor_s=5 * DAY_S,
        premium_budget_bps_per_year=200,
        cooldown_s=6 * 3_600,
        hold_s_min=0,
        roll=Roll(before_expiry_s=0),
        take=Take(multiple_bps=30_000),
    )


RULES = Rules(
    name="test ladder",
    hash="ab" * 32,
    horizon_s=30 * DAY_S,
    vol_half_life_s=3 * DAY_S,
    vol_sample_s=3_600,
    vol_samples_min=12,
    twap_window_s=1_800,
    dust_quote_micro=1,
    total_budget_bps_per_year=None,
    layers=(
        layer("guard", instrument="protective_put", offsets_bps=(-300,), sigma=0.3),
        layer("wing", instrument="put_spread", offsets_bps=(-500, -2_000), sigma=0.8),
    ),
    guard=NO_GUARD,
)


TERMS = VenueTerms(pools={"WETH-USDC": PoolTerms(), "STETH-WETH": PoolTerms()})


def opening(snapshot: Snapshot) -> Opening:
    """Paper capital of 50,000 USDC and 20 WETH, as far as the pools know these tokens."""
    capital = {
        spec.quote.symbol: decimal_to_atoms(
            Decimal(50_000 if spec.quote.symbol == "USDC" else 20), spec.quote.decimals
        )
        for spec in snapshot.specs
    }
    return Opening(
        chain_id=snapshot.chain_id,
        genesis_hash="0x" + "00" * 32,
        capital=capital,
        rules_hash=RULES.hash,
        terms={"rules": rules_to_json(RULES), "venue": venue_to_json(TERMS)},
    )


def play(
    store: MemoryStore, scenario: Scenario, *, steps_max: int, undo_at: int | None = None
) -> Book:
    """Play a scenario's first steps into a store; undo_at: a step after which two ticks go."""
    world = model_world(scenario)
    paper = PaperVenue(TERMS)
    snapshot = world.source.read()
    book = open_book(opening(snapshot), snapshot, journal=store)
    book, _ = run_tick(book, snapshot, RULES, venue=paper, journal=store)
    for step in range(1, min(steps_max, world.steps_count) + 1):
        world.step(step)
        snapshot = world.source.read()
        book, _ = run_tick(book, snapshot, RULES, venue=paper, journal=store)
        if step == undo_at:
            ancestor = list(book.blocks)[2]
            book, _ = undo_after(book, ancestor, journal=store)
    return book


@cache
def played(name: str, steps_max: int = 10_000, undo_at: int | None = None) -> MemoryStore:
    """A store with a scenario played into it; read it, never write it."""
    store = MemoryStore(name=f"{name}.sqlite")
    play(store, load_scenario(name), steps_max=steps_max, undo_at=undo_at)
    return store
