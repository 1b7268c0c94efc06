"""The claims that docs/methodology.md answers with figures: each figure computed again."""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.claim import claim_payoff, position_value
from bot.core.loss import calc_il
from bot.core.model_stage import model_world
from bot.core.variance_strip import vol_index
from bot.edges.chain_files import read_chain
from bot.edges.memory_store import MemoryStore
from bot.edges.price_files import iso_second, read_bars
from bot.report.reading import read_story
from bot.report.summary import summarise
from bot.runs.replay import replay_world
from tests.builders.runs import runner_for
from tests.builders.shared_data import shared_data

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "methodology.md").read_text(encoding="utf-8")
WEEKS = 34.457
"""Days from the chain of 30 December to that of 3 February."""


def table(name: str) -> list[list[str]]:
    """The cells of a marked table's rows."""
    (found,) = re.findall(rf"<!-- {name} -->(.*?)<!-- end -->", PAGE, re.DOTALL)
    rows = [line.strip("| ").split(" | ") for line in found.strip().splitlines()[2:]]
    assert rows
    return rows


CONDOR, FALLS = table("condor"), table("falls")


@pytest.mark.parametrize("row", CONDOR, ids=lambda row: row[0])
def test_a_condor_brings_what_the_page_says_of_it(row: list[str]) -> None:
    scenario = load_scenario(row[0].strip("`"))
    rules = load_rules(ROOT / "rules" / "condor.toml")
    world, journal = model_world(scenario), MemoryStore()
    replay_world(world, runner_for(scenario, rules, world=world, journal=journal))
    story = read_story(journal.rows())
    assert story is not None
    standing = summarise(story).standing["WETH-USDC"]
    hedge = standing.hedge
    parts = (
        standing.il_atoms,
        -hedge.premium_atoms,
        hedge.payoff_atoms + hedge.open_value_atoms,
        -hedge.spread_atoms - hedge.fees_atoms,
        hedge.pnl_atoms,
    )
    assert [f"{round(atoms / 10**6):+,}" for atoms in parts] == row[1:]


def test_the_condor_is_told_of_in_calm_and_in_storm() -> None:
    assert [row[0] for row in CONDOR] == ["`calm`", "`whipsaw`", "`crash`", "`alvh_tour`"]


def vix(first: date, last: date) -> tuple[float, float]:
    """(last close before the first day, highest close within) of the VIX."""
    with gzip.open(shared_data("macro/vix_daily.csv.gz"), "rt") as file:
        closes = {date.fromisoformat(r["DATE"]): float(r["CLOSE"]) for r in csv.DictReader(file)}
    before = closes[max(day for day in closes if day < first)]
    return before, max(close for day, close in closes.items() if first <= day <= last)


def told(before: float, after: float, *, start: float, low: float) -> list[str]:
    """The cells of a fall but its dates."""
    loss = calc_il(entry=start, price=low, lower=0.0, upper=float("inf"), value=1.0)["il_vs_hold"]
    return [
        f"{start:,.2f} to {low:,.2f}",
        f"{before:.2f} to {after:.2f}",
        f"{after / before:.2f}",
        f"{100 * loss:.2f} %",
    ]


@pytest.mark.parametrize("row", FALLS[:2], ids=lambda row: row[0])
def test_the_vix_in_a_fall_of_ether_is_as_the_page_says(row: list[str]) -> None:
    first, last = map(date.fromisoformat, row[0].split(" to "))
    bars = read_bars(shared_data("prices/ethusdt_1h.parquet")).between(
        int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()),
        int(datetime(last.year, last.month, last.day + 1, tzinfo=UTC).timestamp()),
    )
    before, after = vix(first, last)
    assert told(before, after, start=bars.open[0].item(), low=bars.low.min().item()) == row[1:]


def index_of(day: str, at: str, *, days: float) -> float:
    chain = read_chain(shared_data(f"options/deribit_eth_chain_{day}.csv.gz"))
    return vol_index(chain, at_s=iso_second(at), days=days, rate=0.0, rate_next=None).index


def at_one_side(day: str, at: str, *, days: float, side: str) -> float:
    """The index as it comes to whoever deals at the bids, or at the asks."""
    chain = read_chain(shared_data(f"options/deribit_eth_chain_{day}.csv.gz"))
    dealt = np.where(chain.bid > 0.0, getattr(chain, side), 0.0)
    quoted = replace(chain, bid=dealt, ask=np.where(chain.bid > 0.0, dealt, chain.ask))
    return vol_index(quoted, at_s=iso_second(at), days=days, rate=0.0, rate_next=None).index


def test_ethers_own_index_in_its_last_fall_and_what_a_future_on_it_brought() -> None:
    start, low = 2978.87, 2335.66
    then, now = ("2025-12-30", "2025-12-30T17:31:15Z"), ("2026-02-03", "2026-02-03T04:29:35Z")
    assert iso_second(now[1]) - iso_second(then[1]) == round(WEEKS * 86_400, -2)
    before, after = index_of(*then, days=30), index_of(*now, days=30)
    row = FALLS[2]
    assert [f"{then[0]} to {now[0]}", *told(100 * before, 100 * after, start=start, low=low)] == row
    near, far = index_of(*then, days=WEEKS), index_of(*then, days=WEEKS + 30)
    forward = ((far**2 * (WEEKS + 30) - near**2 * WEEKS) / 30) ** 0.5
    gain = 100 * (after - forward)
    near_bid = at_one_side(*then, days=WEEKS, side="bid")
    far_ask = at_one_side(*then, days=WEEKS + 30, side="ask")
    bought = ((far_ask**2 * (WEEKS + 30) - near_bid**2 * WEEKS) / 30) ** 0.5
    claim = position_value(entry=start, vol=near, years=WEEKS / 365, notional=1e6)
    loss = -claim_payoff(low, entry=start, notional=1e6).item()
    for figure in (
        f"at {100 * forward:.2f} points",
        f"{100 * near:.2f} and {100 * far:.2f}",
        f"at {100 * after:.2f} then",
        f"brought {gain:.2f} points",
        f"cost {100 * bought:.2f} and lost {100 * (bought - after):.2f}",
        f"lost {loss:,.0f} against",
        f"cost {1e6 - claim.value.item():,.0f} at",
        f"vega, {-claim.vega.item() / 100:,.0f} dollars",
        f"brought {gain * -claim.vega.item() / 100:,.0f} at the price without",
        f"--vol {near:.6f} --days {WEEKS}",
    ):
        assert figure in PAGE.replace("\n", " "), figure
    assert round(100 * gain * -claim.vega.item() / 100 / loss) == 3
