"""Running a job in the caller's own process, without a worker.

The parameter ``jobs`` of these functions is the query set of all jobs in the database that is
written to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from django.db import DatabaseError, connections, models, transaction
from django.db.models import F
from django.db.models.functions import Now

from pgjobs import events, tracing
from pgjobs.choices import FINISHED, WAITING, JobStatus
from pgjobs.exceptions import JobLocked
from pgjobs.execution.attempt import attempt, in_thread
from pgjobs.execution.awaiting import await_here
from pgjobs.execution.callers_connection import end_transaction, usable_afterwards
from pgjobs.execution.current import resumed_afterwards
from pgjobs.execution.process_lock import held_here
from pgjobs.execution.result import data_as_json
from pgjobs.execution.runner import Runner
from pgjobs.notifications import announce_end
from pgjobs.rows import statements
from pgjobs.rows.commit import is_in_transaction, on_commit
from pgjobs.rows.failure import as_error
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.rows.record_inside import is_about_the_session, record_inside
from pgjobs.rows.rivalry import alone, reread
from pgjobs.rows.user import key_of_existing_user

Jobs = models.QuerySet[Any]
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
        tracing.send(job.__dict__, lambda _: (_insert_as_running(jobs, job), True))
        with held_here(connections[jobs.db], job.pk) as is_held:
            if is_held:
                _run_started(jobs, job, note_error)
                return
        locked = job.pk
        jobs.filter(pk=locked).delete()
        job.pk, job._state.adding = None, True
    raise JobLocked(locked)


def _insert_as_running(jobs: Jobs, job: Any) -> Any:
    # Were it pending, a worker could take it outside a transaction.
    job.status, job.epoch, job.attempt = JobStatus.RUNNING, 1, 1
    job.started = Now()
    with connections[jobs.db].cursor() as cursor:
        job.user_id = key_of_existing_user(cursor, job.user_id)
    try:
        job.save(force_insert=True, using=jobs.db)
    except TypeError:  # before version 6.0 Django reads the values of the row that is not there
        if job.pk is not None:
            raise
    if job.pk is None:
        raise DatabaseError(statements.NOT_INSERTED)
    reread(job, jobs.db, fields=["started"])
    return job


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


def start(jobs: Jobs, job: Any) -> bool:
    """Take the waiting ``job`` for this process; return False if it is not waiting any more.

    A trigger of the project that returns OLD keeps it waiting, and the UPDATE counts it all the
    same.
    """
    waiting = jobs.filter(pk=job.pk, status__in=WAITING).order_by()
    started = {
        "status": JobStatus.RUNNING,
        "started": Now(),
        "epoch": F("epoch") + 1,
        "attempt": F("attempt") + 1,
        "worker": None,
    }
    won = alone(jobs.db, lambda: waiting.update(**started))
    if not won or not reread(job, jobs.db, ["status", "started", "epoch", "attempt", "worker"]):
        return False
    if job.status != JobStatus.RUNNING:
        return False
    job._is_terminated, job.unsure_end = False, None
    return True


def terminate(jobs: Jobs, job: Any, status: JobStatus, error: str) -> bool:
    """Record an end for ``job``, which this process runs or which is still waiting.

    Return False if the row has moved on.
    """
    data, lines = data_as_json(job)  # it may raise, and a started job would stay running
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
    if not _record(jobs, job, outcome):
        return False  # and the end that an earlier call has recorded stays
    job._is_terminated, job.unsure_end = True, None
    if is_in_transaction(jobs.db):
        job.unsure_end = outcome
        on_commit(jobs.db, partial(_be_sure, job))
    return True


def _be_sure(job: Any) -> None:
    job.unsure_end = None


def write_notes(jobs: Jobs, notes: Sequence[Note]) -> None:
    """Write log lines and progress at once."""
    with connections[jobs.db].cursor() as cursor:
        statements.write_notes(cursor, notes)


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
        _write_notes_of_run(jobs, notes)
    if outcome is not None:
        _keep(jobs, job, outcome)
    if runner.exit is not None:  # the row is written, so the process may end
        raise runner.exit


def _write_notes_of_run(jobs: Jobs, notes: list[Note]) -> None:
    """Write ``notes``; a note that PostgreSQL refuses is told and does not cost the outcome."""
    if not notes:
        return
    try:
        with transaction.atomic(using=jobs.db):
            write_notes(jobs, notes)
    except DatabaseError as error:
        if len(notes) == 1:
            events.tell(events.NoteLost(notes[0].job_id, error))
            return
        for note in notes:
            _write_notes_of_run(jobs, [note])


def _keep(jobs: Jobs, job: Any, outcome: Outcome) -> None:
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
    """Read the row, and tell of the job's end once the end is durable."""
    if reread(job, jobs.db) and job.status in FINISHED:
        on_commit(jobs.db, lambda: announce_end(job))
