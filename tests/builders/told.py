"""What a journal tells, read by itself: hedges, money and wishes folded from its rows alone.

The oracle of the ladder's laws. It uses the JSON of the rows and exact fractions, and none of the
code that decides or settles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Any

from bot.core.ports import Row

YEAR_S = 365 * 86_400
WAITS = ("UNTRUSTED_PRICE", "UNCONFIRMED", "MIN_HOLD", "DUST")
"""Reasons to wait: what was asked for is still wanted."""
Body = Mapping[str, Any]


@dataclass(slots=True)
class Held:
    """A hedge as its fills made it. legs: contract -> base atoms; cost, margin: quote atoms."""

    id: str
    opened_s: int
    expiry_s: int
    legs: dict[str, int]
    cost: Fraction
    margin: Fraction

    @property
    def size(self) -> int:
        return sum(map(abs, self.legs.values()))


@dataclass(slots=True)
class Wish:
    """What the venue left over of an order. left: contract -> base atoms."""

    hedge_id: str
    left: dict[str, int]
    limit: int
    good_until_s: int


@dataclass(slots=True)
class Layer:
    """What is known of one layer at a moment. spent, earned: (block time, quote atoms)."""

    status: str = "idle"
    held: Held | None = None
    wish: Wish | None = None
    cooling_since_s: int = 0
    struck: int = 0
    spent: list[tuple[int, int]] = field(default_factory=list)
    earned: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One record, with every layer as it was before and is after. view: None where none was."""

    body: Body
    pool: str
    before: Mapping[str, Layer]
    after: Mapping[str, Layer]
    cash_before: int

    @property
    def time_s(self) -> int:
        time_s: int = self.body["snapshot"]["block"]["time_s"]
        return time_s

    @property
    def view(self) -> Body | None:
        view: Body | None = self.body["views"].get(self.pool)
        return view

    @property
    def decisions(self) -> Mapping[str, Body]:
        return {decision["layer"]: decision for decision in self.body["decisions"]}

    @property
    def orders(self) -> Sequence[tuple[Body, Body]]:
        """Orders with their fills."""
        return list(zip(self.body["orders"], self.body["fills"], strict=True))

    @property
    def entry_value(self) -> int:
        assert self.view is not None
        return int(self.view["exposure"]["entry_value_atoms"])


def rules_told(rows: Iterable[Row]) -> Body:
    """The rules as the first row tells them."""
    rules: Body = json.loads(next(iter(rows)).body)["terms"]["rules"]
    return rules


def ticks_told(rows: Iterable[Row], pool: str) -> list[Tick]:
    """The ticks that still stand: what a reorg took back is gone, as if it had never been."""
    first, *others = rows
    opening = json.loads(first.body)
    ticks: list[Tick] = []
    for row in others:
        body = json.loads(row.body)
        if row.kind == "undo":
            kept = body["ancestor"]["hash"]
            while ticks and ticks[-1].body["snapshot"]["block"]["hash"] != kept:
                ticks.pop()
        elif row.kind == "record":
            names = [layer["name"] for layer in opening["terms"]["rules"]["layers"]]
            before = ticks[-1].after if ticks else {name: Layer() for name in names}
            cash = ticks[-1].body["book"]["cash"] if ticks else opening["capital"]
            tick = Tick(
                body=body, pool=pool, before=before, after=deepcopy(dict(before)),
                cash_before=int(cash["USDC"]),
            )  # fmt: skip
            _advance(tick)
            ticks.append(tick)
    return ticks


def verdict(condition: Any, metrics: Mapping[str, float | None]) -> float:
    """1 for true, 0 for false, a half for unknown: Kleene's logic as minimum and maximum."""
    if "all" in condition:
        return min(verdict(part, metrics) for part in condition["all"])
    if "any" in condition:
        return max(verdict(part, metrics) for part in condition["any"])
    if "not" in condition:
        return 1.0 - verdict(condition["not"], metrics)
    value = metrics[condition["metric"]]
    if value is None:
        return 0.5
    sides = (value > condition.get("above", -1e300), value < condition.get("below", 1e300))
    return float(all(sides))


def within_year(noted: Sequence[tuple[int, int]], time_s: int) -> int:
    """What was noted in the 365 days that end now."""
    return sum(atoms for at_s, atoms in noted if at_s > time_s - YEAR_S)


def legs_of(legs: Sequence[Body]) -> dict[str, int]:
    """Contract -> quantity, of an order's legs."""
    return {leg["contract"]["code"]: int(leg["quantity"]) for leg in legs}


def dealt_of(fill: Body) -> dict[str, int]:
    """Contract -> quantity, of what was dealt."""
    return legs_of([leg["leg"] for leg in fill["legs"]])


def summed(*many: Mapping[str, int]) -> dict[str, int]:
    """Quantities added up, without zeros."""
    codes = dict.fromkeys(code for each in many for code in each)
    totals = {code: sum(each.get(code, 0) for each in many) for code in codes}
    return {code: total for code, total in totals.items() if total}


def _advance(tick: Tick) -> None:
    for hedge, margin in tick.body["margins"].items():
        for layer in tick.after.values():
            if layer.held is not None and layer.held.id == hedge:
                layer.held.margin = Fraction(margin)
    for name, layer in tick.after.items():
        if name in tick.decisions:
            if tick.decisions[name]["reason"] not in WAITS:
                layer.wish = None
            after = tick.body["book"]["layers"][tick.pool][name]
            if after == "cooling" != layer.status:
                layer.cooling_since_s = tick.time_s
            layer.status = after
    for order, fill in tick.orders:
        _answered(tick, tick.after[order["layer"]], order, fill)


def _answered(tick: Tick, layer: Layer, order: Body, fill: Body) -> None:
    dealt, net = dealt_of(fill), int(fill["cash"]) - int(fill["fee"])
    if order["intent"] == "open":
        _opened(tick, layer, order, fill)
        _wished(tick, layer, order, fill)
        return
    held = layer.held
    assert held is not None
    if not dealt:
        return
    whole, cost = held.size, held.cost
    held.legs = {} if order["intent"] == "settle" else summed(held.legs, dealt)
    held.cost = Fraction(ceil(cost * held.size / whole))
    held.margin = Fraction(ceil(held.margin * held.size / whole))
    layer.earned.append((tick.time_s, net - int(cost - held.cost)))
    if not held.legs:
        layer.held = None


def _opened(tick: Tick, layer: Layer, order: Body, fill: Body) -> None:
    dealt, paid = dealt_of(fill), int(fill["fee"]) - int(fill["cash"])
    if not dealt:
        return
    if layer.held is None:
        assert tick.view is not None
        layer.struck = int(tick.view["market"]["spot"])
        layer.held = Held(
            id=order["hedge_id"], opened_s=tick.time_s, legs={}, cost=Fraction(0),
            margin=Fraction(0),
            expiry_s=min(leg["contract"]["expiry_s"] for leg in order["legs"]),
        )  # fmt: skip
    layer.held.legs = summed(layer.held.legs, dealt)
    layer.held.cost += paid
    layer.held.margin += int(fill["margin"])
    layer.spent.append((tick.time_s, max(0, paid)))


def _wished(tick: Tick, layer: Layer, order: Body, fill: Body) -> None:
    if fill["reason"] in ("LIMIT", "DEPTH") and order["good_until_s"] > tick.time_s:
        asked = legs_of(order["legs"])
        left = summed(asked, {code: -size for code, size in dealt_of(fill).items()})
        share = Fraction(sum(map(abs, left.values())), sum(map(abs, asked.values())))
        limit = int(int(order["cash_limit"]) * share // 1)
        layer.wish = Wish(order["hedge_id"], left, limit, order["good_until_s"])


def pairs(ticks: Sequence[Tick]) -> Iterator[tuple[Tick, str, Body]]:
    """Every decision: its tick, its layer's name, and itself."""
    for tick in ticks:
        for name, decision in tick.decisions.items():
            yield tick, name, decision
