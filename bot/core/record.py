"""A tick as one canonical line of the journal, and back: everything a replay needs, nothing else.

Pools and feeds are written as differences to the snapshot before, pools in the order of the specs,
so that a thousand watched pools cost only what moved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from bot.core.advice import Advice
from bot.core.canonical import Json, canonical_json
from bot.core.exposure import Exposure
from bot.core.ledger import LedgerHead
from bot.core.orders import Fill, Order
from bot.core.plan import Decision, Plan, PoolView
from bot.core.snapshot import (
    Block,
    EventKind,
    PoolSpec,
    PoolState,
    PoolTuple,
    PositionEvent,
    Snapshot,
    Token,
)

EXPOSURE_FIELDS = tuple(field.name for field in fields(Exposure))


def encode_plan(plan: Plan, snapshot: Snapshot, before: Snapshot | None) -> Json:
    """The part of a record that is known before any order is sent."""
    return {
        "tick": plan.tick,
        "snapshot": encode_snapshot(snapshot, before),
        "views": {pool: _encode_view(view) for pool, view in plan.views.items()},
        "decisions": [decision.to_json() for decision in plan.decisions],
        "orders": [order.to_json() for order in plan.orders],
        "margins": {hedge: str(atoms) for hedge, atoms in plan.margins.items()},
        **({"advice": [advice.to_json() for advice in plan.advice]} if plan.advice else {}),
    }


def decode_plan(row: Mapping[str, Any], views: Mapping[str, PoolView]) -> Plan:
    """A recorded plan; its views are looked at anew from the snapshot."""
    return Plan(
        tick=row["tick"],
        views=views,
        decisions=tuple(Decision.from_json(decision) for decision in row["decisions"]),
        orders=tuple(Order.from_json(order) for order in row["orders"]),
        margins={hedge: int(atoms) for hedge, atoms in row["margins"].items()},
        advice=tuple(Advice.from_json(advice) for advice in row.get("advice", ())),
    )


def encode_record(planned: Json, fills: Sequence[Fill], *, head: LedgerHead, book: Json) -> str:
    """The whole tick: the plan, the fills, where the ledger stands, what the book is worth."""
    assert isinstance(planned, Mapping), "encode_plan returns a mapping"
    return canonical_json(
        {
            **planned,
            "fills": [fill.to_json() for fill in fills],
            "ledger": {"seq": head.seq, "hash": head.hash},
            "book": book,
        }
    )


def encode_snapshot(snapshot: Snapshot, before: Snapshot | None) -> Json:
    """The block, the pools and feeds that changed since `before` (all without), the events."""
    block = snapshot.block
    feeds = _feeds_changed(snapshot.feeds, {} if before is None else before.feeds)
    return {
        "chain_id": snapshot.chain_id,
        "block": {
            "number": block.number,
            "hash": block.hash,
            "parent_hash": block.parent_hash,
            "time_s": block.time_s,
        },
        "pools": [
            [index, *_encode_pool(snapshot.pools[index])]
            for index in snapshot.pools.changed_since(None if before is None else before.pools)
        ],
        "events": [{**asdict(event), "kind": event.kind.value,
                    "lp_atoms": str(event.lp_atoms), "base_atoms": str(event.base_atoms),
                    "quote_atoms": str(event.quote_atoms)} for event in snapshot.events],
        **({"feeds": feeds} if feeds else {}),
    }  # fmt: skip


def decode_snapshot(
    row: Mapping[str, Any], specs: tuple[PoolSpec, ...], before: Snapshot | None
) -> Snapshot:
    """Read what `encode_snapshot` wrote, on top of the snapshot before."""
    changed = {index: decode_pool(fields) for index, *fields in row["pools"]}
    pools = [*before.pools] if before is not None else [changed[i] for i in range(len(specs))]
    for index, pool in changed.items():
        pools[index] = pool
    return Snapshot(
        chain_id=row["chain_id"],
        block=Block(**row["block"]),
        specs=specs,
        pools=PoolTuple(pools),
        events=tuple(
            PositionEvent(
                **{
                    **event,
                    "kind": EventKind(event["kind"]),
                    "lp_atoms": int(event["lp_atoms"]),
                    "base_atoms": int(event["base_atoms"]),
                    "quote_atoms": int(event["quote_atoms"]),
                }
            )
            for event in row["events"]
        ),
        feeds=_decode_feeds(row.get("feeds", {}), {} if before is None else before.feeds),
    )


def encode_spec(spec: PoolSpec) -> Json:
    """A pool's unchanging part, for the journal's first row."""
    return asdict(spec)


def decode_spec(row: Mapping[str, Any]) -> PoolSpec:
    """Read what `encode_spec` wrote."""
    return PoolSpec(**{**row, "base": Token(**row["base"]), "quote": Token(**row["quote"])})


def read_body(body: str) -> dict[str, Any]:
    """A journal row's body as plain data."""
    loaded: dict[str, Any] = json.loads(body)
    return loaded


def _feeds_changed(feeds: Mapping[str, int], before: Mapping[str, int]) -> dict[str, Json]:
    """What is new or other than before, and None for what is not known any more."""
    gone = dict.fromkeys(before.keys() - feeds.keys())
    fresh = {name: str(value) for name, value in feeds.items() if before.get(name) != value}
    return {**gone, **fresh}


def _decode_feeds(changed: Mapping[str, str | None], before: Mapping[str, int]) -> dict[str, int]:
    """Read what `_feeds_changed` wrote, on top of the feeds before."""
    fresh = {name: int(value) for name, value in changed.items() if value is not None}
    return {name: value for name, value in before.items() if name not in changed} | fresh


def _encode_pool(pool: PoolState) -> list[Json]:
    return [
        str(pool.reserve0),
        str(pool.reserve1),
        pool.reserves_time_s,
        str(pool.price0_cumulative),
        str(pool.price1_cumulative),
        str(pool.total_supply),
        str(pool.lp_balance),
        str(pool.k_last),
        pool.fee_on,
    ]


def decode_pool(fields: Sequence[Any]) -> PoolState:
    """A pool's state as a record spells it, its index left out."""
    return PoolState(
        reserve0=int(fields[0]),
        reserve1=int(fields[1]),
        reserves_time_s=fields[2],
        price0_cumulative=int(fields[3]),
        price1_cumulative=int(fields[4]),
        total_supply=int(fields[5]),
        lp_balance=int(fields[6]),
        k_last=int(fields[7]),
        fee_on=fields[8],
    )


def _encode_view(view: PoolView) -> Json:
    exposure = view.exposure
    return {
        "market": view.market.to_json(),
        "exposure": None
        if exposure is None
        else {
            name: str(value) if isinstance(value := getattr(exposure, name), int) else value
            for name in EXPOSURE_FIELDS
        },
        "metrics": dict(view.metrics),
    }
