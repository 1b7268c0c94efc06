"""A live run: the scheduler ticks on new blocks or on an interval until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.canonical import Json
from bot.core.contracts import NEVER_S
from bot.core.ports import Timer
from bot.core.watcher import EndCause
from bot.runs.runner import Runner

SETTLE_JOB = "settle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things happen, in seconds.

    tick_s: the tick's interval, or None for a tick per new block, looked for every `poll_s`.
    grace_s: a tick that starts later than this is skipped and counted. ticks_max: then stop.
    """

    tick_s: float | None
    poll_s: float
    heartbeat_s: float
    grace_s: float
    ticks_max: int | None = None


def run_live(
    runner: Runner,
    pace: Pace,
    timer: Timer,
    *,
    clock: Callable[[], float],
    put_health: Callable[[Mapping[str, Json]], None],
) -> EndCause:
    """Tick until `ticks_max`, Ctrl-C or an error that stops the bot; the book ends whole.

    timer: a new one. clock: wall time, for the heartbeat only. put_health: where it is written.
    """

    def tick() -> None:
        if runner.tick() and pace.tick_s is not None:
            _settle_on_time(runner, timer, tick)
        if pace.ticks_max is not None and runner.counters.ticks >= pace.ticks_max:
            timer.stop()

    def beat() -> None:
        put_health(health_of(runner, late=timer.late, now_s=clock()))

    timer.every(pace.tick_s or pace.poll_s, tick, grace_s=pace.grace_s)
    timer.every(pace.heartbeat_s, beat, grace_s=pace.heartbeat_s)
    try:
        timer.run()
    finally:
        beat()
    return EndCause.INTERRUPTED if timer.interrupted else EndCause.TICKS_DONE


def health_of(runner: Runner, *, late: int, now_s: float) -> dict[str, Json]:
    """The heartbeat: what this process did and when it was last seen."""
    done = runner.counters
    snapshot = None if runner.book is None else runner.book.state.snapshot
    return {
        "beat_s": int(now_s),
        "ticks": done.ticks,
        "skips": done.skips,
        "undone": done.undone,
        "late": late,
        "last_error": done.last_error,
        "block_number": None if snapshot is None else snapshot.block.number,
        "block_time_s": None if snapshot is None else snapshot.block.time_s,
    }


def _settle_on_time(runner: Runner, timer: Timer, tick: Callable[[], None]) -> None:
    """Tick once more right after the next expiry, so that settlement does not wait an interval."""
    assert runner.book is not None, "a tick was booked"
    expiries_s = {hedge.expiry_s for hedge in runner.book.state.hedges} - {NEVER_S}
    if expiries_s:
        timer.once_at(min(expiries_s) + 1, tick, name=SETTLE_JOB)
