"""Heavy jobs: the slot reads the columns that their claim left in the database."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from pgjobs import events
from pgjobs.exceptions import JobInterrupted, UnreadableRow
from pgjobs.execution.attempt import attempt
from pgjobs.execution.judging import give_up
from pgjobs.execution.runner import Runner
from pgjobs.models import Job
from pgjobs.rows.columns import LEFT_IF_HEAVY
from pgjobs.rows.failure import shown
from pgjobs.rows.outcome import Outcome
from pgjobs.sql import load
from pgjobs.worker.errors import is_away
from pgjobs.worker.slots.preparing import give_back, prepare


async def attempt_heavy(job: Job, slot: Runner) -> Outcome | None:
    """Read what the claim of ``job`` left out, run the job, and forget the values again.

    Until the outcome is written, the worker may hold thousands of jobs that have ended.

    If the database is away, or this process may open no file, return the outcome that releases the
    job. If the values can't be read, return an errored outcome. Return None if the row has moved
    on, or if ``job.terminate()`` has recorded its outcome.
    """
    began = time.monotonic()
    try:
        try:
            is_read = prepare(job, slot, partial(_read, job))
        except Exception as error:
            return _not_read(error, job, slot, began)
        if slot.stop_request is not None:
            return give_up(job, slot.stop_request, began=began)
        if not is_read:
            return None
        outcome = await attempt(job, slot)
        # Reading took the slot's time as well. The pace must know of it, or the worker would claim
        # many more jobs than the slots can start.
        return None if outcome is None else replace(outcome, began=began)
    finally:
        for name in LEFT_IF_HEAVY:
            job.__dict__.pop(name, None)  # to a receiver the column looks like a deferred one


def _read(job: Job) -> bool:
    """Give ``job`` the values of its row; return False if the row has moved on."""
    with connections[job._state.db or DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(load("heavy"), {"id": job.id, "epoch": job.epoch})
        row = cursor.fetchone()
    if row is not None:
        job.__dict__.update(_values(row))
    return row is not None


def _values(row: tuple[str | None, ...]) -> dict[str, Any]:
    values, failed = {}, []
    for name, text in zip(LEFT_IF_HEAVY, row, strict=True):
        try:
            values[name] = None if text is None else json.loads(text)
        except (ValueError, RecursionError) as error:
            failed.append(f"{name}: {shown(error, str)}")
    if failed:
        raise UnreadableRow(f"The row of the job can't be read. {'; '.join(failed)}")
    return values


def _not_read(error: Exception, job: Job, slot: Runner, began: float) -> Outcome:
    reason = slot.stop_request or error  # a stop request cancels the query
    if isinstance(reason, JobInterrupted):
        return give_up(job, reason, began=began)
    if is_away(error) or isinstance(error, OSError):
        return give_back(job, error)
    if not isinstance(error, UnreadableRow):
        error = UnreadableRow(f"The row of the job can't be read. {shown(error, str)}")
    events.tell(events.JobUnreadable(job, error))
    return Outcome.unreadable(job.id, job.epoch, job.worker_id, error)
