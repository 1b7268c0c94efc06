"""The basket of all watched pools beside the hedged book, from the journal alone.

It is fed the pools that each record changed, in order, and remembers as far back as a reorg goes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.basket import (
    GRAIN_DIGITS,
    ONE,
    PoolWorth,
    crossings,
    currency_of,
    has_price,
    hold_down,
    rate_through,
    stake_down,
    worth_of,
)
from bot.core.canonical import Json
from bot.core.engine import UNDO_DEPTH_TICKS
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.units import BPS
from bot.report.figures import amount, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketSeen:
    """The basket after one tick.

    pools: how many it is in. waiting: watched pools that it is not in, because they have had no
    price in its currency yet. value_grains, hold_grains: of one unit put in, 18 decimals, as LP and
    had its tokens been kept; None while a pool that it is in has no price.
    """

    currency: str
    pools: int
    waiting: int
    value_grains: int | None
    hold_grains: int | None

    @property
    def vs_hold_bps(self) -> int | None:
        """The basket against holding its tokens, bps of what holding is worth, rounded down."""
        if self.value_grains is None or not self.hold_grains:
            return None
        return (self.value_grains - self.hold_grains) * BPS // self.hold_grains

    def to_json(self) -> Json:
        """For machines; money as exact text."""
        value, hold = self.value_grains, self.hold_grains
        return {
            "currency": self.currency,
            "pools": self.pools,
            "waiting": self.waiting,
            "value": None if value is None else plain(value, GRAIN_DIGITS),
            "hold": None if hold is None else plain(hold, GRAIN_DIGITS),
            "vs_hold_bps": self.vs_hold_bps,
        }


@dataclass(frozen=True, slots=True)
class _Held:
    """One watched pool: its state, where the basket joined it, and what that came to."""

    state: PoolState | None = None
    joined: PoolWorth | None = None
    grains: tuple[int, int] | None = None


NOTHING_HELD = _Held()


class Basket:
    """Follows the basket, tick by tick."""

    def __init__(self, specs: Sequence[PoolSpec]) -> None:
        """Start before the first tick."""
        self._specs = tuple(specs)
        self._currency = currency_of(specs)
        self._crossings = crossings(specs)
        self._held: dict[int, _Held] = {}
        self._trail: deque[tuple[int, Mapping[int, _Held]]] = deque(maxlen=UNDO_DEPTH_TICKS + 1)
        self._priced_by: dict[int, list[int]] = {}
        for index, spec in enumerate(specs):
            if (crossing := self._crossings.get(spec.quote.symbol)) is not None:
                self._priced_by.setdefault(crossing.index, []).append(index)

    def after(self, changed: Iterable[tuple[int, PoolState]], *, block_number: int) -> BasketSeen:
        """Take in the pools that changed in one more tick."""
        states = dict(changed)
        touched = set(states)
        for index in states:
            touched.update(self._priced_by.get(index, ()))
        before = {index: self._held.get(index, NOTHING_HELD) for index in touched}
        for index, state in states.items():
            held = self._held.get(index, NOTHING_HELD)
            self._held[index] = _Held(state, held.joined, held.grains)
        for index in touched:
            self._held[index] = self._valued(index)
        self._trail.append((block_number, before))
        return self._seen()

    def undo(self, *, ancestor_number: int) -> None:
        """Forget every tick above the ancestor's block."""
        while self._trail and self._trail[-1][0] > ancestor_number:
            self._held.update(self._trail.pop()[1])

    def _valued(self, index: int) -> _Held:
        """The pool joined if it can be, and what the stake in it is worth now."""
        held, spec = self._held.get(index, NOTHING_HELD), self._specs[index]
        rate = None
        if held.state is not None and has_price(held.state):
            rate = ONE if spec.quote.symbol == self._currency else self._rate(spec.quote.symbol)
        if held.state is None or rate is None:
            return _Held(held.state, held.joined, None)
        now = worth_of(spec, held.state, rate=rate)
        joined = held.joined or now
        return _Held(held.state, joined, (stake_down(joined, now), hold_down(joined, now)))

    def _rate(self, symbol: str) -> Fraction | None:
        crossing = self._crossings.get(symbol)
        if crossing is None:
            return None
        through = self._held.get(crossing.index, NOTHING_HELD).state
        return rate_through(crossing, self._specs[crossing.index], through)

    def _seen(self) -> BasketSeen:
        joined = [held for held in self._held.values() if held.joined is not None]
        known = [held.grains for held in joined if held.grains is not None]
        whole = bool(known) and len(known) == len(joined)
        return BasketSeen(
            currency=self._currency,
            pools=len(joined),
            waiting=len(self._specs) - len(joined),
            value_grains=sum(value for value, _ in known) // len(known) if whole else None,
            hold_grains=sum(hold for _, hold in known) // len(known) if whole else None,
        )


def basket_sentence(basket: BasketSeen) -> str:
    """`basket of 4 pools, unhedged: 1 USDC put in is 0.982310 now, held 0.985110, -28 bps`."""
    out = f", {basket.waiting} more not priced in {basket.currency} yet" if basket.waiting else ""
    named = f"basket of {basket.pools} watched pool{'s' * (basket.pools != 1)}, unhedged{out}"
    value, hold = basket.value_grains, basket.hold_grains
    if value is None or hold is None:
        return f"{named}: not known while a pool has no price"
    return (
        f"{named}: 1 {basket.currency} put in is {_six(value)} now, {_six(hold)} had its tokens "
        f"been held: {basket.vs_hold_bps:+,} bps"
    ).replace("-", "\u2212")


def _six(grains: int) -> str:
    return amount(grains, GRAIN_DIGITS, places=6)
