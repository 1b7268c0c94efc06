"""The keys of a scenario file, each with its kind, its bounds and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.config.keys import Amount, Flag, Key, ListOf, MapOf, Number, TableOf, Text, Whole
from bot.config.places import INVALID, Place
from bot.config.scenario_points import DAY, DAYS_MAX, PRICE, KnotOf, PointOf, TurnoverOf
from bot.config.venue_keys import CHAIN, MOVING
from bot.config.venue_terms import PRESETS
from bot.core.feeds import FEED_KINDS
from bot.core.scenario import LiquidityMove
from bot.core.snapshot import DECIMALS_MAX
from bot.core.units import BPS

STEPS_MAX = 100_000
RULES_FOLDER = Path(__file__).resolve().parents[2] / "rules"
SHIPPED_RULES = tuple(sorted(path.stem for path in RULES_FOLDER.glob("*.toml")))
MOVE_BPS_MIN = 100
MOVES = Whole(lowest=MOVE_BPS_MIN - BPS, highest=10 * BPS)
GATE_HOURS_MAX = 168
"""The farthest ahead that contracts/EngineGate.sol lets itself be opened."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC, in whole seconds."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, datetime) or value.tzinfo is None or value.microsecond:
            return place.misfit(
                str(value), "is no whole second in UTC", "write 2026-03-02T08:00:00Z"
            )
        return int(value.astimezone(UTC).timestamp())

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class EventOf:
    """A table whose `kind` says which other keys it has."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, dict) or "kind" not in value:
            return place.misfit(value, "is no event", f"give it a kind: {', '.join(EVENTS)}")
        kind = KIND.read(value["kind"], place.child("kind"))
        return INVALID if kind is INVALID else EVENTS[kind].read(value, place)

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"oneOf": [table.schema() for table in EVENTS.values()]}


@dataclass(frozen=True, slots=True)
class MoveOf:
    """A price move in bps, either way, larger than a swap fee can hide."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        read = MOVES.read(value, place)
        if read is not INVALID and abs(read) < MOVE_BPS_MIN:
            return place.misfit(value, "is too small to be seen", f"move {MOVE_BPS_MIN} or more")
        return read

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        low, high = MOVES.schema(), MOVES.schema()
        return {"anyOf": [{**low, "maximum": -MOVE_BPS_MIN}, {**high, "minimum": MOVE_BPS_MIN}]}


def _event(kind: str, **keys: Key) -> TableOf:
    return TableOf(
        {
            "kind": Key(Text(choices=(kind,)), "what happens"),
            "day": Key(DAY, "when, a whole step from 1 on"),
            **keys,
        }
    )


def _move(kind: str, of: str) -> TableOf:
    return _event(
        kind,
        pool=Key(Text(), "name of the pool"),
        share_bps=Key(Whole(lowest=1, highest=BPS), f"how much, in bps of {of}"),
    )


POOL_NAME = Key(Text(), "name of the pool")
MOVE = Key(MoveOf(), "how far the price is pushed, bps, down negative")

EVENTS = {
    "deposit": _move("deposit", "the pool's reserves"),
    "withdraw": _move("withdraw", "the owner's LP tokens"),
    "send": _move("send", "the owner's LP tokens"),
    "receive": _move("receive", "all LP tokens"),
    "protocol_fee": _event("protocol_fee", on=Key(Flag(), "whether it is on from here")),
    "reorg": _event(
        "reorg",
        depth=Key(Whole(lowest=1, highest=STEPS_MAX), "how many blocks are replaced before it"),
    ),
    "stall": _event(
        "stall", steps=Key(Whole(lowest=1, highest=STEPS_MAX), "how many steps have no block")
    ),
    "sandwich": _event(
        "sandwich",
        pool=POOL_NAME,
        move_bps=MOVE,
        victim_bps=Key(
            Whole(lowest=1, highest=10 * BPS),
            "what the victim swaps in between, the same way, in bps of the reserve it goes into",
        ),
    ),
    "flash_swap": _event("flash_swap", pool=POOL_NAME, move_bps=MOVE),
    "spike": _event(
        "spike",
        pool=POOL_NAME,
        move_bps=MOVE,
        blocks=Key(Whole(lowest=1, highest=STEPS_MAX), "how many blocks end at that price"),
    ),
    "thin": _event(
        "thin",
        pool=POOL_NAME,
        share_bps=Key(
            Whole(lowest=1, highest=BPS - 1), "what the other LPs leave in, in bps of what they had"
        ),
        steps=Key(Whole(lowest=1, highest=STEPS_MAX), "after how many steps they are back"),
    ),
    "stale_node": _event(
        "stale_node",
        steps=Key(
            Whole(lowest=1, highest=STEPS_MAX), "for how many steps readers see no new block"
        ),
    ),
    "gate": _event(
        "gate",
        hours=Key(
            Whole(lowest=0, highest=GATE_HOURS_MAX),
            "how long the multisig opens the second engine's gate from here; 0 shuts it",
        ),
    ),
}
KIND = Text(choices=tuple(EVENTS))
assert {move.value for move in LiquidityMove} < EVENTS.keys(), "a move without its keys"

POOL = TableOf(
    {
        "name": Key(
            Text(pattern="[A-Z0-9]+-[A-Z0-9]+", wanted="BASE-QUOTE"),
            "BASE-QUOTE, both in [tokens]; prices are quote per base",
        ),
        "reserve_base": Key(
            Amount(PRICE), "whole base tokens of the first deposit; quote follows from the price"
        ),
        "path": Key(
            ListOf(kind=KnotOf(), least=2, what="[[0, PRICE], ..., [LAST_DAY, PRICE]]"),
            "[day, price] from day 0 to the last day; geometric in between",
        ),
        "product_of": Key(
            ListOf(kind=Text()),
            "pools above whose prices multiply into this one's; the path is the factor besides",
            (),
        ),
        "vol": Key(
            Number(lowest="0", highest="10"),
            "annualised volatility of the noise around the path, a fraction; none at the knots",
        ),
        "turnover_bps_per_day": Key(
            TurnoverOf(),
            "what noise traders trade a day, of the reserves, both ways together; or [[day, bps], "
            "...] from day 0 on, each until the next",
        ),
        "owner_share_bps": Key(
            Whole(lowest=0, highest=BPS - 1), "the watched LP's share of the first deposit"
        ),
        "hedged": Key(Flag(), "false: the pool is only watched, as others' pools are", True),
        "quoted_as": Key(
            Text(choices=tuple(PRESETS)), "the venue's preset for this pair", next(iter(PRESETS))
        ),
        "chain": CHAIN,
        "moving": MOVING,
    }
)


FEED = TableOf(
    {
        "name": Key(
            Text(pattern="[^ ]+", wanted=f"one of {', '.join(FEED_KINDS)}"),
            "the feed, with its unit: gas_wei, reference_e18:POOL, lend_ppm:SYMBOL, "
            "borrow_ppm:SYMBOL or engine_gate_s",
        ),
        "points": Key(
            ListOf(kind=PointOf(), least=1, what="[[0, VALUE], [DAY, VALUE]]"),
            "[day, value], days rising: it holds from that day to the next point",
        ),
    }
)

SCENARIO_FILE = TableOf(
    {
        "name": Key(Text(), "short name, that of the file"),
        "title": Key(Text(), "one line"),
        "rules": Key(
            Text(choices=SHIPPED_RULES), "the shipped rule file that it is played with", "starter"
        ),
        "description": Key(Text(), "what happens"),
        "seed": Key(Whole(lowest=0, highest=2**53), "another seed is another course of the noise"),
        "start": Key(Moment(), "moment of step 0, UTC"),
        "step_minutes": Key(Whole(lowest=1, highest=1440), "minutes from block to block"),
        "days": Key(Number(lowest="0", highest=DAYS_MAX, above=True), "length, in whole steps"),
        "tokens": Key(
            MapOf(
                kind=Whole(lowest=0, highest=DECIMALS_MAX),
                pattern="[A-Z0-9]+",
                wanted="a symbol in capital letters and digits",
                least=2,
            ),
            "SYMBOL = decimals",
        ),
        "pool": Key(ListOf(kind=POOL, least=1, what="[[pool]]"), "the pools"),
        "feed": Key(
            ListOf(kind=FEED, what="[[feed]]"), "facts of the world that no pool holds", ()
        ),
        "event": Key(ListOf(kind=EventOf(), what="[[event]]"), "what happens when", ()),
    }
)
