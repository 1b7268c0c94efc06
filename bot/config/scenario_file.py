"""A scenario file, read and checked into core/scenario.py's values.

Days become whole steps and amounts whole atoms here, once; scenarios/README.md explains the keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.config.places import INVALID, Place, Source, nearest, read_toml
from bot.config.scenario_cues import check_cues
from bot.config.scenario_keys import SCENARIO_FILE, STEPS_MAX
from bot.config.venue_terms import surface_source
from bot.core.errors import AmountError, ConfigError
from bot.core.feeds import ENGINE_GATE_S, NO_FEEDS, FeedTimeline, feed_problem, timeline_of
from bot.core.scenario import (
    Cue,
    FeeCue,
    GateCue,
    Knot,
    LiquidityCue,
    LiquidityMove,
    PoolScript,
    PushCue,
    ReorgCue,
    Scenario,
    StaleCue,
    StallCue,
    ThinCue,
    Turnover,
)
from bot.core.units import DAY_S, decimal_to_atoms

SHIPPED = Path(__file__).resolve().parents[2] / "scenarios"


def load_scenario(name_or_path: str) -> Scenario:
    """A shipped scenario by its name, or any file by its path. Raises the first ConfigError."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_path}.toml"
        if not path.is_file():
            shipped = sorted(file.stem for file in SHIPPED.glob("*.toml"))
            raise ConfigError(
                file=name_or_path,
                key="file",
                problem="is no shipped scenario",
                remedy=f"give a path ending in .toml, or one of: {', '.join(shipped)}",
            )
    scenario, problems = read_scenario(path)
    if scenario is None:
        raise problems[0]
    return scenario


def read_scenario(path: Path) -> tuple[Scenario | None, tuple[ConfigError, ...]]:
    """The scenario of a file, or None and all its problems."""
    place = Place(key="", source=Source(name=str(path), folder=path.parent), problems=[])
    document = read_toml(path, place)
    if place.problems:
        return None, tuple(place.problems)
    values = SCENARIO_FILE.read(document, place)
    if place.problems:
        return None, tuple(place.problems)
    scenario = _scenario(values, place)
    return (None if place.problems else scenario), tuple(place.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """Turns days into whole steps."""

    step_s: int
    steps_max: int

    def steps(self, days: Decimal, place: Place, *, lowest: int) -> int:
        """The step of a day; a problem is reported and the nearest step below goes on."""
        numerator, denominator = days.as_integer_ratio()
        step, rest = divmod(numerator * DAY_S, denominator * self.step_s)
        if rest:
            place.report(f"day {days} is no whole step", f"use steps of {self.step_s} s")
        elif not lowest <= step <= self.steps_max:
            remedy = f"give a day from step {lowest} to step {self.steps_max}"
            place.report(f"day {days} is step {step}", remedy)
        return step


def _scenario(values: Mapping[str, Any], place: Place) -> Scenario:
    step_s = 60 * values["step_minutes"]
    whole = _Clock(step_s=step_s, steps_max=STEPS_MAX)
    steps_count = whole.steps(values["days"], place.child("days"), lowest=1)
    clock = _Clock(step_s=step_s, steps_max=steps_count)
    pools: list[PoolScript] = []
    for number, row in enumerate(values["pool"], start=1):
        pool_place = place.child("pool").item(number)
        pool = _pool(row, pool_place, tokens=values["tokens"], before=pools, clock=clock)
        if pool is not None:
            pools.append(pool)
    return Scenario(
        name=values["name"],
        title=values["title"],
        rules=values["rules"],
        description=values["description"],
        seed=values["seed"],
        start_s=values["start"],
        step_s=step_s,
        steps_count=steps_count,
        pools=tuple(pools),
        cues=_cues(values["event"], place.child("event"), clock, [pool.name for pool in pools]),
        feeds=_feeds(values, place.child("feed"), clock),
    )


def _feeds(values: Mapping[str, Any], place: Place, clock: _Clock) -> FeedTimeline:
    """What is fed at which block time; a name is given once."""
    rows: list[tuple[int, str, int]] = []
    named: set[str] = set()
    for number, feed in enumerate(values["feed"], start=1):
        here = place.item(number)
        if feed["name"] in named:
            here.child("name").report(f"{feed['name']} is there twice", "give each feed once")
        named.add(feed["name"])
        if feed["name"] == ENGINE_GATE_S and any(row["kind"] == "gate" for row in values["event"]):
            here.child("name").report(
                f"{ENGINE_GATE_S} is told by the gate's events", "leave one of them out"
            )
        lowest = 0
        for at, (day, value) in enumerate(feed["points"], start=1):
            step = clock.steps(day, here.child("points").item(at), lowest=lowest)
            lowest = step + 1
            if problem := feed_problem(feed["name"], value):
                here.report(problem, "see docs/rules.md for names and units")
            rows.append((values["start"] + step * clock.step_s, feed["name"], value))
    if place.problems:
        return NO_FEEDS
    return timeline_of(rows, source=place.source.name)


def _pool(
    row: Mapping[str, Any],
    place: Place,
    *,
    tokens: Mapping[str, int],
    before: Sequence[PoolScript],
    clock: _Clock,
) -> PoolScript | None:
    base, quote = row["name"].split("-")
    named = [pool.name for pool in before]
    pairs = [set(name.split("-")) for name in named]
    if missing := {base, quote} - tokens.keys():
        place.child("name").report(
            f"{missing.pop()} is not in [tokens]", "write BASE-QUOTE of [tokens]"
        )
        return None
    if base == quote or {base, quote} in pairs:
        place.child("name").report(f"{row['name']} is there twice", "give each pair of tokens once")
        return None
    for other in row["product_of"]:
        if other not in named:
            place.child("product_of").report(f"{other} is no pool above", nearest(other, named))
    surface = surface_source(None, {key: row[key] for key in ("chain", "moving")}, place)
    try:
        atoms = decimal_to_atoms(row["reserve_base"], tokens[base])
    except AmountError as error:
        place.child("reserve_base").report(str(error), f"use at most {tokens[base]} decimals")
        return None
    return PoolScript(
        name=row["name"],
        base_symbol=base,
        base_decimals=tokens[base],
        quote_symbol=quote,
        quote_decimals=tokens[quote],
        reserve_base_atoms=atoms,
        path=_path(row["path"], place.child("path"), clock),
        product_of=row["product_of"],
        vol=float(row["vol"]),
        turnover=_turnover(row["turnover_bps_per_day"], place.child("turnover_bps_per_day"), clock),
        owner_share_bps=row["owner_share_bps"],
        quoted_as=row["quoted_as"],
        surface=None if surface is INVALID else surface,
        hedged=row["hedged"],
    )


def _path(rows: Sequence[tuple[Decimal, Decimal]], place: Place, clock: _Clock) -> tuple[Knot, ...]:
    knots: list[Knot] = []
    for number, (day, price) in enumerate(rows, start=1):
        lowest = knots[-1].step + 1 if knots else 0
        step = clock.steps(day, place.item(number), lowest=lowest)
        knots.append(Knot(step=step, price=float(price)))
    if knots[0].step != 0 or knots[-1].step != clock.steps_max:
        place.report("does not span the scenario", "begin at day 0, end at the last day")
    return tuple(knots)


def _turnover(
    rows: Sequence[tuple[Decimal, int]], place: Place, clock: _Clock
) -> tuple[Turnover, ...]:
    parts: list[Turnover] = []
    for number, (day, bps) in enumerate(rows, start=1):
        lowest = parts[-1].step + 1 if parts else 0
        step = clock.steps(day, place.item(number), lowest=lowest)
        parts.append(Turnover(step=step, bps_per_day=bps))
    if parts[0].step != 0:
        place.report("does not tell of day 0", "begin with [0, BPS]")
    return tuple(parts)


def _cues(
    rows: Sequence[Mapping[str, Any]], place: Place, clock: _Clock, pools: Sequence[str]
) -> tuple[Cue, ...]:
    cues: list[Cue] = []
    for number, row in enumerate(rows, start=1):
        here = place.item(number)
        step = clock.steps(row["day"], here.child("day"), lowest=1)
        if "pool" in row and row["pool"] not in pools:
            here.child("pool").report(f"{row['pool']} is no pool", nearest(row["pool"], pools))
        if row["kind"] == "thin" and step + row["steps"] > clock.steps_max:
            here.child("steps").report("end after the scenario", "let the other LPs come back")
        if row["kind"] == "reorg" and row["depth"] >= step:
            here.child("depth").report(
                f"{row['depth']} blocks are not there", f"give at most {step - 1} at this day"
            )
        cues.append(_cue(row, step))
    check_cues(cues, place)
    return tuple(sorted(cues, key=lambda cue: cue.step))


def _cue(row: Mapping[str, Any], step: int) -> Cue:
    if row["kind"] == "protocol_fee":
        return FeeCue(step=step, on=row["on"])
    if row["kind"] == "gate":
        return GateCue(step=step, span_s=row["hours"] * 3_600)
    if row["kind"] == "reorg":
        return ReorgCue(step=step, depth=row["depth"])
    if row["kind"] == "stall":
        return StallCue(step=step, steps=row["steps"])
    if row["kind"] == "stale_node":
        return StaleCue(step=step, steps=row["steps"])
    if row["kind"] == "thin":
        return ThinCue(step=step, pool=row["pool"], share_bps=row["share_bps"], steps=row["steps"])
    if row["kind"] in ("sandwich", "flash_swap", "spike"):
        return PushCue(
            step=step,
            pool=row["pool"],
            move_bps=row["move_bps"],
            blocks=row.get("blocks", 0),
            victim_bps=row.get("victim_bps", 0),
        )
    move = LiquidityMove(row["kind"])
    return LiquidityCue(step=step, pool=row["pool"], move=move, share_bps=row["share_bps"])
