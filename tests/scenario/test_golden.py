"""Whole runs against reviewed files: any change of a decision, a price or a byte shows in a diff.

`make golden` rewrites the files (LAYERHEDGE_GOLDEN=rewrite); the diff is then read by a person.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.canonical import canonical_json, digest_text
from bot.core.model_stage import model_world
from bot.edges.memory_store import MemoryStore
from bot.runs.replay import replay_world
from tests.builders.runs import runner_for, storm, storm_rules

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REWRITE = os.environ.get("LAYERHEDGE_GOLDEN") == "rewrite"
NAMES = ("storm", "whipsaw")


def golden_of(name: str) -> dict[str, Any]:
    """What a run is pinned by: a digest a row, the orders by reason, the first and last record."""
    if name == "storm":
        scenario, rules = storm(), storm_rules()
    else:
        scenario, rules = load_scenario(name), load_rules(ROOT / "rules" / "starter.toml")
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, rules, world=world, journal=journal))
    rows = list(journal.rows())
    bodies = [json.loads(row.body) for row in rows if row.kind == "record"]
    return {
        "rows": [f"{row.tick} {row.kind} {digest_text(row.body)[:16]}" for row in rows],
        "orders": [
            f"{body['tick']} {order['layer']} {order['intent']} {order['reason']} "
            f"{fill['status']} {fill['cash']}"
            for body in bodies
            for order, fill in zip(body["orders"], body["fills"], strict=True)
        ],
        "first": bodies[0],
        "last": bodies[-1],
        "balances": {
            f"{account} {currency}": str(atoms)
            for (account, currency), atoms in sorted(journal.balances().items())
        },
        "ledger": journal.tip.ledger.hash,
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_what_the_reviewed_file_says(name: str) -> None:
    path = HERE / "golden" / f"{name}.json"
    found = golden_of(name)
    if REWRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    expected = json.loads(path.read_text(encoding="utf-8"))
    # From the coarse to the fine, so that the first difference tells most.
    for part in ("orders", "balances", "first", "last", "rows", "ledger"):
        assert found[part] == expected[part], f"{part} of {name}: `make golden` shows the diff"
    assert found == expected


def test_a_run_is_the_same_under_every_hash_seed() -> None:
    code = (
        "from tests.scenario.test_golden import golden_of;"
        "from bot.core.canonical import canonical_json, digest_text;"
        "print(digest_text(canonical_json(golden_of('storm'))))"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {digest_text(canonical_json(golden_of("storm")))}


def test_a_second_run_in_the_same_process_is_the_same() -> None:
    assert canonical_json(golden_of("storm")) == canonical_json(golden_of("storm"))
