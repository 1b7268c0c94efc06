"""The demo: a scripted world and the scheduler, step and tick in turn, at a pace one can watch."""

from __future__ import annotations

from bot.core.world import World
from bot.edges.scheduler import Scheduler
from bot.runs.runner import Runner
from bot.runs.watcher import EndCause

POLL_S = 0.005
GRACE_S = 60.0


def run_demo(world: World, runner: Runner, *, pace_s: float) -> EndCause:
    """Play the whole script while the scheduler ticks; every block is seen before the next.

    pace_s: least time from step to step, so that a person can follow.
    """
    scheduler = Scheduler()
    step, is_seen = 0, False

    def look() -> None:
        nonlocal is_seen
        runner.tick()
        is_seen = True

    def play() -> None:
        nonlocal step, is_seen
        if not is_seen:
            return
        if step == world.steps_count:
            scheduler.stop()
            return
        step += 1
        world.step(step)
        is_seen = False

    scheduler.every(POLL_S, look, grace_s=GRACE_S)
    scheduler.every(max(pace_s, POLL_S), play, grace_s=GRACE_S)
    scheduler.run()
    return EndCause.INTERRUPTED if scheduler.interrupted else EndCause.FINISHED
