"""Small scripted worlds for tests, as the text of their files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bot.config.scenario_file import load_scenario
from bot.core.scenario import Scenario

TWO_DAYS = """
name = "two_days"
title = "Two days"
description = "A fall of a tenth on hourly steps."
seed = 1
start = 2026-03-02T08:00:00Z
step_minutes = 60
days = 2

[tokens]
WETH = 18
USDC = 6

[[pool]]
name = "WETH-USDC"
reserve_base = 1000
path = [[0, 2000], [1, 1900], [2, 1800]]
vol = 0.5
turnover_bps_per_day = 2000
owner_share_bps = 1000
"""


def two_days(*events: str) -> Scenario:
    """The small script with these events; each is the text of one table."""
    tables = "".join(f"\n[[event]]\n{event}\n" for event in events)
    return scenario_of(TWO_DAYS + tables)


def scenario_of(text: str) -> Scenario:
    """The scenario of a file with this text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return load_scenario(str(path))
