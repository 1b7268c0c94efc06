"""A ladder of layers on a chain in the hands of the test: the price is set, hour by hour."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from bot.core.model_stage import model_specs
from bot.core.quotes import PoolTerms
from bot.core.record import read_body
from bot.core.rules import Layer, Rules
from bot.core.snapshot import Block, EventKind, PoolState, PoolTuple, PositionEvent, Snapshot
from bot.core.terms import sealed
from bot.core.twap import Q112
from bot.core.venue import PaperVenue, VenueTerms
from bot.edges.memory_store import MemoryStore
from bot.runs.runner import Runner
from tests.builders.runs import HOUR_S, POOL, rules_of, runner_for
from tests.builders.scripts import two_days

START_S = 1_772_438_400  # 2026-03-02T08:00:00Z, an expiry
SPEC = model_specs(two_days())[0]
LP = 10**15
SUPPLY = 3 * LP


class Priced:
    """A pool of 1,000 WETH a side whose price the test sets, hour by hour, without any trade."""

    genesis_hash = "0x0"

    def __init__(self) -> None:
        self.number, self.time_s, self.price = 0, START_S, 2_000
        self.cumulative, self.lp = 0, LP

    def read(self) -> Snapshot:
        """The pool now. The first read brings the position, a third of it at 2,000 dollars."""
        base = Fraction(1_000 * 10**18 * 2_000, self.price) if self.price else Fraction(0)
        quote = 2_000 * 1_000 * 10**6
        sides = (int(base), quote) if SPEC.base_is_token0 else (quote, int(base))
        pool = PoolState(
            reserve0=sides[0], reserve1=sides[1], reserves_time_s=self.time_s,
            price0_cumulative=self.cumulative, price1_cumulative=self.cumulative,
            total_supply=SUPPLY, lp_balance=self.lp, k_last=0, fee_on=False,
        )  # fmt: skip
        events = () if self.number else (event(EventKind.MINT, LP),)
        if self.lp == 0 and self.number and not self.gone:
            self.gone = True
            events = (event(EventKind.BURN, LP),)
        block = Block(
            number=self.number, hash=f"0x{self.number}", parent_hash="", time_s=self.time_s
        )
        return Snapshot(
            chain_id=1, block=block, specs=(SPEC,), pools=PoolTuple([pool]), events=events
        )

    gone = False

    def is_canonical(self, block: Block) -> bool:
        return True

    def rewind(self, snapshot: Snapshot | None) -> None:
        pass

    def pass_hours(self, hours: float, *, price: int) -> None:
        """Time passes at the old price, which then becomes the new one."""
        per_atom = Fraction(2_000 * 1_000 * 10**6 * self.price, 1_000 * 10**18 * 2_000)
        self.cumulative += int(per_atom * Q112) * int(hours * HOUR_S)
        self.number += 1
        self.time_s += int(hours * HOUR_S)
        self.price = price


def event(kind: EventKind, lp_atoms: int) -> PositionEvent:
    return PositionEvent(
        pool=POOL, kind=kind, lp_atoms=lp_atoms, base_atoms=10**21 // 3,
        quote_atoms=2_000_000 * 10**6 // 3, block_number=0, log_index=0, tx_hash=kind.value,
    )  # fmt: skip


class Ladder:
    """One book under some rules, stepped by hand; each step answers with its decisions."""

    def __init__(
        self,
        *layers: Layer,
        cash: int = 10**11,
        start_s: int = START_S,
        terms: PoolTerms | None = None,
        **changes: Any,
    ) -> None:
        self.rules: Rules = sealed(rules_of(*layers, vol_samples_min=10**6, **changes))
        self.chain, self.journal = Priced(), MemoryStore()
        self.chain.time_s = start_s
        self.runner: Runner = runner_for(two_days(), self.rules, journal=self.journal)
        opening = self.runner.opening
        self.runner.opening = lambda seen: replace(opening(seen), capital={"USDC": cash})
        self.runner.source = self.chain
        if terms is not None:
            self.runner.venue = PaperVenue(VenueTerms(pools={POOL: terms}))
        self.last: dict[str, Any] = {}
        self.tick()

    def tick(self) -> list[str]:
        assert self.runner.tick(), self.runner.counters.last_error
        self.last = read_body(list(self.journal.rows())[-1].body)
        return [decision["reason"] for decision in self.last["decisions"]]

    def step(self, hours: float, price: int) -> list[str]:
        self.chain.pass_hours(hours, price=price)
        return self.tick()

    @property
    def statuses(self) -> list[str]:
        return list(self.last["book"]["layers"][POOL].values())

    @property
    def intents(self) -> list[str]:
        return [order["intent"] for order in self.last["orders"]]

    def walk(self, *steps: tuple[float, int]) -> list[str]:
        return [self.step(hours, price)[0] for hours, price in steps]
