"""Scenario files: TOML read strictly into core/scenario.py's values, or one line that says why not.

Days become whole steps and amounts whole atoms here, once; scenarios/README.md explains the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from bot.config.toml_table import Table, parse_toml
from bot.core.errors import AmountError, ConfigError
from bot.core.scenario import (
    Cue,
    FeeCue,
    Knot,
    LiquidityCue,
    LiquidityMove,
    PoolScript,
    ReorgCue,
    Scenario,
    StallCue,
)
from bot.core.snapshot import DECIMALS_MAX
from bot.core.units import BPS, DAY_S, decimal_to_atoms

SHIPPED = Path(__file__).resolve().parents[2] / "scenarios"
STEPS_MAX = 100_000


def load_scenario(name_or_path: str) -> Scenario:
    """A shipped scenario by its name, or any scenario file by its path."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_path}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        shipped = sorted(file.stem for file in SHIPPED.glob("*.toml"))
        raise ConfigError(
            file=path,
            key="file",
            problem=f"cannot be read ({type(error).__name__})",
            remedy=f"give a path ending in .toml, or one of: {', '.join(shipped)}",
        ) from None
    return parse_scenario(text, file=str(path))


def parse_scenario(text: str, *, file: str) -> Scenario:
    """The scenario that a TOML text describes. file: its name, for errors."""
    table = parse_toml(text, file=file)
    table.require_known(
        [
            "name",
            "title",
            "description",
            "seed",
            "start",
            "step_minutes",
            "days",
            "tokens",
            "pool",
            "event",
        ]
    )
    step_s = 60 * table.integer("step_minutes", 1, 1440)
    clock = _Clock(step_s=step_s, steps_count=0)
    clock = _Clock(step_s=step_s, steps_count=clock.steps(table, "days", lowest=1))
    tokens = _tokens(table.table("tokens"))
    pools: list[PoolScript] = []
    for pool_table in table.tables("pool", least=1):
        pools.append(_pool(pool_table, clock, tokens, pools))
    return Scenario(
        name=table.text("name"),
        title=table.text("title"),
        description=table.text("description"),
        seed=table.integer("seed", 0, 2**63 - 1),
        start_s=_start_s(table),
        step_s=step_s,
        steps_count=clock.steps_count,
        pools=tuple(pools),
        cues=_cues(table, clock, pools),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """Turns days into whole steps. steps_count 0: no end yet."""

    step_s: int
    steps_count: int

    def steps(self, table: Table, key: str, *, lowest: int) -> int:
        days = table.number(key)
        return self.steps_of(table, key, days, lowest=lowest)

    def steps_of(self, table: Table, key: str, days: Decimal, *, lowest: int) -> int:
        steps = days * DAY_S / self.step_s
        highest = self.steps_count or STEPS_MAX
        if steps != int(steps):
            table.refuse(key, f"day {days} is no whole step", f"use steps of {self.step_s} s")
        if not lowest <= steps <= highest:
            table.refuse(
                key,
                f"day {days} is step {int(steps)}",
                f"give a day from step {lowest} to step {highest}",
            )
        return int(steps)


def _start_s(table: Table) -> int:
    start = table.value("start")
    if not isinstance(start, datetime) or start.tzinfo is None:
        table.refuse("start", f"{start} is no moment in UTC", "write 2026-03-02T08:00:00Z")
    moment = start.astimezone(UTC)
    if moment.microsecond:
        table.refuse("start", f"{start} is no whole second", "write 2026-03-02T08:00:00Z")
    return int(moment.timestamp())


def _tokens(table: Table) -> Mapping[str, int]:
    for symbol in table.data:
        if not symbol.isascii() or not symbol.isalnum() or symbol != symbol.upper():
            table.refuse(symbol, "is no token symbol", "use capital letters and digits")
    return {symbol: table.integer(symbol, 0, DECIMALS_MAX) for symbol in table.data}


def _pool(
    table: Table, clock: _Clock, tokens: Mapping[str, int], before: list[PoolScript]
) -> PoolScript:
    table.require_known(
        [
            "name",
            "reserve_base",
            "path",
            "product_of",
            "vol",
            "turnover_bps_per_day",
            "owner_share_bps",
        ]
    )
    name = table.text("name")
    base, _, quote = name.partition("-")
    for symbol in (base, quote):
        if symbol not in tokens:
            table.refuse("name", f"{symbol!r} is not in [tokens]", "write BASE-QUOTE of [tokens]")
    pairs = {frozenset(pool.name.split("-")) for pool in before}
    if base == quote or frozenset((base, quote)) in pairs:
        table.refuse("name", f"{name} is there twice", "give each pair of tokens once")
    vol = table.number("vol")
    if not 0 <= vol <= 10:
        table.refuse("vol", f"{vol} is out of range", "give a yearly fraction from 0 to 10")
    others = table.data.get("product_of", [])
    named = [pool.name for pool in before]
    if not isinstance(others, list) or not all(other in named for other in others):
        table.refuse("product_of", f"{others} are not all pools above", f"known: {named}")
    return PoolScript(
        name=name,
        base_symbol=base,
        base_decimals=tokens[base],
        quote_symbol=quote,
        quote_decimals=tokens[quote],
        reserve_base_atoms=_atoms(table, "reserve_base", tokens[base]),
        path=_path(table, clock),
        product_of=tuple(others),
        vol=float(vol),
        turnover_bps_per_day=table.integer("turnover_bps_per_day", 0, 100 * BPS),
        owner_share_bps=table.integer("owner_share_bps", 0, BPS - 1),
    )


def _atoms(table: Table, key: str, decimals: int) -> int:
    amount = table.number(key)
    try:
        atoms = decimal_to_atoms(amount, decimals)
    except AmountError as error:
        table.refuse(key, str(error), f"use at most {decimals} decimal places")
    if atoms <= 0:
        table.refuse(key, f"{amount} is not above zero", "give the pool some liquidity")
    return atoms


def _path(table: Table, clock: _Clock) -> tuple[Knot, ...]:
    rows = table.value("path")
    if not isinstance(rows, list) or len(rows) < 2:
        table.refuse("path", "has no two knots", "write [[0, PRICE], ..., [LAST_DAY, PRICE]]")
    knots: list[Knot] = []
    for place, row in enumerate(rows, start=1):
        key = f"path[{place}]"
        if not isinstance(row, list) or len(row) != 2:
            table.refuse(key, f"{row} is no knot", "write [DAY, PRICE]")
        knot = Table(file=table.file, key=table.key, data={"day": row[0], key: row[1]})
        step = clock.steps(knot, "day", lowest=knots[-1].step + 1 if knots else 0)
        price = knot.number(key)
        if price <= 0:
            table.refuse(key, f"price {price} is not above zero", "give a price above zero")
        knots.append(Knot(step=step, price=float(price)))
    if knots[0].step != 0 or knots[-1].step != clock.steps_count:
        table.refuse("path", "does not span the scenario", "begin at day 0, end at the last day")
    return tuple(knots)


def _cues(table: Table, clock: _Clock, pools: list[PoolScript]) -> tuple[Cue, ...]:
    rows = table.tables("event", least=0)
    cues = [_cue(row, clock, [pool.name for pool in pools]) for row in rows]
    stalled = {
        step
        for cue in cues
        if isinstance(cue, StallCue)
        for step in range(cue.step, cue.step + cue.steps)
    }
    reorged: set[int] = set()
    for row, cue in zip(rows, cues, strict=True):
        if not isinstance(cue, StallCue) and cue.step in stalled:
            row.refuse("day", "falls into a stall, where no block is made", "move one of them")
        if isinstance(cue, ReorgCue):
            undone = set(range(cue.step - cue.depth, cue.step + 1))
            if undone & (stalled | reorged):
                row.refuse("depth", "reaches into a stall or another reorg", "move one of them")
            reorged |= undone
    return tuple(sorted(cues, key=lambda cue: cue.step))


def _cue(table: Table, clock: _Clock, pools: list[str]) -> Cue:
    kinds: dict[str, Callable[[Table, int], Cue]] = {
        "protocol_fee": lambda row, step: FeeCue(step=step, on=row.flag("on")),
        "reorg": lambda row, step: ReorgCue(step=step, depth=row.integer("depth", 1, step - 1)),
        "stall": lambda row, step: StallCue(
            step=step, steps=row.integer("steps", 1, clock.steps_count)
        ),
    }
    keys = {"protocol_fee": ["on"], "reorg": ["depth"], "stall": ["steps"]}
    for move in LiquidityMove:
        kinds[move.value] = lambda row, step: LiquidityCue(
            step=step,
            pool=row.choice("pool", pools),
            move=LiquidityMove(row.text("kind")),
            share_bps=row.integer("share_bps", 1, BPS),
        )
        keys[move.value] = ["pool", "share_bps"]
    kind = table.choice("kind", kinds)
    table.require_known(["kind", "day", *keys[kind]])
    return kinds[kind](table, clock.steps(table, "day", lowest=1))
