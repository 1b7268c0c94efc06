"""The scheduler: jobs in turn, one at a time, merged when late, and an end between two jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.core.errors import BookWriteError
from bot.edges.scheduler import Scheduler

ROOT = Path(__file__).parents[2]
OFTEN_S = 0.005


def test_a_job_runs_at_once_and_again_until_it_stops_the_loop() -> None:
    scheduler, runs = Scheduler(), []

    def job() -> None:
        runs.append(len(runs))
        if len(runs) == 3:
            scheduler.stop()

    scheduler.every(OFTEN_S, job, grace_s=60)
    scheduler.run()
    assert runs == [0, 1, 2]
    assert not scheduler.interrupted


def test_two_jobs_never_overlap() -> None:
    scheduler, at_work, seen = Scheduler(), [], []

    def job() -> None:
        assert not at_work
        at_work.append(1)
        time.sleep(0.002)
        at_work.pop()
        seen.append(1)
        if len(seen) == 6:
            scheduler.stop()

    scheduler.every(OFTEN_S, job, grace_s=60)
    scheduler.every(OFTEN_S, job, grace_s=60)
    scheduler.run()
    assert len(seen) >= 6


def test_runs_that_fall_due_during_a_long_job_are_merged_into_one_and_counted() -> None:
    scheduler, runs = Scheduler(), []

    def job() -> None:
        runs.append(1)
        if len(runs) == 1:
            time.sleep(10 * OFTEN_S)
        else:
            scheduler.stop()

    scheduler.every(OFTEN_S, job, grace_s=60)
    scheduler.run()
    assert len(runs) == 2
    assert scheduler.late >= 8


def test_an_error_in_a_job_ends_the_loop_and_is_raised_by_run() -> None:
    scheduler, beats = Scheduler(), []

    def fail() -> None:
        raise BookWriteError(file="book", problem="disk full")

    scheduler.every(OFTEN_S, fail, grace_s=60)
    scheduler.every(60, lambda: beats.append(1), grace_s=60)
    with pytest.raises(BookWriteError, match="disk full"):
        scheduler.run()
    assert beats == [1], "the round of jobs is finished first"


def test_a_dated_job_runs_once_and_one_of_the_same_name_takes_its_place() -> None:
    scheduler, runs = Scheduler(), []

    def stop() -> None:
        runs.append("second")
        scheduler.stop()

    scheduler.once_at(2**33, lambda: runs.append("first"), name="settle")
    scheduler.once_at(1, stop, name="settle")  # long past: due at once, never missed
    scheduler.run()
    assert runs == ["second"]


def test_a_dated_job_that_dates_itself_anew_is_not_forgotten() -> None:
    """A tick at an expiry finds the next expiry: that one must not wait for the interval."""
    scheduler, runs = Scheduler(), []

    def settle() -> None:
        runs.append(1)
        if len(runs) == 3:
            scheduler.stop()
        else:
            scheduler.once_at(1, settle, name="settle")

    def give_up() -> None:
        if runs == [1] and len(waits) > 100:
            scheduler.stop()
        waits.append(1)

    waits: list[int] = []
    scheduler.once_at(1, settle, name="settle")
    scheduler.every(OFTEN_S, give_up, grace_s=60)
    scheduler.run()
    assert runs == [1, 1, 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_job_at_work_finish(number: signal.Signals) -> None:
    scheduler, done = Scheduler(), []

    def job() -> None:
        os.kill(os.getpid(), number)
        done.append("the rest of the job")

    scheduler.every(60, job, grace_s=60)
    scheduler.run()
    assert scheduler.interrupted
    assert done == ["the rest of the job"]


def test_a_second_signal_breaks_off_at_once() -> None:
    scheduler, done = Scheduler(), []

    def job() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        done.append("after the first")
        os.kill(os.getpid(), signal.SIGINT)
        done.append("after the second")

    scheduler.every(60, job, grace_s=60)
    with pytest.raises(KeyboardInterrupt):
        scheduler.run()
    assert done == ["after the first"]


def test_the_handlers_that_were_there_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    scheduler = Scheduler()
    scheduler.every(60, scheduler.stop, grace_s=60)
    scheduler.run()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


SIGNALLED = """
import os, signal, threading
from bot.edges.scheduler import Scheduler

class Unlucky(threading.Event):
    def wait(self, timeout=None):
        with self._cond:  # as the loop does for a moment each time it goes to sleep
            os.kill(os.getpid(), signal.SIGTERM)
        return super().wait(timeout)

scheduler = Scheduler()
scheduler._loop._event = Unlucky()
scheduler.every(3600, lambda: None, grace_s=60)
scheduler.run()
print("ended", scheduler.interrupted)
"""


def test_a_signal_that_meets_the_loop_as_it_goes_to_sleep_ends_it() -> None:
    """Bug: the handler waited for a lock that the loop beneath it held, for good.

    The time limit only tells a loop that hangs from one that ends.
    """
    run = subprocess.run(
        [sys.executable, "-c", SIGNALLED],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.stdout.strip() == "ended True", run.stderr
