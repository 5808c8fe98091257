"""The end of a job in the caller's own process: its outcome is recorded, and then announced.

The parameter ``jobs`` is the query set of all jobs in the database that is written to.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import DatabaseError, connections

from pgjobs.choices import FINISHED, WAITING, JobStatus
from pgjobs.execution.in_process_start import Jobs, start
from pgjobs.execution.process_lock import is_held_until_let_go, let_go
from pgjobs.execution.result import data_as_json
from pgjobs.notifications import announce_end
from pgjobs.rows.commit import is_in_transaction, on_commit
from pgjobs.rows.failure import as_error
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.rows.record_inside import is_about_the_session, record_inside
from pgjobs.rows.rivalry import alone, reread


def terminate(jobs: Jobs, job: Any, status: JobStatus, error: str) -> bool:
    """Record an end for ``job``, which this process runs or which is still waiting.

    Return False if the row has moved on.
    """
    data, lines = data_as_json(job)  # before the start: if it raised, the job would stay running
    if job.status in WAITING:
        start(jobs, job)
    for level, text in lines:
        job.say(level, text)
    outcome = Outcome(
        job_id=job.pk,
        epoch=job.epoch,
        worker_id=job.worker_id,
        status=status,
        error=as_error(error or job.error),
        data=data,
    )
    is_recorded = _record(jobs, job, outcome)
    if is_held_until_let_go(connections[jobs.db], job.pk):
        on_commit(jobs.db, partial(let_go, connections[jobs.db], job.pk))
    if not is_recorded:
        return False  # an earlier call may have recorded another end, which stays
    job._is_terminated, job.unsure_end = True, None
    if is_in_transaction(jobs.db):
        job.unsure_end = outcome
        on_commit(jobs.db, partial(_be_sure, job))
    return True


def _be_sure(job: Any) -> None:
    job.unsure_end = None


def keep(jobs: Jobs, job: Any, outcome: Outcome) -> None:
    """Record the ``outcome`` of a run, and announce the end of ``job`` once it is durable."""
    if outcome.is_recorded:
        _announce_once_committed(jobs, job)
    else:
        _record(jobs, job, outcome)


def _record(jobs: Jobs, job: Any, outcome: Outcome) -> bool:
    """Record ``outcome``, which was reached in this process; return False if the row moved on."""
    recorded: Collection[int]
    if is_in_transaction(jobs.db):
        recorded = record_inside(jobs.db, [outcome], fallbacks=Outcome.fallbacks)
    else:
        recorded = _write_alone(jobs.db, outcome)
    if job.pk not in recorded:
        return False
    _announce_once_committed(jobs, job)
    return True


def _write_alone(using: str, outcome: Outcome) -> Collection[int]:
    try:
        return alone(using, lambda: _write(using, outcome))
    except DatabaseError as error:
        if is_about_the_session(error):
            raise
    # The row refuses this outcome, and may accept another one.
    return record_inside(using, [outcome], fallbacks=Outcome.fallbacks)


def _write(using: str, outcome: Outcome) -> Collection[int]:
    with connections[using].cursor() as cursor:
        return record(cursor, [outcome])


def _announce_once_committed(jobs: Jobs, job: Any) -> None:
    """Read the row again, and announce the end of the job once the end is durable."""
    if reread(job, jobs.db) and job.status in FINISHED:
        on_commit(jobs.db, lambda: announce_end(job))
