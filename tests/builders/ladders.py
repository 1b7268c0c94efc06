"""A ladder of layers on a chain in the hands of the test: the price is set, hour by hour."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from bot.core.conditions import Comparison
from bot.core.errors import ReorgDetectedError
from bot.core.model_stage import model_specs
from bot.core.quotes import PoolTerms
from bot.core.record import read_body
from bot.core.rules import Layer, Rules, SizeBy
from bot.core.snapshot import Block, EventKind, PoolState, PoolTuple, PositionEvent, Snapshot
from bot.core.terms import sealed
from bot.core.twap import Q112
from bot.core.venue import PaperVenue, VenueTerms
from bot.edges.memory_store import MemoryStore
from bot.runs.runner import Runner
from tests.builders.runs import DAY_S, HOUR_S, POOL, rules_of, runner_for
from tests.builders.scripts import two_days

START_S = 1_772_438_400  # 2026-03-02T08:00:00Z, an expiry
SPEC = model_specs(two_days())[0]
LP = 10**15
SUPPLY = 3 * LP
SHORT: dict[str, Any] = {
    "instrument": "forward",
    "offsets_bps": (0,),
    "size_by": SizeBy.BASE,
    "hedge_ratio_bps": 10_000,
    "tenor_s": 7 * DAY_S,
    "arm": Comparison(metric="move_bps", below=-400.0),
    "disarm": Comparison(metric="move_bps", below=-9_000.0),
}
"""A layer that sells all the base tokens of the position forward after a fall of 4 %."""


class Priced:
    """A pool of 1,000 WETH a side whose price the test sets, hour by hour, without any trade.

    lp: LP tokens of the owner, to be changed between ticks. shallower: both reserves are divided
    by it. A price of 0 leaves a pool that cannot be valued. feeds: what every snapshot carries.
    """

    genesis_hash = "0x0"

    def __init__(self) -> None:
        self.number, self.time_s, self.price = 0, START_S, 2_000
        self.cumulative, self.lp, self.told_lp = 0, LP, 0
        self.shallower, self.branch = 1, 0
        self.feeds: dict[str, int] = {}
        self.last_hash: str | None = None
        self.hashes: dict[int, str] = {}
        self.past: list[tuple[int, int, int, int, int]] = []

    def read(self) -> Snapshot:
        """The pool now. The first read brings the position, a third of it at 2,000 dollars."""
        if self.last_hash is not None and self.last_hash not in self.hashes.values():
            raise ReorgDetectedError(
                block_number=self.number, hash_seen=self.last_hash, hash_now=self._hash()
            )
        base, quote = self._reserves()
        sides = (base, quote) if SPEC.base_is_token0 else (quote, base)
        pool = PoolState(
            reserve0=sides[0], reserve1=sides[1], reserves_time_s=self.time_s,
            price0_cumulative=self.cumulative, price1_cumulative=self.cumulative,
            total_supply=SUPPLY, lp_balance=self.lp, k_last=0, fee_on=False,
        )  # fmt: skip
        events, self.told_lp = self._events(), self.lp
        block = Block(number=self.number, hash=self._hash(), parent_hash="", time_s=self.time_s)
        self.hashes[self.number] = self.last_hash = block.hash
        return Snapshot(
            chain_id=1, block=block, specs=(SPEC,), pools=PoolTuple([pool]), events=events,
            feeds=dict(self.feeds),
        )  # fmt: skip

    def is_canonical(self, block: Block) -> bool:
        return self.hashes.get(block.number) == block.hash

    def rewind(self, snapshot: Snapshot | None) -> None:
        self.last_hash = None if snapshot is None else snapshot.block.hash
        self.told_lp = 0 if snapshot is None else snapshot.pools[0].lp_balance

    def pass_hours(self, hours: float, *, price: int) -> None:
        """Time passes at the old price, which then becomes the new one."""
        self.past.append((self.number, self.time_s, self.price, self.cumulative, self.lp))
        per_atom = Fraction(2_000 * 1_000 * 10**6 * self.price, 1_000 * 10**18 * 2_000)
        self.cumulative += int(per_atom * Q112) * int(hours * HOUR_S)
        self.number += 1
        self.time_s += int(hours * HOUR_S)
        self.price = price

    def reorganise(self, depth: int) -> None:
        """The last blocks leave the chain; others take their numbers from here on."""
        for _ in range(min(depth, len(self.past))):
            self.hashes.pop(self.number, None)
            self.number, self.time_s, self.price, self.cumulative, self.lp = self.past.pop()
        self.branch += 1

    def _reserves(self) -> tuple[int, int]:
        """(base, quote) atoms."""
        base = Fraction(1_000 * 10**18 * 2_000, self.price) if self.price else Fraction(0)
        return int(base) // self.shallower, 2_000 * 1_000 * 10**6 // self.shallower

    def _hash(self) -> str:
        before = self.hashes.get(self.number)
        return before or f"0x{self.number}" + (f".{self.branch}" if self.branch else "")

    def _events(self) -> tuple[PositionEvent, ...]:
        """What the owner has put in or taken out since the last read, at the reserves of now."""
        moved = self.lp - self.told_lp
        if not moved:
            return ()
        kind = EventKind.MINT if moved > 0 else EventKind.BURN
        base, quote = (side * abs(moved) // SUPPLY for side in self._reserves())
        one = PositionEvent(
            pool=POOL, kind=kind, lp_atoms=abs(moved), base_atoms=base, quote_atoms=quote,
            block_number=self.number, log_index=0, tx_hash=f"{kind.value} {self._hash()}",
        )  # fmt: skip
        return (one,)


class Ladder:
    """One book under some rules, stepped by hand; each step answers with its decisions."""

    def __init__(
        self,
        *layers: Layer,
        cash: int = 10**11,
        start_s: int = START_S,
        terms: PoolTerms | None = None,
        rules: Rules | None = None,
        **changes: Any,
    ) -> None:
        self.rules: Rules = rules or sealed(rules_of(*layers, vol_samples_min=10**6, **changes))
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
