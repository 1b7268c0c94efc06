"""Sealed orders in any order of events: the contract stands where a model says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from brownie import chain
from brownie.exceptions import VirtualMachineError
from brownie.test import given
from hypothesis import settings
from hypothesis import strategies as st

from bot.core.twap import Observation, twap_atoms
from tests.contract.sealing import (
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
)

EXAMPLES = 6
STEPS = 12


@dataclass(frozen=True)
class Sealed:
    """What the model knows of one order."""

    terms: Terms
    stage: Stage = Stage.NONE
    opened: Observation | None = None
    closed: Observation | None = None

    @property
    def term(self) -> tuple[int, int] | None:
        """The first and the last second of its next step, while there is one."""
        if self.stage is Stage.OPEN and self.opened:
            return self.opened.time_s + WINDOW_S, self.opened.time_s + WINDOW_S + CLOSE_S
        if self.stage is Stage.CLOSED and self.closed:
            return self.closed.time_s + REST_S, self.closed.time_s + REVEAL_S
        return None

    def by(self, time_s: int) -> Stage:
        """Where it stands at a moment."""
        return Stage.LAPSED if self.term and time_s > self.term[1] else self.stage

    def may(self, step: Stage, time_s: int) -> bool:
        """Whether it is at this stage and its next step is allowed at this moment."""
        return self.by(time_s) is step and bool(self.term) and time_s >= self.term[0]


@dataclass(frozen=True)
class Go:
    """A step for an order: its next one or any other, at an end of its term, or a second off."""

    number: int
    step: str | None
    end: int
    off_s: int


@dataclass(frozen=True)
class Swap:
    """Somebody trades so much of a reserve."""

    sells_base: bool
    bps: int


numbers = st.integers(0, 2)
goes = st.builds(
    Go, numbers, st.none(), st.sampled_from([0, 0, 0, 1]), st.sampled_from([0, 0, 1, -1])
)
strays = st.builds(
    Go, numbers, st.sampled_from(["commit", "close", "reveal"]), st.just(0), st.just(0)
)
swaps = st.builds(Swap, st.booleans(), st.integers(1, 2_000))
# Not a RuleBasedStateMachine: the first ten examples of hypothesis 6.27 are cut to a step or two.
courses = st.lists(goes | goes | strays | swaps, min_size=STEPS, max_size=STEPS)


class Dealing:
    """Three sales of one base token, at any price, about the price and far above it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.next_s = now_s() + BLOCK_S
        self.orders = [
            Sealed(market.terms(is_buy=False, limit=limit * USDC)) for limit in (1, 2_000, 10**9)
        ]
        for number in range(len(self.orders)):
            self.commit(number)

    def go(self, how: Go) -> None:
        """What has no step left tries to be revealed once more."""
        order = self.orders[how.number]
        if order.term and how.step is None:
            self.next_s = max(self.next_s, order.term[how.end] + how.off_s)
        due = {Stage.NONE: "commit", Stage.OPEN: "close"}.get(order.stage, "reveal")
        getattr(self, how.step or due)(how.number)

    def swap(self, how: Swap) -> None:
        """By the trader."""
        token = self.market.base if how.sells_base else self.market.quote
        reserve = self.market.reserves[0 if how.sells_base else 1]
        self.market.swap(token, reserve * how.bps // 10_000, at_s=self._take_s())

    def commit(self, number: int) -> None:
        """The owner leaves the seal."""
        order = self.orders[number]
        book, seal = self.market.book, self.market.seal(order.terms)
        done = self._try(book.commit, seal, self.market.pair, by=self.market.owner)
        assert done is (order.stage is Stage.NONE)
        if done:
            self.orders[number] = replace(order, stage=Stage.OPEN, opened=self.market.seen())

    def close(self, number: int) -> None:
        """A stranger ends the average."""
        order = self.orders[number]
        book, seal = self.market.book, self.market.seal(order.terms)
        done = self._try(book.close, self.market.owner, seal, by=self.market.stranger)
        assert done is order.may(Stage.OPEN, now_s())
        if done:
            self.orders[number] = replace(order, stage=Stage.CLOSED, closed=self.market.seen())

    def reveal(self, number: int) -> None:
        """The owner shows the terms; the figure is the bot's own average."""
        order = self.orders[number]
        reveal = self.market.book.reveal
        done = self._try(reveal, order.terms.as_tuple(), SALT, by=self.market.owner)
        assert done is order.may(Stage.CLOSED, now_s())
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

    def check(self) -> None:
        """The contract stands where the model does, as of the newest block."""
        for order in self.orders:
            assert self.market.stage(order.terms) is order.by(now_s())

    def _take_s(self) -> int:
        taken_s = self.next_s
        self.next_s += BLOCK_S
        return taken_s

    def _try(self, call: Any, *values: Any, by: Any) -> bool:
        next_at(self._take_s())
        try:
            self.last = call(*values, {"from": by}).txid
        except VirtualMachineError:
            return False
        return True


@settings(max_examples=EXAMPLES)
@given(course=courses)
def test_orders_go_their_way_and_no_other_whatever_happens(
    market: Market, course: list[Go | Swap]
) -> None:
    dealing = Dealing(market)
    for step in course:
        if isinstance(step, Go):
            dealing.go(step)
        else:
            dealing.swap(step)
        dealing.check()
