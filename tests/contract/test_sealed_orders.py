"""Sealed orders on a real pair: who may do what, to the second and to the atom, and nobody more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import brownie
import pytest
from brownie import accounts, reverts

from tests.contract.conftest import CORE, artifact, deploy
from tests.contract.pool_reading import NOBODY, empty_pair, equip
from tests.contract.sealing import (
    BASE,
    CLOSE_S,
    REST_S,
    REVEAL_S,
    SALT,
    USDC,
    WINDOW_S,
    Market,
    Stage,
    next_at,
    now_s,
    open_market,
    seal_of,
)

THREE_AT_2000 = 6_000 * USDC
"""3 base at 2,000. The pair's UQ112.112 price is a floor, so its average is a trace below 2,000:
a sale is paid an atom less, a purchase rounds up to the whole."""


@pytest.fixture(scope="module")
def book(factory: Any, deployer: Any) -> Any:
    """The contract, on the factory of the other fixtures."""
    return brownie.project.get_loaded_projects()[0].SealedOrders.deploy(factory, {"from": deployer})


@pytest.fixture(scope="module")
def market(book: Any, factory: Any, router: Any, token_factory: Any) -> Market:
    """A pair at 2,000 quote a base."""
    tokens = (token_factory(18, "BASE"), token_factory(6, "USDC"))
    return open_market(book, factory=factory, router=router, tokens=tokens)


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
