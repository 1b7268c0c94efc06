"""The whole method on its tour: every layer opens and closes, on the model, on Anvil and live
alike."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.config import load_rules
from bot.core.ports import Row
from bot.core.sleeves import Sleeve
from bot.edges.memory_store import MemoryStore
from bot.edges.store import SqliteStore
from tests.builders.played import bodies, require_same_book, shipped_book

pytestmark = pytest.mark.fork

RULES = load_rules(Path(__file__).parents[2] / "rules" / "alvh.toml")
OPENING = {"ARM", "RETRY", "WORKING"}


@pytest.fixture(scope="module")
def book() -> MemoryStore:
    return shipped_book("alvh_tour", RULES, engine="model")


@pytest.fixture(scope="module")
def anvil() -> MemoryStore:
    """One play on the node, shared, since it takes the longest."""
    return shipped_book("alvh_tour", RULES, engine="anvil")


@pytest.fixture(scope="module")
def model(book: MemoryStore) -> list[Row]:
    return list(book.rows())


def dealt(rows: list[Row]) -> dict[str, list[tuple[str, str]]]:
    """What each layer dealt, in order: (intent, reason)."""
    found = defaultdict(list)
    for body in bodies(rows):
        for order, fill in zip(body["orders"], body["fills"], strict=True):
            if fill["status"] != "refused":
                found[order["layer"]].append((order["intent"], order["reason"]))
    return found


def test_every_layer_opens_and_closes_for_its_reasons(model: list[Row]) -> None:
    by_layer = dealt(model)
    assert set(by_layer) == {layer.name for layer in RULES.layers}
    for layer, deals in by_layer.items():
        opened = {reason for intent, reason in deals if intent == "open"}
        ended = {reason for intent, reason in deals if intent != "open"}
        assert opened, layer
        assert opened <= OPENING, layer
        assert ended, layer
    ends = {reason for deals in by_layer.values() for intent, reason in deals if intent != "open"}
    assert ends >= {"DISARM", "MONETISE", "ROLL", "RESTRIKE", "SETTLE", "GATE"}


def test_the_condor_earns_and_its_income_stands_beside_the_budgets(model: list[Row]) -> None:
    ended = [reason for intent, reason in dealt(model)["income"] if intent != "open"]
    assert ended[0] == "MONETISE"
    assert any(
        int(decision["numbers"]["kept_bps"]) >= 5_000
        for body in bodies(model)
        for decision in body["decisions"]
        if (decision["layer"], decision["reason"]) == ("income", "MONETISE")
    )


def test_a_condor_that_is_opened_tells_the_band_in_which_it_earns(model: list[Row]) -> None:
    """From the inner strikes outwards by less than the wings are wide, around the price."""
    opened = 0
    for body in bodies(model):
        spot = int(body["views"]["WETH-USDC"]["market"]["spot"])
        for order in body["orders"]:
            if (order["layer"], order["intent"]) != ("income", "open"):
                continue
            (told,) = [one for one in body["decisions"] if one["layer"] == "income"]
            wing, put, call, far = (int(leg["contract"]["strike"]) for leg in order["legs"])
            low, high = int(told["numbers"]["even_low"]), int(told["numbers"]["even_high"])
            assert wing < low < put < spot < call < high < far
            opened += 1
    assert opened


def test_the_second_engine_acts_in_macro_windows_and_in_the_squeeze_with_money_of_its_own(
    model: list[Row],
) -> None:
    for body in bodies(model):
        metrics = body["views"]["WETH-USDC"]["metrics"]
        for order in body["orders"]:
            if order["intent"] == "open" and order["layer"] == "announcement":
                assert metrics["in_macro_window"] == 1
            if order["intent"] == "open" and order["layer"] == "squeeze":
                assert metrics["gas_gwei_ratio"] > 3


def decisions_of_the_engine(rows: list[Row]) -> list[tuple[Any, Any]]:
    """(body, decision) of every decision of the engine's layers."""
    names = {layer.name for layer in RULES.layers if layer.sleeve is Sleeve.ENGINE}
    return [
        (body, decision)
        for body in bodies(rows)
        for decision in body["decisions"]
        if decision["layer"] in names
    ]


def test_the_gate_is_shut_while_consumer_prices_call_for_the_engine(model: list[Row]) -> None:
    """Opened on day 7.5 for a week, until 9 March 20:00 UTC. Consumer prices come on 11 March at
    12:30; their window, 18 hours before to 6 after, holds the 24 hours from 10 March 19:00 on."""
    ran_out_s = 1_773_086_400
    asked = [
        (body, decision)
        for body, decision in decisions_of_the_engine(model)
        if decision["reason"] == "GATE"
        and decision["layer"] == "announcement"
        and body["views"]["WETH-USDC"]["metrics"]["in_macro_window"] == 1
    ]
    assert len(asked) == 24
    for body, decision in asked:
        time_s = body["snapshot"]["block"]["time_s"]
        assert decision["numbers"] == {
            "gate_until_s": str(ran_out_s), "gate_block_time_s": str(time_s),
        }  # fmt: skip
        assert time_s > ran_out_s
        assert (decision["status"], decision["wanted"]) == ("idle", "idle")


def test_the_gate_shuts_while_the_token_is_held_and_it_is_sold_on_that_block(
    model: list[Row],
) -> None:
    """Shut on day 19, 14 March 08:00 UTC, and signed for again a day later."""
    deals = dealt(model)["cheap_vol"]
    assert deals == [("open", "ARM"), ("close", "GATE"), ("open", "ARM"), ("close", "DISARM")]
    (sold,) = (
        decision
        for _, decision in decisions_of_the_engine(model)
        if decision["reason"] == "GATE" and "cash" in decision["numbers"]
    )
    shut_s = "1773475200"
    assert (sold["status"], sold["wanted"]) == ("holding", "idle")
    assert (sold["numbers"]["gate_until_s"], sold["numbers"]["gate_block_time_s"]) == (
        shut_s, shut_s,
    )  # fmt: skip


def test_no_order_of_the_engine_opens_on_a_block_on_which_the_gate_is_shut(
    model: list[Row],
) -> None:
    """Oracle: the feed as the records carry it, folded here."""
    until_s, shut, opened = 0, 0, 0
    for body in bodies(model):
        until_s = int(body["snapshot"].get("feeds", {}).get("engine_gate_s", until_s))
        is_shut = until_s <= body["snapshot"]["block"]["time_s"]
        shut += is_shut
        for order in body["orders"]:
            if order["sleeve"] == "engine" and order["intent"] == "open":
                assert not is_shut, body["tick"]
                opened += 1
    assert (shut > 200, opened) == (True, 5)


def test_the_whole_tour_is_decided_and_booked_alike_on_anvil_and_on_the_model(
    book: MemoryStore, anvil: MemoryStore
) -> None:
    require_same_book(anvil, book)


def test_the_tour_demonstrated_live_is_the_book_of_its_replays_byte_for_byte(
    book: MemoryStore,
    anvil: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command: the scheduler ticks, the journal is on disk. A replay on Anvil gives the very
    rows, blocks and seals included; the model the same but for the names of its chain."""
    monkeypatch.chdir(tmp_path)
    asked = ["demo", "--scenario", "alvh_tour", "--fast", "--json", "--book", "live.sqlite"]
    assert cli.main(asked) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["rules_hash"] == RULES.hash
    assert cli.main(["replay", "--journal", "live.sqlite", "--json"]) == 0
    walked = json.loads(capsys.readouterr().out)
    assert (walked["identical"], walked["ticks"]) == (True, summary["ticks"])
    with SqliteStore(tmp_path / "live.sqlite", create=False, readonly=True) as live:
        live.check()
        assert list(live.rows()) == list(anvil.rows())
        assert list(live.entries()) == list(anvil.entries())
        require_same_book(live, book)
