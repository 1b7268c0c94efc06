"""Figures of a run worked out anew from its recorded snapshots: plain numbers, nothing of the bot.

Each is written from its definition in docs/maths.md section 6, with NumPy, SciPy and fractions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq

from bot.core.ports import Row

DAY_S, YEAR_S = 86_400, 365 * 86_400


@dataclass(frozen=True)
class Pair:
    """A pool on a tick: reserves and LP tokens, atoms."""

    base: int
    quote: int
    supply: int
    owned: int

    @property
    def price(self) -> Fraction:
        return Fraction(self.quote, self.base)

    @property
    def claim(self) -> Fraction:
        """What the owner's share of both sides is worth, in quote atoms."""
        return Fraction(2 * self.quote * self.owned, self.supply)

    @property
    def growth(self) -> float:
        """Root k over the LP tokens: it grows by the fees alone."""
        return math.sqrt(self.base) * math.sqrt(self.quote) / self.supply


@dataclass(frozen=True)
class Tick:
    """One record: the world as it was read, and what the record says of it."""

    time_s: int
    pairs: dict[str, Pair]
    feeds: dict[str, int]
    body: dict[str, Any]

    def metric(self, pool: str, name: str) -> float | None:
        value: float | None = self.body["views"][pool]["metrics"][name]
        return value


def recorded(rows: Iterable[Row]) -> list[Tick]:
    """The world at every tick, carried on by what each record says changed."""
    specs: list[dict[str, Any]] = []
    pairs: dict[str, Pair] = {}
    feeds: dict[str, int] = {}
    ticks = []
    for row in rows:
        body = json.loads(row.body)
        specs = body.get("specs", specs)
        if row.kind != "record":
            continue
        snapshot = body["snapshot"]
        for index, first, second, *rest in snapshot["pools"]:
            spec = specs[index]
            sides = int(first), int(second)
            base, quote = sides if spec["base_is_token0"] else sides[::-1]
            pairs[spec["name"]] = Pair(base, quote, supply=int(rest[3]), owned=int(rest[4]))
        for name, value in snapshot.get("feeds", {}).items():
            feeds[name] = int(value)
        ticks.append(Tick(snapshot["block"]["time_s"], dict(pairs), dict(feeds), body))
    return ticks


def rate_of_return(ticks: Sequence[Tick], pool: str, *, hedged: bool) -> float:
    """The root of the flows up to the last of these ticks and what is there on it.

    Hedges: each fill's cash less its fee, of earlier ticks; the open ones at their recorded value.
    """
    now = ticks[-1]
    flows: list[tuple[int, float]] = [(now.time_s, float(now.pairs[pool].claim))]
    for tick in ticks:
        for event in tick.body["snapshot"]["events"]:
            sign = -1 if event["kind"] in ("mint", "receive") else 1
            if event["pool"] == pool:
                flows.append((tick.time_s, sign * 2.0 * int(event["quote_atoms"])))
    if hedged:
        for tick in ticks[:-1]:
            for order, fill in zip(tick.body["orders"], tick.body["fills"], strict=True):
                if order["sleeve"] == "core" and fill["status"] != "refused":
                    flows.append((tick.time_s, float(int(fill["cash"]) - int(fill["fee"]))))
        held = [one for one in now.body["book"]["hedges"] if one["sleeve"] == "core"]
        flows.append((now.time_s, float(sum(int(one["value"]) for one in held))))

    def ahead(rate: float) -> float:
        return math.fsum(a * (1 + rate) ** ((now.time_s - at) / YEAR_S) for at, a in flows)

    found: float = brentq(ahead, -0.99999, 1e4, xtol=1e-12)
    return found


def closes(ticks: Sequence[Tick], *, bar_s: int) -> list[Tick]:
    """The last tick of every bar that has ended."""
    return [
        before
        for before, after in pairwise(ticks)
        if before.time_s // bar_s != after.time_s // bar_s
    ]


def beta(ticks: Sequence[Tick], pool: str, index: str, *, bar_s: int, bars: int) -> float:
    """Covariance over variance of the last log returns, by NumPy."""
    ended = closes(ticks, bar_s=bar_s)[-bars - 1 :]
    x, y = (
        np.diff(np.log([float(tick.pairs[name].price) for tick in ended])) for name in (index, pool)
    )
    assert len(x) == bars
    covariance = np.cov(x, y)
    return float(covariance[0, 1] / covariance[0, 0])


def averaged(ticks: Sequence[Tick], daily: Sequence[float], *, half_life_s: int) -> float:
    """Rates a day of the intervals between ticks, each weighed by how old it is."""
    now = ticks[-1].time_s
    age = np.array([now - tick.time_s for tick in ticks], float)
    kept = np.exp2(-age / half_life_s)
    return float(np.average(daily, weights=np.diff(kept)))


def fees_a_day(ticks: Sequence[Tick], pool: str, *, half_life_s: int) -> float:
    """What the LPs earned a day over what lies in the pool, by the growth of root k a token."""
    pairs = [tick.pairs[pool] for tick in ticks]
    daily = [
        (after.growth / before.growth - 1) * 2 * after.quote * DAY_S / (late.time_s - early.time_s)
        for before, after, early, late in zip(pairs, pairs[1:], ticks, ticks[1:], strict=False)
    ]
    return averaged(ticks, daily, half_life_s=half_life_s) / (2 * pairs[-1].quote)


def effective_rate(ticks: Sequence[Tick], pool: str, others: Sequence[str], *, bar_s: int) -> float:
    """A hundred at the first close: the geometric mean of the pool's own price and of its price in
    the base tokens of others with the same quote token, with the lending differential earned."""
    ended = closes(ticks, bar_s=bar_s)
    first, last = ended[0], ended[-1]
    own = last.pairs[pool].price / first.pairs[pool].price
    basket = [own, *(own * first.pairs[o].price / last.pairs[o].price for o in others)]
    product = math.prod(basket, start=Fraction(1))
    base, quote = pool.split("-")
    carry = sum(
        (after.feeds[f"lend_ppm:{base}"] - after.feeds[f"lend_ppm:{quote}"])
        * Fraction(after.time_s - before.time_s, YEAR_S * 10**6)
        for before, after in pairwise(ended)
    )
    return 100.0 * float(product) ** (1 / len(basket)) * math.exp(carry)
