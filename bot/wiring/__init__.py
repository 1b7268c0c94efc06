"""The one place where objects meet: chains, books, rules and venues become runs."""

from bot.wiring.books import verify_journal
from bot.wiring.live import inspect_once, live_runner, run_live
from bot.wiring.scripted import (
    chain_world,
    run_demo,
    run_replay,
    scenario_runner,
    scenario_world,
)

__all__ = [
    "chain_world",
    "inspect_once",
    "live_runner",
    "run_demo",
    "run_live",
    "run_replay",
    "scenario_runner",
    "scenario_world",
    "verify_journal",
]
