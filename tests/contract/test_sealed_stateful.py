"""Sealed orders of two owners in any order of events: the contract stands where a model says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from brownie import chain
from brownie.exceptions import VirtualMachineError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.core.twap import Observation, twap_atoms
from tests.contract.sealing import (
    BLOCK_S,
    CLOSE_S,
    REST_S,
    REVEAL_S,
    SALT,
    WINDOW_S,
    Market,
    Stage,
    Terms,
    next_at,
    now_s,
)

RUNS = 4
STEPS = 20


@dataclass(frozen=True)
class Sealed:
    """What the model knows of one order."""

    terms: Terms
    stage: Stage = Stage.NONE
    opened: Observation | None = None
    closed: Observation | None = None

    def by(self, time_s: int) -> Stage:
        """Where it stands at a moment."""
        if self.stage is Stage.OPEN and self.opened is not None:
            last_s = self.opened.time_s + WINDOW_S + CLOSE_S
        elif self.stage is Stage.CLOSED and self.closed is not None:
            last_s = self.closed.time_s + REVEAL_S
        else:
            return self.stage
        return self.stage if time_s <= last_s else Stage.LAPSED


numbers = st.integers(0, 2)
waits = st.sampled_from(
    (BLOCK_S, REST_S - BLOCK_S, REST_S, WINDOW_S - BLOCK_S, WINDOW_S, CLOSE_S, REVEAL_S)
)


class Dealing(RuleBasedStateMachine):
    """Three sales of one base token with limits about the price, and somebody who trades."""

    def __init__(self, market: Market) -> None:
        super().__init__()
        self.market = market
        self.at_s = now_s()
        self.orders = [
            Sealed(market.terms(is_buy=False, limit=limit * 10**6)) for limit in (1, 1_950, 10**9)
        ]

    def teardown(self) -> None:
        """Every run starts from the same chain."""
        chain.revert()

    @rule(wait_s=waits)
    def wait(self, wait_s: int) -> None:
        """Time passes; the next block is so much later."""
        self.at_s += wait_s

    @rule(sells_base=st.booleans(), bps=st.integers(1, 2_000))
    def swap(self, *, sells_base: bool, bps: int) -> None:
        """Somebody trades."""
        token = self.market.base if sells_base else self.market.quote
        reserve = self.market.reserves[0 if sells_base else 1]
        self.market.swap(token, reserve * bps // 10_000, at_s=self._next_s())

    @rule(number=numbers)
    def commit(self, number: int) -> None:
        """The owner leaves the seal."""
        order = self.orders[number]
        book, seal = self.market.book, self.market.seal(order.terms)
        done = self._try(book.commit, seal, self.market.pair, by=self.market.owner)
        assert done is (order.by(self.at_s) is Stage.NONE)
        if done:
            self.orders[number] = replace(order, stage=Stage.OPEN, opened=self.market.seen())

    @rule(number=numbers)
    def close(self, number: int) -> None:
        """A stranger ends the average."""
        order = self.orders[number]
        book, seal = self.market.book, self.market.seal(order.terms)
        done = self._try(book.close, self.market.owner, seal, by=self.market.stranger)
        ready = order.opened is not None and self.at_s >= order.opened.time_s + WINDOW_S
        assert done is (ready and order.by(self.at_s) is Stage.OPEN)
        if done:
            self.orders[number] = replace(order, stage=Stage.CLOSED, closed=self.market.seen())

    @rule(number=numbers)
    def reveal(self, number: int) -> None:
        """The owner shows the terms; the figure is the bot's own average."""
        order = self.orders[number]
        reveal = self.market.book.reveal
        done = self._try(reveal, order.terms.as_tuple(), SALT, by=self.market.owner)
        ready = order.closed is not None and self.at_s >= order.closed.time_s + REST_S
        assert done is (ready and order.by(self.at_s) is Stage.CLOSED)
        if not done:
            return
        average = twap_atoms(
            (order.opened, order.closed),
            window_start_s=order.opened.time_s,
            window_end_s=order.closed.time_s,
            base_decimals=18,
        )
        told = chain.get_transaction(self.last).events["Revealed"]
        assert told["quoteAtoms"] == average
        filled = average >= order.terms.quote_atoms_limit
        assert told["stage"] == (Stage.FILLED if filled else Stage.VOID)
        self.orders[number] = replace(order, stage=Stage(told["stage"]))

    @invariant()
    def the_contract_stands_where_the_model_does(self) -> None:
        """As of the newest block."""
        for order in self.orders:
            assert self.market.stage(order.terms) is order.by(now_s())

    def _next_s(self) -> int:
        self.at_s = max(self.at_s, now_s()) + BLOCK_S
        return self.at_s

    def _try(self, call: Any, *values: Any, by: Any) -> bool:
        next_at(self._next_s())
        try:
            self.last = call(*values, {"from": by}).txid
        except VirtualMachineError:
            return False
        return True


def test_orders_go_their_way_and_no_other_whatever_happens(market: Market) -> None:
    chain.snapshot()
    run_state_machine_as_test(
        partial(Dealing, market),
        settings=settings(max_examples=RUNS, stateful_step_count=STEPS, deadline=None),
    )
