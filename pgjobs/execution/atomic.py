"""Jobs with ``Meta.atomic``: the work and the job's completion commit together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import transaction

from pgjobs.exceptions import StaleJob
from pgjobs.execution.awaiting import await_here, coroutine_in
from pgjobs.execution.running_job import RunningJob
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record_inside import record_inside


def complete_atomically(
    job: RunningJob, call: Callable[[], Any], complete: Callable[[Any], Outcome]
) -> Outcome:
    """Run ``job`` by ``call`` and record what ``complete`` makes of its result.

    Both happen in one transaction. Raises StaleJob, which rolls the work back, if the row's epoch
    has moved on: another run owns the job then.
    """
    alias = job._state.db
    with transaction.atomic(using=alias):
        result = call()
        while (coroutine := coroutine_in(result)) is not None:
            result = await_here(coroutine)  # the transaction belongs to this thread
        has_lost_its_key = job.pk is None
        outcome = complete(result)
        if not job.is_terminated:
            _record(job, outcome, has_lost_its_key)
    return replace(outcome, is_recorded=True, ended=time.monotonic())


def _record(job: RunningJob, outcome: Outcome, has_lost_its_key: bool) -> None:
    # In a savepoint, because a refused successor would undo the work. Any job may have a successor:
    # enqueue_once() may have given it a rule while it ran.
    row = record_inside(job._state.db, [outcome], moments=True).get(job.id)
    if row is None and has_lost_its_key:  # its deletion is rolled back, so it would run for ever
        raise RuntimeError("An atomic job can't delete its own row.")
    if row is None:
        raise StaleJob(f"job {job.id} is not held by epoch {job.epoch} any more")
    job.started, job.completed = row.started, row.completed
