"""Jobs with ``Meta.atomic``: the work and the job's completion commit together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import connections, transaction

from pgjobs.exceptions import StaleJob
from pgjobs.execution.awaiting import await_here, coroutine_in
from pgjobs.execution.running_job import RunningJob
from pgjobs.rows.accepted import Recorded
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import is_plain, record_plain
from pgjobs.rows.record_inside import record_inside


def complete_atomically(
    job: RunningJob, call: Callable[[], Any], complete: Callable[[Any], Outcome]
) -> Outcome:
    """Run ``job`` by ``call`` and record what ``complete`` makes of its result.

    Both happen in one transaction. If the row's epoch has moved on, another run owns the job: the
    work is rolled back, and the outcome is that of an interrupted job, which the row refuses.
    """
    alias = job._state.db
    try:
        with transaction.atomic(using=alias):
            result = call()
            while (coroutine := coroutine_in(result)) is not None:
                result = await_here(coroutine)  # the transaction belongs to this thread
            has_lost_its_key = job.pk is None
            outcome = complete(result)
            if not job.is_terminated:
                _record(job, outcome, has_lost_its_key)
    except _RowMovedOn:
        return Outcome.interrupted(job.id, job.epoch, job.worker_id)
    return replace(outcome, is_recorded=True, ended=time.monotonic())


class _RowMovedOn(StaleJob):
    """Raised by no code of the project, so it tells for sure that the outcome is stale."""


def _record(job: RunningJob, outcome: Outcome, has_lost_its_key: bool) -> None:
    row = _written(job._state.db, outcome)
    if row is None and has_lost_its_key:  # its deletion is rolled back, so it would run for ever
        raise RuntimeError("An atomic job can't delete its own row.")
    if row is None:
        raise _RowMovedOn(f"job {job.id} is not held by epoch {job.epoch} any more")
    job.started, job.completed = row.started, row.completed


def _written(using: str, outcome: Outcome) -> Recorded | None:
    """Write ``outcome``; return None if it is stale.

    A successor is inserted in a savepoint, because a refused one would undo the work. Any job may
    have one: enqueue_once() may have given it a rule while it ran.
    """
    if is_plain(outcome):
        with connections[using].cursor() as cursor:
            if recorded := record_plain(cursor, [outcome], moments=True):
                return recorded[outcome.job_id]
    return record_inside(using, [outcome], moments=True).get(outcome.job_id)
