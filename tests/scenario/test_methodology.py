"""The figures of docs/methodology.md are those of the model, and what it points to is there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.model_stage import model_world
from bot.core.terms import sealed
from bot.edges.memory_store import MemoryStore
from bot.report.closing import fraction_of_bps
from bot.report.reading import read_story
from bot.report.summary import summarise
from bot.runs.replay import replay_world
from tests.builders.runs import runner_for

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "methodology.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)\.toml` \| (\S*) \| (\S*) ?\| (\S+) bps \|$", PAGE, re.MULTILINE)

ADVISED = re.findall(r"^\| `(\w+)` \| ([+-][\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)


def test_the_table_of_followed_advice_has_calm_and_storm() -> None:
    assert [name for name, *_ in ADVISED] == ["calm", "crash", "alvh_tour"]


def test_the_table_has_a_row_for_every_ladder_of_the_presets() -> None:
    shipped = {path.stem for path in (ROOT / "rules").glob("*.toml")}
    assert {name for name, *_ in ROWS} == shipped


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_of_the_tour_is_what_the_model_gives(row: tuple[str, str, str, str]) -> None:
    name, hedges, engine, against = row
    scenario, rules = load_scenario("alvh_tour"), load_rules(ROOT / "rules" / f"{name}.toml")
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, rules, world=world, journal=journal))
    story = read_story(journal.rows())
    assert story is not None
    (standing,) = summarise(story).standing.values()
    share = fraction_of_bps(standing.hedged_vs_hold_atoms, standing.hold_atoms)
    assert share.replace("\u2212", "-") == f"{against} bps"
    assert round(standing.hedge.pnl_atoms / 10**6) == int(hedges.replace(",", ""))
    assert round(standing.engine.pnl_atoms / 10**6) == int(engine.replace(",", "") or 0)


@pytest.mark.parametrize("row", ADVISED, ids=lambda row: row[0])
def test_a_row_of_followed_advice_is_what_the_model_gives(row: tuple[str, str, str, str]) -> None:
    name, gain, alone, costs = row
    rules = load_rules(ROOT / "rules" / "alvh.toml")
    assert rules.advice is not None
    follow = sealed(replace(rules, advice=replace(rules.advice, follow=True)))
    scenario, journal = load_scenario(name), MemoryStore()
    world = model_world(scenario)
    replay_world(world, runner_for(scenario, follow, world=world, journal=journal))
    story = read_story(journal.rows())
    assert story is not None
    paper = story.ticks[-1].papers["WETH-USDC"]
    found = (paper.gain_atoms, paper.alone_atoms, paper.costs_atoms)
    told = tuple(int(figure.replace(",", "")) for figure in (gain, alone, costs))
    assert tuple(round(atoms / 10**6) for atoms in found) == told


TABLE = [line for line in PAGE.split("## The presets")[0].splitlines() if line.startswith("| ")][1:]
"""The rows of what each part of the method is here."""


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.split("|")[1].strip()[:40])
def test_every_part_of_the_method_is_seen_in_a_shipped_scenario_and_has_tests(row: str) -> None:
    *_, tests, seen, _ = row.split("|")
    shipped = {path.stem for path in (ROOT / "scenarios").glob("*.toml")}
    assert shipped & set(re.findall(r"`([a-z_]+)`", seen)), seen
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", f"{tests} {seen}")
    assert named
    for path, function in named:
        assert f"def {function}" in (ROOT / path).read_text(encoding="utf-8"), path


def test_the_presets_table_names_every_shipped_file() -> None:
    table = PAGE.split("## The presets")[1].split("## ")[0]
    named = set(re.findall(r"^\| `(\w+)\.toml` \|", table, re.MULTILINE))
    assert named == {path.stem for path in (ROOT / "rules").glob("*.toml")}


def test_every_scenario_that_the_page_names_is_shipped() -> None:
    table = PAGE.split("## The presets")[0]
    named = {
        name
        for line in table.splitlines()
        if line.startswith("| ")
        for name in re.findall(r"`([a-z_]+)`", line.rsplit("|", 2)[-2])
    }
    assert named
    assert named <= {path.stem for path in (ROOT / "scenarios").glob("*.toml")}
