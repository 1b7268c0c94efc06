"""When things happen: APScheduler, single-threaded, so that a tick never meets another one.

Jobs run in the scheduler's own loop (max_instances=1 by construction and by statement). Runs that
fall due while a job is at work are merged into one (coalesce) and counted as late, as are runs
that start later than their grace and are missed. SIGINT and SIGTERM end the loop between two
jobs, never inside one.
Why so: docs/adr/0006-one-thread.md.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.debug import DebugExecutor
from apscheduler.job import Job
from apscheduler.schedulers.blocking import BlockingScheduler

SIGNALS = (signal.SIGINT, signal.SIGTERM)

NOTICE_S = 0.25
"""A sleeping loop looks this often whether it shall end. Being woken takes a lock, which a signal's
handler may find held by the very loop that it interrupts."""


class _Loop(BlockingScheduler):  # type: ignore[misc]  # APScheduler 3 has no types
    """A loop that ends between two rounds of jobs; APScheduler's shutdown breaks one off."""

    ending = False

    def _process_jobs(self) -> float:
        wait_s: float | None = super()._process_jobs()
        if self.ending:
            self.shutdown(wait=False)
        return NOTICE_S if wait_s is None else min(wait_s, NOTICE_S)


class Scheduler:
    """A loop of repeated and dated jobs, in this thread. `late` counts runs that did not happen."""

    def __init__(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # misses are counted here
        self.late = 0
        self.interrupted = False
        self._error: BaseException | None = None
        self._dated: dict[str, Job] = {}
        self._loop = _Loop(
            timezone=UTC,
            executors={"default": DebugExecutor()},
            job_defaults={"max_instances": 1, "coalesce": True},
        )
        self._loop.add_listener(self._on_missed, EVENT_JOB_MISSED)
        self._loop.add_listener(self._on_error, EVENT_JOB_ERROR)

    def every(self, seconds: float, job: Callable[[], object], *, grace_s: float) -> None:
        """Run a job now and then every so many seconds; late by more than `grace_s` is missed."""
        self._loop.add_job(
            self._counting_merged(job, seconds),
            "interval",
            seconds=seconds,
            next_run_time=datetime.now(UTC),
            misfire_grace_time=max(1, round(grace_s)),
        )

    def once_at(self, time_s: int, job: Callable[[], object], *, name: str) -> None:
        """Run a job at a moment (unix time), in place of the one of the same name, if any."""
        if (waiting := self._dated.pop(name, None)) is not None:
            waiting.remove()

        def run() -> None:
            del self._dated[name]  # first, so that the job may date itself anew
            job()

        self._dated[name] = self._loop.add_job(
            run,
            "date",
            run_date=datetime.fromtimestamp(time_s, UTC),
            misfire_grace_time=None,
        )

    def run(self) -> None:
        """Run until `stop`, a signal, or an error in a job, which is raised here."""
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            self._loop.start()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the loop once the job at work is done."""
        self._loop.ending = True

    def _counting_merged(self, job: Callable[[], object], seconds: float) -> Callable[[], object]:
        started_s: float | None = None

        def run() -> None:
            nonlocal started_s
            now_s = time.monotonic()
            if started_s is not None:
                self.late += max(0, int((now_s - started_s) / seconds + 0.5) - 1)
            started_s = now_s
            job()

        return run

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            raise KeyboardInterrupt  # asked twice: now
        self.interrupted = True
        self.stop()

    def _on_missed(self, event: JobExecutionEvent) -> None:
        self.late += 1

    def _on_error(self, event: JobExecutionEvent) -> None:
        self._error = event.exception
        self.stop()
