"""Tells running jobs to stop: cancelled jobs, and jobs that their worker no longer holds."""

from __future__ import annotations

from typing import Final

from pgjobs.exceptions import JobCancelled, WorkerLost
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.slots.pool import Pool

# A job that has run for a shorter time is not asked after: most such jobs end before the answer
# would come.
_SHORTEST_RUN: Final = 0.5


def pass_on_stop_requests(connection: EngineConnection, pool: Pool) -> None:
    """Look at the rows of the jobs that run in ``pool``, and tell jobs to stop that have to."""
    running = {(job.id, job.epoch): job for job in pool.running(longer_than=_SHORTEST_RUN)}
    if not running:
        return
    cursor = connection.cursor()
    cursor.execute(
        load("workers/stop_requests"),
        {
            "ids": [pk for pk, _ in running],
            "epochs": [epoch for _, epoch in running],
            "workers": [job.worker_id for job in running.values()],
        },
    )
    for pk, epoch, is_cancelled in cursor.fetchall():
        job = running[pk, epoch]
        if is_cancelled:
            pool.request_stop(job, JobCancelled("The job was cancelled."))
        elif not job.is_finished:
            pool.request_stop(job, WorkerLost("The job's row was deleted or taken over."))
