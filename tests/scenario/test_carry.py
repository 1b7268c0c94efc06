"""The core against the cost of its capital: what switches on when the fees stop paying, and why."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_rules
from bot.config.scenario_file import load_scenario
from bot.core.actions import Swap
from bot.core.errors import JournalMismatchError
from bot.core.model_stage import ModelStage, model_specs
from bot.core.ports import Row
from bot.core.record import read_body
from bot.core.terms import sealed
from bot.core.world import Scene, ScriptedWorld
from bot.edges.memory_store import MemoryStore
from bot.report.reading import Story, read_story
from bot.report.summary import summarise
from bot.runs.replay import replay_journal
from tests.builders.played import bodies, require_same_book, shipped_book
from tests.builders.runs import runner_for
from tests.oracles import recorded as oracle
from tests.oracles.recorded import Pair, Tick, recorded

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "methodology.md"
RULES = load_rules(ROOT / "rules" / "carry.toml")
POOL, INDEX, THIRD = "WETH-USDC", "WBTC-USDC", "LINK-USDC"
DAY_S = 86_400
TOLD = (2, 8, 14, 18, 28)
"""Days whose figures docs/methodology.md tells."""

Metrics = Mapping[str, float]
TURNS: Mapping[str, tuple[Callable[[Metrics], bool], Callable[[Metrics], bool]]] = {
    "in_place_of_fees": (
        lambda m: m["fee_yield"] < 0.10 and m["vol_premium"] > 0.10,
        lambda m: m["fee_yield"] > 0.20,
    ),
    "market": (lambda m: m["beta"] > 1.4, lambda m: m["beta"] < 1.1),
    "dear": (
        lambda m: m["tvl_over_fees"] > 20 and m["tvl_over_volume"] > 12,
        lambda m: m["tvl_over_fees"] < 8 or m["tvl_over_volume"] < 6,
    ),
    "below_cost": (
        lambda m: m["irr_minus_wacc"] < 0 and m["irr_hedged"] < 0.05,
        lambda m: m["irr_minus_wacc"] > 0.10 or m["irr_hedged"] > 0.30,
    ),
    "forward": (lambda m: m["rate_differential"] < -0.05, lambda m: m["rate_differential"] > -0.02),
    "run_away": (lambda m: m["eer_index"] > 105, lambda m: m["eer_index"] < 102),
    "apart": (lambda m: m["reference_gap_bps"] > 200, lambda m: m["reference_gap_bps"] < 100),
    "thin_book": (lambda m: m["quick_ratio_book"] < 2, lambda m: m["quick_ratio_book"] > 4),
}
"""What must hold on the tick on which a layer buys, and on the one on which it sells."""


@pytest.fixture(scope="module")
def book() -> MemoryStore:
    return shipped_book("carry", RULES, engine="model")


@pytest.fixture(scope="module")
def model(book: MemoryStore) -> list[Row]:
    return list(book.rows())


@pytest.fixture(scope="module")
def ticks(model: list[Row]) -> list[Tick]:
    return recorded(model)


@pytest.fixture(scope="module")
def story(model: list[Row]) -> Story:
    found = read_story(model)
    assert found is not None
    return found


def day(tick: Tick, ticks: list[Tick]) -> float:
    return (tick.time_s - ticks[0].time_s) / DAY_S


def deals(ticks: list[Tick]) -> list[tuple[Tick, dict[str, Any], dict[str, Any]]]:
    """(tick, order, fill) of all that was dealt."""
    return [
        (tick, order, fill)
        for tick in ticks
        for order, fill in zip(tick.body["orders"], tick.body["fills"], strict=True)
        if fill["status"] != "refused"
    ]


@pytest.mark.parametrize("layer", TURNS)
def test_a_layer_opens_and_closes_for_its_reason(ticks: list[Tick], layer: str) -> None:
    opened, closed = TURNS[layer]
    mine = [(tick, order) for tick, order, _ in deals(ticks) if order["layer"] == layer]
    arms = [(tick, order) for tick, order in mine if order["reason"] == "ARM"]
    ends = [(tick, order) for tick, order in mine if order["reason"] == "DISARM"]
    assert arms
    assert ends
    for tick, order in arms:
        assert order["intent"] == "open"
        assert opened(tick.body["views"][POOL]["metrics"])
    for tick, order in ends:
        assert order["intent"] == "close"
        assert closed(tick.body["views"][POOL]["metrics"])
    assert {order["reason"] for _, order in mine} <= {"ARM", "DISARM", "STOP_LOSS"}


def test_every_layer_of_the_file_is_seen_and_no_other(ticks: list[Tick]) -> None:
    layers = [layer.name for layer in RULES.layers]
    assert layers == list(TURNS)
    assert {order["layer"] for _, order, _ in deals(ticks)} == set(layers)


def test_the_core_is_resized_by_its_return_against_the_cost_of_its_capital(
    ticks: list[Tick],
) -> None:
    """Grown while it earns more, cut while it earns less, grown again: each by its own numbers."""
    done = [
        (tick, one)
        for tick in ticks
        for one in tick.body.get("advice", ())
        if one["kind"] == "resize" and one["why"] == "FOLLOWED"
    ]
    assert [one["action"] for _, one in done] == ["grow", "shrink", "grow"]
    for tick, one in done:
        numbers, cost = one["numbers"], sum(int(one[part]) for part in ("gas", "fee", "slippage"))
        assert numbers["irr"] == tick.metric(POOL, "irr")
        assert numbers["wacc"] == tick.metric(POOL, "wacc")
        edge = numbers["irr"] - numbers["wacc"]
        assert (edge > 0) == (one["action"] == "grow")
        assert numbers["wanted_bps"] == ("9500" if edge > 0 else "6000")
        assert int(one["gain"]) == pytest.approx(int(one["target"]) * abs(edge), rel=1e-6)
        assert cost * 365 / int(one["gain"]) < 30  # days until it has paid
        after = next(
            later for at in ticks if at.time_s > tick.time_s for later in at.body.get("advice", ())
            if later["kind"] == "resize"
        )  # fmt: skip
        assert abs(int(after["numbers"]["core_bps"]) - int(numbers["wanted_bps"])) < 100


SAMPLES = (61, 97, 131, 166, 204, 239, 290, 336)
"""Ticks at which the metrics are worked out anew, from day 5 to the last."""


@pytest.mark.parametrize("at", SAMPLES)
def test_the_returns_are_the_roots_of_the_recorded_flows(ticks: list[Tick], at: int) -> None:
    assert not ticks[at].body["orders"], "its recorded hedges are those of before the tick"
    past = ticks[: at + 1]
    for name, hedged in (("irr", False), ("irr_hedged", True)):
        wanted = oracle.rate_of_return(past, POOL, hedged=hedged)
        assert ticks[at].metric(POOL, name) == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize("at", SAMPLES)
def test_cost_of_capital_is_lending_and_a_covariance(ticks: list[Tick], at: int) -> None:
    past, tick = ticks[: at + 1], ticks[at]
    slope = oracle.beta(past, POOL, INDEX, bar_s=6 * 3_600, bars=16)
    assert tick.metric(POOL, "beta") == pytest.approx(slope, abs=2e-6)
    wacc = tick.feeds["lend_ppm:USDC"] / 1e6 + slope * 0.06
    assert tick.metric(POOL, "wacc") == pytest.approx(wacc, abs=2e-6)
    edge = oracle.rate_of_return(past, POOL, hedged=False) - wacc
    assert tick.metric(POOL, "irr_minus_wacc") == pytest.approx(edge, abs=4e-6)


@pytest.mark.parametrize("at", SAMPLES)
def test_what_the_pool_is_worth_in_years_of_fees_follows_from_the_growth_of_k(
    ticks: list[Tick], at: int
) -> None:
    """A swap's fee counts at the price behind it: a tenth of the pool a step, a per mille off."""
    past, tick = ticks[: at + 1], ticks[at]
    paid = 365 * oracle.fees_a_day(past, POOL, half_life_s=DAY_S)
    assert tick.metric(POOL, "fee_yield") == pytest.approx(paid, rel=2e-3)
    vol = tick.body["views"][POOL]["market"]["realised_vol"]
    assert tick.metric(POOL, "tvl_over_fees") == pytest.approx(1 / (paid - vol**2 / 8), rel=4e-3)


class Recorder(ModelStage):
    """The model's stage, which keeps what was played on it."""

    def __init__(self) -> None:
        scenario = load_scenario("carry")
        super().__init__(scenario, specs=model_specs(scenario))
        self.scenes: list[Scene] = []
        world = ScriptedWorld(scenario, self)
        for step in range(1, world.steps_count + 1):
            world.step(step)

    def mine(self, scene: Scene) -> None:
        super().mine(scene)
        self.scenes.append(scene)


def swapped(before: Pair, swaps: list[Swap]) -> tuple[list[tuple[float, float]], float]:
    """Each swap's input in dollars at the price behind it, with that price, and the last price."""
    base, quote, paid = float(before.base), float(before.quote), []
    for swap in swaps:
        x = float(swap.amount_in_atoms)
        if swap.sells_base:
            base, quote = base + x, base * quote / (base + 0.997 * x)
        else:
            base, quote = base * quote / (quote + 0.997 * x), quote + x
        price = quote / base
        paid.append((x * price if swap.sells_base else x, price))
    return paid, quote / base


def test_what_the_pool_is_worth_in_days_of_volume_is_that_of_the_swaps_played(
    ticks: list[Tick],
) -> None:
    """Every swap's own input; told at a block's last price, as docs/maths.md 6.1 has it: each with
    the root of that price over the one behind the swap."""
    volumes = []
    for scene, (before, tick) in zip(Recorder().scenes[1:], pairwise(ticks), strict=True):
        swaps = [one for one in scene.actions if isinstance(one, Swap) and one.pool == POOL]
        paid, last = swapped(before.pairs[POOL], swaps)
        assert last == pytest.approx(float(tick.pairs[POOL].price), rel=1e-9)
        volume = sum(dollars * math.sqrt(last / price) for dollars, price in paid)
        volumes.append(volume * DAY_S / (tick.time_s - before.time_s))
    for at in SAMPLES:
        daily = oracle.averaged(ticks[: at + 1], volumes[:at], half_life_s=DAY_S)
        days = 2 * ticks[at].pairs[POOL].quote / daily
        assert ticks[at].metric(POOL, "tvl_over_volume") == pytest.approx(days, rel=2e-3)


@pytest.mark.parametrize("at", SAMPLES)
def test_the_effective_rate_is_a_geometric_mean_with_the_differential_earned(
    ticks: list[Tick], at: int
) -> None:
    index = oracle.effective_rate(ticks[: at + 1], POOL, (INDEX, THIRD), bar_s=6 * 3_600)
    assert ticks[at].metric(POOL, "eer_index") == pytest.approx(index, abs=2e-6)


def test_differential_and_reference_gap_are_read_off_the_feeds(ticks: list[Tick]) -> None:
    for tick in ticks:
        lent = (tick.feeds["lend_ppm:WETH"] - tick.feeds["lend_ppm:USDC"]) / 1e6
        assert tick.metric(POOL, "rate_differential") == pytest.approx(lent, abs=1e-9)
        elsewhere = tick.feeds.get(f"reference_e18:{POOL}")
        gap = tick.metric(POOL, "reference_gap_bps")
        if elsewhere is None:
            assert gap is None
            continue
        price = float(tick.pairs[POOL].price) * 10**12
        assert gap == pytest.approx(abs(price / (elsewhere / 1e18) - 1) * 1e4, abs=1e-4)


def test_a_short_forward_is_no_short_option_in_the_books_quick_ratio(ticks: list[Tick]) -> None:
    """While it alone is open: cash and margin over the margin asked, which follows the market."""
    seen = 0
    for before, tick in pairwise(ticks):
        held = [one for one in tick.body["book"]["hedges"] if one["sleeve"] == "core"]
        if [one["layer"] for one in held] != ["forward"] or tick.body["orders"]:
            continue
        book = before.body["book"]
        liquid = int(book["cash"]["USDC"]) + int(book["margin"]["USDC"])
        asked = int(tick.body["book"]["margin"]["USDC"])
        assert tick.metric(POOL, "quick_ratio_book") == pytest.approx(liquid / asked, abs=1e-6)
        seen += 1
    assert seen > 5


def test_a_condor_tells_where_it_breaks_even(ticks: list[Tick]) -> None:
    """The inner strikes, and beyond them what it brought a token, fees taken off."""
    sold = [
        (order, fill, decision["numbers"])
        for tick, order, fill in deals(ticks)
        for decision in tick.body["decisions"]
        if order["layer"] == decision["layer"] == "in_place_of_fees" and order["intent"] == "open"
    ]
    assert sold
    for order, fill, numbers in sold:
        puts, calls = order["legs"][:2], order["legs"][2:]
        tokens = abs(int(puts[1]["quantity"])) / 1e18
        credit = (int(fill["cash"]) - int(fill["fee"])) / tokens
        low = int(puts[1]["contract"]["strike"]) - credit
        high = int(calls[0]["contract"]["strike"]) + credit
        assert int(numbers["even_low"]) == pytest.approx(low, abs=1)
        assert int(numbers["even_high"]) == pytest.approx(high, abs=1)


def test_fees_stand_apart_and_compounding_hides_no_loss(ticks: list[Tick], story: Story) -> None:
    """On day 14 the fees put back by the pool are two per cent, and the position is worth less than
    was paid in; the record tells both."""
    at = next(n for n, tick in enumerate(ticks) if day(tick, ticks) == 14)
    first, now = ticks[0].pairs[POOL], ticks[at].pairs[POOL]
    seen = story.ticks[at].pools[POOL].exposure
    assert seen is not None
    grown = float(now.claim) * (1 - first.growth / now.growth)
    assert seen.fees_atoms == pytest.approx(grown, rel=1e-6)
    assert seen.fees_atoms > 0.02 * seen.entry_value_atoms
    assert seen.lp_value_atoms < 0.99 * seen.entry_value_atoms
    (one,) = [one for one in ticks[at + 4].body["advice"] if one["kind"] == "compound"]
    assert one["why"] == "BY_ITSELF"
    assert int(one["numbers"]["fees"]) > 0


def test_every_order_is_named_by_the_rules_it_obeyed(model: list[Row]) -> None:
    """A cap raised by one basis point, which no decision feels: the record is no longer its own."""
    assert bodies(model)[0]["tick"] == 1
    assert read_body(model[0].body)["rules_hash"] == RULES.hash
    assert RULES.exposure_cap_bps is not None
    other = sealed(replace(RULES, exposure_cap_bps=RULES.exposure_cap_bps + 1))
    venue = runner_for(load_scenario("carry"), other).venue
    with pytest.raises(JournalMismatchError, match="id"):
        replay_journal(model, other, venue=venue, journal=MemoryStore())


@pytest.mark.fork
def test_the_whole_run_is_decided_and_booked_alike_on_anvil_and_on_the_model(
    book: MemoryStore,
) -> None:
    require_same_book(shipped_book("carry", RULES, engine="anvil"), book)


def figures(ticks: list[Tick]) -> list[str]:
    """Rows of the page's first table: the metrics on some days."""
    names = ("fee_yield", "tvl_over_volume", "tvl_over_fees", "irr", "irr_hedged", "wacc", "beta",
             "rate_differential", "eer_index")  # fmt: skip
    shares = {"fee_yield", "irr", "irr_hedged", "wacc", "rate_differential"}
    rows = []
    for tick in ticks:
        if day(tick, ticks) in TOLD:
            cells = []
            for name in names:
                value = tick.metric(POOL, name)
                per_cent = value is not None and name in shares
                cells.append(
                    "unknown" if value is None
                    else f"{100 * value:.1f} %" if per_cent else f"{value:.2f}"
                )  # fmt: skip
            price = int(tick.body["views"][POOL]["market"]["spot"]) / 1e6
            rows.append(f"| {day(tick, ticks):g} | {price:,.0f} | {' | '.join(cells)} |")
    return rows


def turns(ticks: list[Tick]) -> list[str]:
    """Rows of the second: when each layer bought and sold, and what came of it, fees taken off."""
    rows = []
    for layer in RULES.layers:
        mine = [deal for deal in deals(ticks) if deal[1]["layer"] == layer.name]
        spans = [f"{day(tick, ticks):.2f} {order['reason']}" for tick, order, _ in mine]
        brought = sum(int(fill["cash"]) - int(fill["fee"]) for *_, fill in mine) / 1e6
        pairs = "; ".join(f"{a} to {b}" for a, b in zip(spans[::2], spans[1::2], strict=True))
        rows.append(f"| `{layer.name}` | `{layer.instrument}` | {pairs} | {brought:+,.0f} |")
    return rows


def resized(ticks: list[Tick]) -> list[str]:
    """Rows of the third: advice on the size that was followed."""
    rows = []
    for tick in ticks:
        for one in tick.body.get("advice", ()):
            if one["kind"] == "resize" and one["why"] == "FOLLOWED":
                numbers = one["numbers"]
                cost = sum(int(one[part]) for part in ("gas", "fee", "slippage")) / 1e6
                dollars = int(one["target"]) / 1e6
                rows.append(
                    f"| {day(tick, ticks):.2f} | `{one['action']}` | {dollars:,.0f}"
                    f" | {int(numbers['core_bps']) / 100:.1f} % to"
                    f" {int(numbers['wanted_bps']) / 100:.1f} % | {100 * numbers['irr']:.1f} %"
                    f" | {100 * numbers['wacc']:.1f} % | {cost:,.0f} |"
                )
    return rows


def ends(story: Story) -> list[str]:
    """Rows of the last: break-evens and rates as the closing summary tells them."""
    worth = summarise(story).worth[POOL]
    rows = worth.rows(story.head.spec(POOL))
    last = story.last
    assert last is not None
    told = [
        *rows,
        ("basket of all watched pools, against holding", f"{last.basket.vs_hold_bps} bps"),
    ]
    return [f"| {label.strip()} | {figure} |" for label, figure in told]


def test_the_pages_tables_are_what_the_model_gives(ticks: list[Tick], story: Story) -> None:
    parts = {
        "figures": figures(ticks), "layers": turns(ticks), "size": resized(ticks),
        "end": ends(story),
    }  # fmt: skip
    for name, rows in parts.items():
        page = PAGE.read_text(encoding="utf-8")
        pattern = re.compile(
            rf"(<!-- carry: {name} -->\n\n\|[^\n]*\n\|[-|]*\|\n).*?\n*(<!-- end -->)", re.DOTALL
        )
        body = "\n".join(rows)
        if os.environ.get("LAYERHEDGE_GOLDEN") == "rewrite":
            found = pattern.search(page)
            assert found is not None, name
            page = f"{page[: found.end(1)]}{body}\n\n{page[found.start(2) :]}"
            PAGE.write_text(page, encoding="utf-8")
        match = pattern.search(page)
        assert match is not None, name
        assert match[0] == f"{match[1]}{body}\n\n{match[2]}", name
