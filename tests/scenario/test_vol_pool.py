"""A pool of a volatility token: it leaps, comes back and leaps again, and the layers follow."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from bot.config import load_rules
from bot.core.ports import Row
from bot.edges.memory_store import MemoryStore
from bot.report.reading import read_story
from bot.report.standing import standings
from tests.builders.played import bodies, require_same_book, shipped_book

RULES = load_rules(Path(__file__).parents[2] / "rules" / "vol_pool.toml")
POOL = "VOLT-USDC"


@pytest.fixture(scope="module")
def book() -> MemoryStore:
    return shipped_book("vol_pool", RULES, engine="model")


@pytest.fixture(scope="module")
def model(book: MemoryStore) -> list[Row]:
    return list(book.rows())


def test_the_token_leaps_threefold_within_hours_and_is_back_after_days(model: list[Row]) -> None:
    prices = [int(body["views"][POOL]["market"]["spot"]) / 10**6 for body in bodies(model)]
    top = prices.index(max(prices))
    assert max(prices) / prices[top - 9] > 2.9
    assert prices[top + 8 * 24] < 0.5 * max(prices)
    assert abs(prices[-1] / prices[0] - 1) < 0.05


def test_the_pool_sells_the_token_all_the_way_up_and_has_it_back_at_the_end(
    model: list[Row],
) -> None:
    story = read_story(model)
    assert story is not None
    claims = [
        tick.pools[POOL].exposure.claim_base_atoms  # type: ignore[union-attr]
        for tick in story.ticks
    ]
    assert 0.4 < 1 - min(claims) / claims[0] < 0.46
    assert claims[-1] > 0.98 * claims[0]


def test_impermanent_loss_comes_back_with_the_price_and_the_hedges_of_the_first_leap_pay(
    model: list[Row],
) -> None:
    """At the top the pool is more than a tenth behind holding, at the end a thousandth at most;
    the layer that stood before the leap sells at three times what it paid."""
    story = read_story(model)
    assert story is not None
    walk = [standing[POOL] for standing in standings(story.ticks)]
    worst = min(walk, key=lambda one: one.il_atoms)
    assert worst.il_atoms < -0.1 * worst.hold_atoms
    assert walk[-1].il_atoms > -0.001 * walk[-1].hold_atoms
    sold = [
        (trade, tick)
        for tick in story.ticks
        for trade in tick.trades
        if trade.order.layer == "standing" and trade.order.intent.value == "close"
    ]
    first, _ = sold[0]
    assert first.order.reason == "MONETISE"
    assert first.fill.cash_atoms > 3 * 50 * 10**6


def test_every_layer_opens_and_ends_for_its_reasons(model: list[Row]) -> None:
    deals = defaultdict(set)
    for body in bodies(model):
        for order, fill in zip(body["orders"], body["fills"], strict=True):
            if fill["status"] != "refused":
                deals[order["layer"]].add((order["intent"] == "open", order["reason"]))
    assert deals.keys() == {layer.name for layer in RULES.layers}
    assert (False, "MONETISE") in deals["standing"]
    assert (False, "DISARM") in deals["leap"]
    assert (False, "SETTLE") in deals["both_ways"]
    assert all((True, "ARM") in found for found in deals.values())


@pytest.mark.fork
def test_the_whole_leap_is_decided_and_booked_alike_on_anvil_and_on_the_model(
    book: MemoryStore,
) -> None:
    require_same_book(shipped_book("vol_pool", RULES, engine="anvil"), book)
