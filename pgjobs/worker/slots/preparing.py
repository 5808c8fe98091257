"""What a slot does in the database before its job starts, and what it does if that fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from pgjobs import events
from pgjobs.execution.runner import Runner
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.errors import is_away
from pgjobs.worker.leftovers import leave_clean

PAUSE: Final = 1.0
"""Seconds that a slot waits after it could not start a job, because the worker may claim the job
again at once."""

T = TypeVar("T")


def prepare(job: Job, slot: Runner, act: Callable[[], T]) -> T:
    """Return what ``act`` returns. If its session refuses, call ``act`` once more in a new session.

    An earlier job of the slot may have left a role, a search path or a limit in its session.
    """
    try:
        return _act(job, slot, act)
    except DatabaseError as error:
        if slot.stop_request is not None or is_away(error):
            raise
    return _act(job, slot, act)


def give_back(job: Job, error: Exception, *, is_ending: bool = False) -> Outcome:
    """Tell why ``job`` could not start, and return the outcome that releases it, after a pause.

    A worker that is ending claims nothing, so there is no pause.
    """
    events.tell(events.JobNotStarted(job, error))
    if not is_ending:
        time.sleep(PAUSE)
    return Outcome.released(job.id, job.epoch, job.worker_id)


def _act(job: Job, slot: Runner, act: Callable[[], T]) -> T:
    try:
        slot.begin(job)
        return act()
    except DatabaseError:
        _end_session(job)
        raise
    finally:
        slot.finish()
        leave_clean()


def _end_session(job: Job) -> None:
    """End the session itself: a pool would take it back, and hand it out again."""
    session = connections[job._state.db or DEFAULT_DB_ALIAS].connection
    if session is not None:
        session.close()
