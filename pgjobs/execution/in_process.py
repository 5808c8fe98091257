"""Running a job in the caller's own process, without a worker.

The parameter ``jobs`` of these functions is the query set of all jobs in the database that is
written to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from django.db import connections

from pgjobs import tracing
from pgjobs.choices import WAITING
from pgjobs.exceptions import JobLocked
from pgjobs.execution.attempt import attempt, in_thread
from pgjobs.execution.awaiting import await_here
from pgjobs.execution.callers_connection import end_transaction, usable_afterwards
from pgjobs.execution.current import resumed_afterwards
from pgjobs.execution.in_process_end import keep
from pgjobs.execution.in_process_notes import write_notes_of_run
from pgjobs.execution.in_process_start import Jobs, insert_as_running, start
from pgjobs.execution.process_lock import held_here
from pgjobs.execution.runner import Runner
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome

NoteError = Callable[[BaseException], None]
"""Called with the exception that left ``run()``, before the outcome is written."""

_MOST_IDS: Final = 1000
_PATIENCE: Final = 2.0
_PAUSE: Final = 0.05


def _forget(error: BaseException) -> None:
    """Keep nothing of ``error``: its frames would keep the values of ``run()``."""


def run_immediately(jobs: Jobs, job: Any, *, note_error: NoteError = _forget) -> None:
    """Insert the new ``job`` and run it before returning.

    If a foreign session holds the lock of the job's id, the job takes the next id. Raises JobLocked
    if many ids in a row are locked.
    """
    for _ in range(_MOST_IDS):
        tracing.send(job.__dict__, lambda _: (insert_as_running(jobs, job), True))
        with held_here(connections[jobs.db], job.pk) as is_held:
            if is_held:
                _run_started(jobs, job, note_error)
                return
        locked = job.pk
        jobs.filter(pk=locked).delete()
        job.pk, job._state.adding = None, True
    raise JobLocked(locked)


def run_waiting(jobs: Jobs, job: Any, *, note_error: NoteError = _forget) -> None:
    """Take the waiting ``job`` and run it; do nothing if it is not waiting any more.

    Raises JobLocked if the job still waits although a foreign session holds the lock of its id.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        with held_here(connections[jobs.db], job.pk) as is_held:
            if is_held:
                if start(jobs, job):
                    _run_started(jobs, job, note_error)
                return
        if not jobs.filter(pk=job.pk, status__in=WAITING).exists():  # another process runs it
            return
        if time.monotonic() > deadline:
            raise JobLocked(job.pk)
        time.sleep(_PAUSE)


class _InProcess(Runner):
    """Runs attempts in the caller's own thread, where the caller may have a transaction."""

    def __init__(self, connection: Any, note_error: NoteError) -> None:
        self._note_error = note_error
        self._connection = connection
        self._may_end_transaction = not connection.in_atomic_block and connection.get_autocommit()

    exit: BaseException | None = None
    """The Ctrl-C or ``sys.exit()`` that ended the job and is meant for this process."""

    async def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await_here(coroutine)

    def note_error(self, error: BaseException) -> None:
        self._note_error(error)

    def note_exit(self, error: BaseException) -> None:
        self.exit = self.exit or error

    def has_left_transaction_open(self, outcome: Outcome) -> bool:
        return self._may_end_transaction and end_transaction(self._connection)


def _run_started(jobs: Jobs, job: Any, note_error: NoteError) -> None:
    notes: list[Note] = []
    runner = _InProcess(connections[jobs.db], note_error)
    job.note_sink = notes.append
    try:
        with usable_afterwards(connections[jobs.db]), resumed_afterwards():
            outcome = in_thread(attempt(job, runner))
    finally:
        job.note_sink = None
        write_notes_of_run(jobs, notes)
    if outcome is not None:
        keep(jobs, job, outcome)
    if runner.exit is not None:  # the row is written, so the process may end
        raise runner.exit
