"""The demo: a scripted world and the scheduler, step and tick in turn, at a pace one can watch."""

from __future__ import annotations

from bot.core.ports import Timer
from bot.core.watcher import EndCause
from bot.core.world import World
from bot.runs.runner import Runner

POLL_S = 0.005
GRACE_S = 60.0


def run_demo(world: World, runner: Runner, timer: Timer, *, pace_s: float) -> EndCause:
    """Play the whole script while the scheduler ticks; every block is seen before the next.

    timer: a new one. pace_s: least time from step to step, so that a person can follow.
    """
    step, is_seen = 0, False

    def look() -> None:
        nonlocal is_seen
        runner.see_block()
        is_seen = True

    def play() -> None:
        nonlocal step, is_seen
        if not is_seen:
            return
        if step == world.steps_count:
            timer.stop()
            return
        step += 1
        world.step(step)
        is_seen = False

    timer.every(POLL_S, look, grace_s=GRACE_S)
    timer.every(max(pace_s, POLL_S), play, grace_s=GRACE_S)
    timer.run()
    return EndCause.INTERRUPTED if timer.interrupted else EndCause.FINISHED
