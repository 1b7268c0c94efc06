"""A tick as a line of the journal, and back again without loss."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.core.canonical import canonical_json
from bot.core.record import decode_snapshot, decode_spec, encode_snapshot, encode_spec, read_body
from bot.core.snapshot import PoolTuple, Snapshot
from tests.builders.runs import chain_path
from tests.builders.scripts import two_days

DEPOSIT = 'kind = "deposit"\nday = 0.25\npool = "WETH-USDC"\nshare_bps = 50'
PATH = chain_path(two_days(DEPOSIT))


def through(snapshot: Snapshot, before: Snapshot | None) -> Snapshot:
    """A snapshot written and read."""
    text = canonical_json(encode_snapshot(snapshot, before))
    return decode_snapshot(read_body(text), snapshot.specs, before)


def test_every_snapshot_comes_back_equal_on_top_of_the_one_before() -> None:
    before = None
    for seen in PATH:
        assert through(seen, before) == seen
        before = seen
    assert any(seen.events for seen in PATH[1:])


def test_a_pool_that_did_not_change_is_not_written_again() -> None:
    same = replace(PATH[1], pools=PoolTuple(PATH[0].pools))
    written = encode_snapshot(same, PATH[0])
    assert isinstance(written, dict)
    assert written["pools"] == []
    assert through(same, PATH[0]) == same


def test_amounts_beyond_a_doubles_digits_survive() -> None:
    huge = replace(PATH[0].pools[0], reserve0=2**112 - 1, price0_cumulative=2**256 - 1)
    seen = replace(PATH[0], pools=PoolTuple([huge]))
    assert through(seen, None) == seen


def test_specs_come_back_equal() -> None:
    for spec in PATH[0].specs:
        assert decode_spec(json.loads(canonical_json(encode_spec(spec)))) == spec


def test_feeds_are_written_when_they_change_and_forgotten_when_they_are_not_known_any_more() -> (
    None
):
    first = replace(PATH[0], feeds={"gas_wei": 10**18, "lend_ppm:WETH": -5})
    same, other = replace(PATH[1], feeds=first.feeds), replace(PATH[1], feeds={"gas_wei": 7})
    written = [encode_snapshot(first, None), encode_snapshot(same, first),
               encode_snapshot(other, same)]  # fmt: skip
    assert [body.get("feeds") for body in written if isinstance(body, dict)] == [
        {"gas_wei": str(10**18), "lend_ppm:WETH": "-5"},
        None,
        {"gas_wei": "7", "lend_ppm:WETH": None},
    ]
    assert through(first, None) == first
    assert through(same, first) == same
    assert through(other, same) == other
