"""A job's last chance: losing its worker once more would end the job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError
from django.db.models import F

from pgjobs.choices import JobStatus
from pgjobs.exceptions import JobInterrupted
from pgjobs.execution.verdict import judge
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.slots.preparing import give_back, prepare
from pgjobs.worker.slots.stoppable import Stoppable

Steps = Callable[[Job, Any], Coroutine[Any, Any, Outcome | None]]
"""The steps that a slot takes for one job."""


class LastChances:
    """Lets one last chance run at a time: if the process dies, this job is the one to blame."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Job | None = None
        self._waiting: list[Job] = []

    def take(self, job: Job) -> bool:
        """Let ``job`` run and return True, or keep it waiting while another last chance runs."""
        with self._lock:
            if self._running is not None:
                self._waiting.append(job)
                return False
            self._running = job
            return True

    def leave(self, jobs: Sequence[Job]) -> list[Job]:
        """If one of ``jobs`` was the running last chance, return the jobs that waited for its end.

        The outcomes of ``jobs`` must be decided: written or stale. If the next last chance ran
        earlier and killed the process, both rows would have a counted interruption, and a rescuer
        would end both jobs as errored.
        """
        if self._running is None or self._running not in jobs:
            return []
        with self._lock:
            self._running = None
            return self._take_waiting()

    def withdraw(self) -> list[Job]:
        """Take back the jobs that wait."""
        with self._lock:
            return self._take_waiting()

    def _take_waiting(self) -> list[Job]:
        waiting, self._waiting = self._waiting, []
        return waiting


async def attempt_last_chance(job: Job, slot: Stoppable, steps: Steps) -> Outcome | None:
    """Count an interruption of ``job``, take ``steps``, and let the outcome take the count back.

    If the interruption can't be counted now, return the outcome that releases the job. If the row
    refuses the count, return an errored outcome. Return None if the row has moved on, or if
    ``job.terminate()`` has recorded its outcome.
    """
    try:
        if not prepare(job, slot, partial(count_last_chance, job)):
            return None
    except (DataError, IntegrityError) as error:  # the next try would fail too
        return judge(error, job)
    except (DatabaseError, JobInterrupted, OSError) as error:  # OSError: no free descriptor
        return give_back(job, error)
    outcome = await steps(job, slot)
    if outcome is None:
        return None
    return replace(outcome, interruptions=outcome.interruptions - 1)


def count_last_chance(job: Job) -> bool:
    """Count an interruption of ``job`` before it starts; return False if its row has moved on.

    If the process dies, a rescuer sees all its jobs as running and can't tell which had started.
    The count tells it: of the last chances in the process, only the started job was counted.
    """
    held = Job.objects.filter(pk=job.pk, epoch=job.epoch, status=JobStatus.RUNNING).order_by()
    return bool(held.update(interruptions=F("interruptions") + 1))
