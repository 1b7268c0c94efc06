"""Facts of the world beside the pools: names, ages, and how they reach a snapshot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.errors import MarketDataError
from bot.core.feeds import (
    FedSource,
    FeedTimeline,
    borrow_rate,
    feed_problem,
    lend_rate,
    rate_differential,
    reference_atoms,
    timeline_of,
)
from bot.core.model_stage import model_world
from bot.core.snapshot import Snapshot
from tests.builders.scripts import two_days


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gas_wei", 0),
        ("gas_wei", 10**48),
        ("reference_e18:WETH-USDC", 10**21),
        ("lend_ppm:USDC", -5),
        ("borrow_ppm:WETH", 1_000_000_000),
    ],
)
def test_every_feed_that_is_documented_is_taken(name: str, value: int) -> None:
    assert feed_problem(name, value) is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("gas_gwei", 3, "is no feed"),
        ("gas_wei:WETH", 3, "is no feed"),
        ("lend_ppm", 3, "is no feed"),
        ("lend_ppm:", 3, "is no feed"),
        ("gas_wei", -1, "not within 0 to"),
        ("reference_e18:A-B", 10**48 + 1, "not within 0 to"),
        ("lend_ppm:A", -1_000_000, "millionths a year"),
        ("borrow_ppm:A", 10**9 + 1, "millionths a year"),
    ],
)
def test_what_is_no_feed_is_refused_with_its_name(name: str, value: int, words: str) -> None:
    assert words in (feed_problem(name, value) or "")
    with pytest.raises(MarketDataError, match="mine.csv: .*"):
        timeline_of([(0, name, value)], source="mine.csv")


def test_a_value_holds_until_the_next_and_is_unknown_before_the_first() -> None:
    fed = timeline_of([(200, "gas_wei", 2), (100, "gas_wei", 1)], source="")
    assert [fed.at(s) for s in (99, 100, 199, 200, 10**9)] == [
        {}, {"gas_wei": 1}, {"gas_wei": 1}, {"gas_wei": 2}, {"gas_wei": 2},
    ]  # fmt: skip


def test_a_value_that_is_too_old_is_unknown() -> None:
    fed = timeline_of([(100, "gas_wei", 1), (150, "lend_ppm:A", 7)], source="", age_s_max=60)
    assert fed.at(160) == {"gas_wei": 1, "lend_ppm:A": 7}
    assert fed.at(161) == {"lend_ppm:A": 7}


def test_two_values_at_one_moment_are_refused_and_the_same_value_twice_is_not() -> None:
    rows = [(100, "gas_wei", 1), (100, "gas_wei", 1)]
    assert timeline_of(rows, source="").at(100) == {"gas_wei": 1}
    with pytest.raises(MarketDataError, match="gas_wei is 1 and 2 at the same time 100"):
        timeline_of([*rows, (100, "gas_wei", 2)], source="mine")


def test_rates_are_fractions_and_their_difference_needs_both() -> None:
    feeds = {"lend_ppm:WETH": 21_000, "lend_ppm:USDC": 64_500, "borrow_ppm:WETH": 30_000}
    assert lend_rate(feeds, "USDC") == 0.0645
    assert borrow_rate(feeds, "WETH") == 0.03
    assert rate_differential(feeds, base="WETH", quote="USDC") == pytest.approx(-0.0435)
    assert rate_differential(feeds, base="WETH", quote="DAI") is None


def test_a_reference_price_is_rounded_down_to_atoms_of_any_decimals() -> None:
    feeds = {"reference_e18:SHIB-USDC": 8_123_456_789_012, "reference_e18:WBTC-USDC": 10**23}
    assert reference_atoms(feeds, pool="SHIB-USDC", quote_decimals=6) == 8
    assert reference_atoms(feeds, pool="SHIB-USDC", quote_decimals=18) == 8_123_456_789_012
    assert reference_atoms(feeds, pool="WBTC-USDC", quote_decimals=0) == 100_000
    assert reference_atoms({}, pool="WBTC-USDC", quote_decimals=0) is None


def test_a_fed_source_adds_to_what_the_block_says_and_never_overrules_it() -> None:
    world = model_world(two_days())
    start_s = two_days().start_s

    class OwnGas:
        """A source that knows the base fee, as a chain's header does."""

        genesis_hash = world.source.genesis_hash
        is_canonical = world.source.is_canonical
        rewind = world.source.rewind

        def read(self) -> Snapshot:
            return replace(world.source.read(), feeds={"gas_wei": 5})

    timeline = timeline_of([(start_s, "gas_wei", 9), (start_s + 1, "lend_ppm:USDC", 1)], source="")
    source = FedSource(OwnGas(), lambda: timeline)
    assert source.read().feeds == {"gas_wei": 5}
    world.step(1)
    snapshot = source.read()
    assert snapshot.feeds == {"gas_wei": 5, "lend_ppm:USDC": 1}
    assert source.is_canonical(snapshot.block)
    assert source.genesis_hash == world.source.genesis_hash
    source.rewind(None)
    assert source.read().feeds == snapshot.feeds
    assert not FeedTimeline()
