"""The figures of docs/methodology.md are those of the model, and what it points to is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from math import log, sqrt
from pathlib import Path

import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.loss import PriceRange
from bot.core.model_stage import model_world
from bot.core.terms import sealed
from bot.edges.memory_store import MemoryStore
from bot.edges.price_files import read_bars
from bot.report.closing import fraction_of_bps
from bot.report.reading import read_story
from bot.report.summary import summarise
from bot.runs.replay import replay_world
from tests.builders.runs import runner_for
from tests.builders.shared_data import shared_data

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


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.split("|")[1].strip()[:40])
def test_every_part_of_the_method_has_a_formula_and_keys_that_the_reference_pages_know(
    row: str,
) -> None:
    _, _, here, keys, formula, *_ = row.split("|")
    assert here.strip()
    assert formula.strip()
    pages = ("rules", "configuration", "commands")
    known = "".join((ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in pages)
    known += (ROOT / "scenarios" / "README.md").read_text("utf-8")
    for name in re.findall(r"`\[?([\w.]+)", keys):
        last = name.rpartition(".")[2]
        assert re.search(rf"\b({re.escape(name)}|{last})\b", known), name


def test_the_presets_table_names_every_shipped_file() -> None:
    table = PAGE.split("## The presets")[1].split("## ")[0]
    named = set(re.findall(r"^\| `(\w+)\.toml` \|", table, re.MULTILINE))
    assert named == {path.stem for path in (ROOT / "rules").glob("*.toml")}


def as_one_move(prices: Sequence[float], *, years: float) -> tuple[float, float]:
    """(volatility by the squares of the steps, by the whole move), a year."""
    steps = [log(after / before) for before, after in pairwise(prices)]
    return sqrt(sum(step * step for step in steps) / years), abs(sum(steps)) / sqrt(years)


def test_the_crash_trends_more_than_its_hours_show_and_that_is_what_a_range_loses() -> None:
    """From tick 41, where the range of 50 % is taken, to tick 163, where it is left: its loss
    against its tokens, and the LVR of the hourly squares meanwhile, of value 1 at the start."""
    world = model_world(load_scenario("crash"))
    spec, prices = world.specs[0], []
    for step in range(1, 163):
        world.step(step)
        base, quote = world.source.read().pools[0].reserves(spec)
        prices.append(quote / base)
    prices = prices[39:]
    hourly, whole = as_one_move(prices, years=(len(prices) - 1) / 24 / 365)
    at = PriceRange(lower=prices[0] / 1.5, upper=prices[0] * 1.5)
    base, quote = at.amounts(prices[0])
    value = at.value(prices[0])
    lost = 1 - at.value(prices[-1]) / value - base * (prices[0] - prices[-1]) / value
    walk = sum(
        sqrt(before) / 4 * log(after / before) ** 2 / value
        for before, after in pairwise(prices)
        if at.lower < before < at.upper
    )
    told = {
        f"{prices[-1] / prices[0]:.3f} of itself",
        f"{100 * lost:.1f} % against",
        f"{100 * hourly:.0f} % a year, would have cost it {100 * walk:.1f} %",
        f"{100 * whole:.0f} % a year, and hourly",
    }
    assert {one for one in told if one not in PAGE.replace("\n", " ")} == set()


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [("2020-03-08", "2020-03-14", (344, 445)), ("2021-05-12", "2021-05-24", (244, 380))],
)
def test_real_crashes_trend_less(since: str, until: str, told: tuple[int, int]) -> None:
    hours = read_bars(str(shared_data("prices/ethusdt_1h.parquet")))
    start_s, end_s = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (since, until))
    seen = (hours.start_s >= start_s.timestamp()) & (hours.start_s < end_s.timestamp())
    prices = [hours.open[seen][0].item(), *hours.close[seen].tolist()]
    found = as_one_move(prices, years=(end_s - start_s).days / 365)
    assert tuple(round(100 * vol) for vol in found) == told
    assert all(f"{figure}" in PAGE for figure in told)


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
