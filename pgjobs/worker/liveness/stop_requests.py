"""Tells running jobs to stop: cancelled jobs, and jobs that their worker no longer holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pgjobs.exceptions import JobCancelled, WorkerLost
from pgjobs.models import Job
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.slots.stoppable import Identity

# A job that has run for a shorter time is not asked after: most such jobs end before the answer
# would come.
_SHORTEST_RUN: Final = 0.5


def pass_on_stop_requests(connection: EngineConnection, pool: Pool) -> None:
    """Look at the rows of the jobs that run in ``pool``, and tell jobs to stop that have to."""
    for job, is_cancelled in stop_requests(connection, pool.running(longer_than=_SHORTEST_RUN)):
        if is_cancelled:
            pool.request_stop(job, JobCancelled("The job was cancelled."))
        elif not job.is_finished:
            pool.request_stop(job, WorkerLost("The job's row was deleted or taken over."))


def stop_requests(
    connection: EngineConnection, jobs: Sequence[tuple[Job, Identity]]
) -> list[tuple[Job, bool]]:
    """Return the jobs of ``jobs`` that should not run, each with whether it was cancelled.

    If it was not cancelled, its row was deleted or taken over by another run.
    """
    if not jobs:
        return []
    by_key = {(pk, epoch): job for job, (pk, epoch, _) in jobs}
    cursor = connection.cursor()
    cursor.execute(
        load("workers/stop_requests"),
        {
            "ids": [pk for _, (pk, _, _) in jobs],
            "epochs": [epoch for _, (_, epoch, _) in jobs],
            "workers": [worker for _, (_, _, worker) in jobs],
        },
    )
    return [(by_key[pk, epoch], is_cancelled) for pk, epoch, is_cancelled in cursor.fetchall()]
