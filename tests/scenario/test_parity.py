"""Parity: the model, Anvil and Ganache with real Uniswap lead to the same decisions and money."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.scenario import Scenario
from tests.builders.played import bodies, played_book, require_parity, require_same_book
from tests.builders.runs import storm, storm_rules
from tests.builders.scripts import scenario_of

pytestmark = pytest.mark.fork

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "rules" / "starter.toml"


@pytest.mark.parametrize("name", ["crash", "reorg"])
def test_a_shipped_scenario_is_decided_and_booked_alike_on_anvil_and_on_the_model(
    name: str,
) -> None:
    require_parity(load_scenario(name), load_rules(STARTER), "anvil")


def test_a_storm_with_reorgs_is_decided_and_booked_alike_on_anvil_and_on_the_model() -> None:
    require_parity(storm(), storm_rules(), "anvil")


def short_crash() -> Scenario:
    """The shipped crash in four days of steps of three hours, with its deposit and withdrawal."""
    text = (ROOT / "scenarios" / "crash.toml").read_text(encoding="utf-8")
    changes = (
        ("step_minutes = 60", "step_minutes = 180"),
        ("days = 12", "days = 4"),
        ("[2, 2060], [4, 2010],", "[0.5, 2060], [1, 2010],"),
        ("[4.5, 1850], [5, 1500], [5.25, 1620], [6, 1105],", "[1.5, 1700], [2, 1105],"),
        ("[6.5, 1290], [8, 1220], [10, 1500], [12, 1640],", "[3, 1500], [4, 1640],"),
        ("[4, 0.9990], [5, 0.975], [6, 0.960], [8, 0.985], [12, 0.997]", "[2, 0.960], [4, 0.997]"),
        ("day = 3\n", "day = 0.75\n"),
        ("day = 9\n", "day = 3\n"),
    )
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return scenario_of(text)


def test_a_short_crash_is_decided_and_booked_alike_on_ganache_and_on_the_model() -> None:
    """The main line on Truffle's chain: world, runner, decisions, fills, ledger and replay."""
    scenario, rules = short_crash(), storm_rules()
    model = played_book(scenario, rules, engine="model")
    orders = [order["intent"] for body in bodies(list(model.rows())) for order in body["orders"]]
    assert {"open", "close"} <= set(orders)
    require_same_book(played_book(scenario, rules, engine="ganache"), model)
