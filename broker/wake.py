"""The central scheduler's alarm: APScheduler wakes the centre at an instant. What is due then, the agenda decides."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

_JOB = "wake"


class Alarm:
    """One job, moved from instant to instant; `ring` only puts an event on a queue."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._at: datetime | None = None
        # The defaults drop a job that is a second late, silently; a late look at the agenda is better than none.
        defaults = {"misfire_grace_time": None, "coalesce": True}
        executors = {"default": ThreadPoolExecutor(1)}
        self._scheduler: Any = BackgroundScheduler(executors=executors, job_defaults=defaults, timezone=UTC)
        self._scheduler.start()

    def set(self, at: datetime) -> None:
        """Ring at this instant, and not at the one set before."""
        if at != self._at:
            self._at = at
            self._scheduler.add_job(self._ring, DateTrigger(at), id=_JOB, replace_existing=True)

    def check(self) -> None:
        """After a step of the wall clock: the scheduler looks at it again."""
        self._scheduler.wakeup()

    def close(self) -> None:
        # Waits for a ring in progress: a scheduler that is stopped meanwhile dies of the job it cannot remove.
        self._scheduler.remove_all_jobs()
        self._scheduler.shutdown(wait=False)
