"""Sealed orders on a real pair: who may do what, to the second and to the atom, and nobody more."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from brownie import accounts, reverts

from bot.config.rule_keys import STRATEGY_KEYS
from tests.contract.conftest import CORE, artifact, deploy
from tests.contract.pool_reading import NOBODY, empty_pair
from tests.contract.sealing import (
    BASE,
    BLOCK_S,
    CLOSE_S,
    REST_S,
    REVEAL_S,
    SALT,
    USDC,
    WINDOW_S,
    Market,
    Stage,
    Terms,
    next_at,
    now_s,
    seal_of,
)

THREE_AT_2000 = 6_000 * USDC
"""3 base at 2,000. The pair's UQ112.112 price is a floor, so its average is a trace below 2,000:
a sale is paid an atom less, a purchase rounds up to the whole."""
UNKNOWN = f"WrongStage: {Stage.NONE:d}, {Stage.CLOSED:d}"
"""What a seal is answered that nobody left."""


# -- the way of an order --------------------------------------------------------------------------


@pytest.mark.parametrize(("is_buy", "quote"), [(True, THREE_AT_2000), (False, THREE_AT_2000 - 1)])
def test_an_order_is_filled_at_its_limit_and_void_an_atom_beyond(
    market: Market, *, is_buy: bool, quote: int
) -> None:
    """Void is final and told with its figures: it cannot be tried again at another average."""
    for tighter, stage in ((0, Stage.FILLED), (1, Stage.VOID)):
        limit = quote - tighter if is_buy else quote + tighter
        terms = market.terms(is_buy=is_buy, base_atoms=3 * BASE, limit=limit)
        opened_s = market.commit(terms)
        told = market.settle(terms, close_at_s=opened_s + WINDOW_S)
        assert told["quoteAtoms"] == quote
        assert told["stage"] == stage == market.stage(terms)
        assert tuple(told["terms"]) == terms.as_tuple()
        with reverts(f"WrongStage: {stage:d}, {Stage.CLOSED:d}"):
            market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})


def test_everybody_sees_an_order_without_its_terms(market: Market) -> None:
    terms = market.terms(is_buy=True)
    seal = market.seal(terms)
    opened_s = market.commit(terms)
    record = market.book.recordOf(market.owner, seal)
    assert tuple(record)[:4] == (market.pair, opened_s, 0, Stage.OPEN)
    assert tuple(record)[4:] == market.book.cumulatives(market.pair)
    closed = market.close(terms, at_s=opened_s + WINDOW_S + 7)
    assert closed["windowS"] == WINDOW_S + 7
    record = market.book.recordOf(market.owner, seal)
    growths = (closed["growth0"], closed["growth1"])
    assert tuple(record) == (
        market.pair,
        opened_s,
        opened_s + WINDOW_S + 7,
        Stage.CLOSED,
        *growths,
    )


# -- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [WINDOW_S, WINDOW_S + CLOSE_S])
def test_the_average_ends_between_these_seconds_and_not_one_outside(
    market: Market, after_s: int
) -> None:
    terms = market.terms(is_buy=True)
    opened_s = market.commit(terms)
    seal = market.seal(terms)
    first_s = opened_s + WINDOW_S
    if after_s == WINDOW_S:
        next_at(first_s - 1)
        with reverts(f"TooEarly: {first_s - 1}, {first_s}"):
            market.book.close(market.owner, seal, {"from": market.owner})
    market.close(terms, at_s=opened_s + after_s)
    assert market.stage(terms) == Stage.CLOSED
    with reverts(f"WrongStage: {Stage.CLOSED:d}, {Stage.OPEN:d}"):
        market.book.close(market.owner, seal, {"from": market.stranger})


def test_an_order_that_nobody_closes_in_time_has_lapsed(market: Market) -> None:
    terms = market.terms(is_buy=True)
    opened_s = market.commit(terms)
    next_at(opened_s + WINDOW_S + CLOSE_S + 1)
    with reverts(f"WrongStage: {Stage.LAPSED:d}, {Stage.OPEN:d}"):
        market.book.close(market.owner, market.seal(terms), {"from": market.stranger})
    assert market.stage(terms) == Stage.LAPSED
    with reverts(f"WrongStage: {Stage.LAPSED:d}, {Stage.CLOSED:d}"):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})


@pytest.mark.parametrize("after_s", [REST_S, REVEAL_S])
def test_terms_are_shown_between_these_seconds_and_not_one_outside(
    market: Market, after_s: int
) -> None:
    terms = market.terms(is_buy=True)
    closed_s = market.commit(terms) + WINDOW_S
    with reverts(f"WrongStage: {Stage.OPEN:d}, {Stage.CLOSED:d}"):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})
    market.close(terms, at_s=closed_s)
    first_s = closed_s + REST_S
    if after_s == REST_S:
        next_at(first_s - 1)
        with reverts(f"TooEarly: {first_s - 1}, {first_s}"):
            market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})
    assert market.reveal(terms, at_s=closed_s + after_s)["stage"] == Stage.FILLED


def test_an_order_whose_terms_are_not_shown_in_time_has_lapsed(market: Market) -> None:
    terms = market.terms(is_buy=True)
    closed_s = market.commit(terms) + WINDOW_S
    market.close(terms, at_s=closed_s)
    next_at(closed_s + REVEAL_S + 1)
    with reverts(f"WrongStage: {Stage.LAPSED:d}, {Stage.CLOSED:d}"):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})
    assert market.stage(terms) == Stage.LAPSED


def test_the_bot_averages_over_the_same_window_unless_told_otherwise(market: Market) -> None:
    assert market.book.WINDOW_S() == WINDOW_S == STRATEGY_KEYS["twap_minutes"].default
    assert market.book.CLOSE_S() == CLOSE_S
    assert market.book.REST_S() == REST_S
    assert market.book.REVEAL_S() == REVEAL_S


# -- which seal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [Stage.OPEN, Stage.CLOSED, Stage.FILLED, Stage.LAPSED])
def test_a_seal_serves_its_owner_once(market: Market, until: Stage) -> None:
    terms = market.terms(is_buy=True)
    opened_s = market.commit(terms)
    if until in (Stage.CLOSED, Stage.FILLED):
        market.close(terms, at_s=opened_s + WINDOW_S)
    if until is Stage.FILLED:
        market.reveal(terms, at_s=opened_s + WINDOW_S + REST_S)
    if until is Stage.LAPSED:
        next_at(opened_s + WINDOW_S + CLOSE_S + 1)
    with reverts(f"WrongStage: {until:d}, {Stage.NONE:d}"):
        market.book.commit(market.seal(terms), market.pair, {"from": market.owner})


def test_a_copied_seal_is_of_no_use_and_in_nobodys_way(market: Market) -> None:
    """The copier is first in the block, and later knows the terms."""
    terms = market.terms(is_buy=True)
    seal = market.seal(terms)
    market.book.commit(seal, market.pair, {"from": market.stranger})
    closed_s = market.commit(terms) + WINDOW_S
    market.close(terms, at_s=closed_s)
    market.book.close(market.stranger, seal, {"from": market.stranger})
    assert market.reveal(terms, at_s=closed_s + REST_S)["stage"] == Stage.FILLED
    with reverts(UNKNOWN):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.stranger})


@pytest.fixture
def closed(market: Market) -> tuple[Market, Terms]:
    """An order that may be revealed."""
    terms = market.terms(is_buy=True)
    closed_s = market.commit(terms) + WINDOW_S
    market.close(terms, at_s=closed_s)
    next_at(closed_s + REST_S)
    return market, terms


@pytest.mark.parametrize(
    "change",
    [
        {"pair": NOBODY},
        {"base_is_token0": None},
        {"is_buy": False},
        {"base_atoms": BASE + 1},
        {"quote_atoms_limit": 2**256 - 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_other_term_is_another_order(
    closed: tuple[Market, Terms], change: dict[str, Any]
) -> None:
    market, terms = closed
    if "base_is_token0" in change:
        change = {"base_is_token0": not terms.base_is_token0}
    other = replace(terms, **change)
    with reverts(UNKNOWN):
        market.book.reveal(other.as_tuple(), SALT, {"from": market.owner})


def test_another_salt_or_owner_reveals_nothing(closed: tuple[Market, Terms]) -> None:
    market, terms = closed
    with reverts(UNKNOWN):
        market.book.reveal(terms.as_tuple(), SALT[::-1], {"from": market.owner})
    with reverts(UNKNOWN):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.stranger})


@pytest.mark.parametrize("elsewhere", [{"chain_id": 1}, {"book": NOBODY}, {"owner": NOBODY}])
def test_a_seal_of_another_chain_contract_or_owner_cannot_be_revealed(
    market: Market, elsewhere: dict[str, Any]
) -> None:
    terms = market.terms(is_buy=True)
    seal = seal_of(terms, **{"owner": market.owner, "book": market.book} | elsewhere)
    market.book.commit(seal, market.pair, {"from": market.owner})
    closed_s = now_s() + WINDOW_S
    next_at(closed_s)
    market.book.close(market.owner, seal, {"from": market.owner})
    next_at(closed_s + REST_S)
    with reverts(UNKNOWN):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})


def test_the_contract_seals_as_its_definition_says(market: Market) -> None:
    terms = market.terms(is_buy=False, base_atoms=2**112 - 1, limit=2**256 - 1)
    seal = market.book.sealOf(market.owner, terms.as_tuple(), SALT)
    assert bytes(seal) == market.seal(terms)


# -- which pair -----------------------------------------------------------------------------------


def test_an_order_must_be_on_the_pair_that_was_named(market: Market, token_factory: Any) -> None:
    other = empty_pair(market.factory, (token_factory(1, "T1"), token_factory(2, "T2")))
    terms = replace(market.terms(is_buy=True), pair=other.address)
    closed_s = market.commit(terms) + WINDOW_S
    market.close(terms, at_s=closed_s)
    next_at(closed_s + REST_S)
    with reverts(f"PairDiffers: {market.pair.address.lower()}, {other.address.lower()}"):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})


def test_an_order_for_nothing_is_refused(market: Market) -> None:
    terms = market.terms(is_buy=True, base_atoms=0)
    closed_s = market.commit(terms) + WINDOW_S
    market.close(terms, at_s=closed_s)
    next_at(closed_s + REST_S)
    with reverts("NothingOrdered: "):
        market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner})


def test_a_pair_of_another_factory_is_refused(market: Market, deployer: Any) -> None:
    """Its code is the same; who vouches for it is not."""
    published = artifact(CORE / "UniswapV2Factory.json")
    other = deploy("UniswapV2Factory", published, deployer.address, sender=deployer)
    pair = empty_pair(other, (market.base, market.quote))
    with reverts(f"NotAPair: {pair.address.lower()}"):
        market.book.commit(SALT, pair, {"from": market.owner})


def test_an_address_that_does_not_answer_as_a_pair_is_refused(market: Market) -> None:
    for stranger in (accounts[5], market.base, market.factory):
        with reverts():
            market.book.commit(SALT, stranger, {"from": market.owner})
    assert market.book.stageOf(market.owner, SALT) == Stage.NONE


def test_a_pair_without_reserves_has_no_price(market: Market, token_factory: Any) -> None:
    pair = empty_pair(market.factory, (token_factory(1, "T1"), token_factory(2, "T2")))
    with reverts(f"EmptyPair: {pair.address.lower()}"):
        market.book.commit(SALT, pair, {"from": market.owner})


# -- what it cannot do ----------------------------------------------------------------------------


def test_nothing_can_be_sent_held_moved_or_set(market: Market) -> None:
    """No ether comes in, no call but these three changes anything, none of them can be paid."""
    entries = [entry for entry in market.book.abi if entry["type"] != "event"]
    assert {entry["type"] for entry in entries} == {"constructor", "function", "error"}
    changing = {
        entry["name"]: entry["stateMutability"]
        for entry in entries
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    assert changing == dict.fromkeys(("commit", "close", "reveal"), "nonpayable")
    with reverts():
        market.stranger.transfer(market.book, 1)


def test_an_order_costs_no_more_gas_than_this(market: Market) -> None:
    """In thousands, on a pair that was traded before, the transaction's own 21 included."""
    terms = market.terms(is_buy=True)
    seal = market.seal(terms)
    market.push(Fraction(1, 100), at_s=now_s() + BLOCK_S)
    spent = [market.book.commit(seal, market.pair, {"from": market.owner}).gas_used]
    next_at(now_s() + WINDOW_S)
    spent.append(market.book.close(market.owner, seal, {"from": market.owner}).gas_used)
    next_at(now_s() + REST_S)
    spent.append(market.book.reveal(terms.as_tuple(), SALT, {"from": market.owner}).gas_used)
    assert [-(-gas // 1_000) for gas in spent] == [114, 53, 39]
