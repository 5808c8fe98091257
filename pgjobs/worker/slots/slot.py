"""One slot: it runs one job after the other, and can be told to end the present one."""

from __future__ import annotations

import asyncio
import ctypes
import threading
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, Protocol

from django.db import DatabaseError, connections
from django.db.backends.signals import connection_created

from pgjobs import events
from pgjobs.choices import JobStatus
from pgjobs.exceptions import JobInterrupted, JobTimeout, TransactionLeftOpen
from pgjobs.execution.attempt import execute, execute_coroutine, is_all_coroutine
from pgjobs.execution.verdict import verdict
from pgjobs.models import Job
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome, qualified_name
from pgjobs.worker.leftovers import OwnThread, drop_dead, leave_clean
from pgjobs.worker.slots.last_chance import count_last_chance

_QUERY_CANCEL_TIMEOUT = 2.0


class Work(Protocol):
    """Where a slot takes its jobs from, and where it hands their ends to; the pool is one."""

    note: Callable[[Note], None]
    has_ended: Callable[[Job, Outcome | None], None]

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...
    def next_job(self) -> Job | None: ...
    def next_job_at_once(self) -> Job | None: ...


class Slot:
    """Room for one running job, for as long as the worker lives.

    Its thread runs the jobs. While coroutines follow each other, the event loop takes its place:
    a change of thread costs more than a short job does.
    """

    def __init__(self, number: int, work: Work) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._coroutine: asyncio.Task[Any] | None = None
        self._is_on_loop = False
        self._from_loop: SimpleQueue[Job | BaseException | None] = SimpleQueue()
        self.connections: set[Any] = set()
        self.ended = 0
        self.job: Job | None = None
        self.since = 0.0
        self.told: JobInterrupted | None = None
        self.told_at = 0.0
        self.thread = threading.Thread(target=self._run, name=f"pgjobs-slot-{number}", daemon=True)
        self.thread.pgjobs_slot = self  # type: ignore[attr-defined]

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            self._begin(job)
            if self.connections:
                drop_dead()
            # In a context of its own: the next one shall not speak the language that it activates.
            outcome = Context().run(self._execute, job)
            if self._may_have_left_something(outcome) and leave_clean():
                outcome = _not_committed(job, outcome)
            self._end(job, outcome)
        connections.close_all()

    def _next_job(self) -> Job | None:
        """Return the next job for the thread. Those that need none, the event loop runs before."""
        job = self._work.next_job()
        while job is not None and is_all_coroutine(job):
            self._begin(job, on_loop=True)
            self._work.loop.call_soon_threadsafe(self._start, job)
            job = self._back_from_loop() or self._work.next_job()
        return job

    def _back_from_loop(self) -> Job | None:
        job = self._from_loop.get()
        if isinstance(job, BaseException):
            raise job
        return job

    def _may_have_left_something(self, outcome: Outcome | None) -> bool:
        """Asking Django costs as much as a short job. A connection that broke while it was being
        set up is announced to nobody, but its job has hardly completed."""
        return bool(self.connections) or outcome is None or outcome.status != JobStatus.COMPLETED

    def _begin(self, job: Job, *, on_loop: bool = False) -> None:
        job._sink = self._work.note
        with self._lock:
            self._is_on_loop = on_loop
            self.told = None
            self.since = time.monotonic()
            self.job = job

    def _execute(self, job: Job) -> Outcome | None:
        if not job.is_last_chance:
            return self._attempt(job)
        try:
            if not count_last_chance(job):
                return None
            outcome = self._attempt(job)
            return None if outcome is None else replace(outcome, interruptions=-1)
        except (DatabaseError, JobInterrupted) as error:
            events.tell(events.JobNotStarted(job, error))
            return Outcome.released(job.id, job.epoch, job.worker_id)
        finally:
            self._finish()

    def _attempt(self, job: Job) -> Outcome | None:
        try:
            outcome = execute(job, run_coroutine=self._run_coroutine)
            self._finish()
        except BaseException as error:  # most likely an interruption just after run() had returned
            self._finish()
            outcome = verdict(error, job)
        return self._with_the_real_reason(job, outcome)

    def _finish(self) -> None:
        with self._lock:
            self.job = None
            if self.told is not None and not self._is_on_loop:
                # An exception that was set but not yet raised would hit whatever comes next.
                drop_async_exception()

    def _end(self, job: Job, outcome: Outcome | None) -> None:
        self.ended += 1
        self._work.has_ended(job, outcome)

    def _with_the_real_reason(self, job: Job, outcome: Outcome | None) -> Outcome | None:
        """Blame the interruption, not what it caused, such as a cancelled query."""
        if outcome is None or self.told is None or outcome.failure is None:
            return outcome
        if outcome.failure.exception == qualified_name(self.told):
            return outcome
        return replace(verdict(self.told, job), began=outcome.began, ended=outcome.ended)

    # Told to end ------------------------------------------------------------------------

    @property
    def is_late(self) -> bool:
        job, since = self.job, self.since
        return job is not None and time.monotonic() - since > job.time_limit.total_seconds()

    def interrupt_if_late(self) -> None:
        job = self.job
        if job is not None and self.is_late:
            limit = job.time_limit.total_seconds()
            self.interrupt(
                job, JobTimeout(f"The job ran longer than its timeout of {limit:g} seconds.")
            )

    def interrupt(self, job: Job, error: JobInterrupted) -> bool:
        """Raise ``error`` inside ``job`` if it still runs here; once, so that it can clean up."""
        with self._lock:
            if self.job is not job or self.told is not None:
                return False
            self.told, self.told_at = error, time.monotonic()
            if self._is_on_loop:
                self._work.loop.call_soon_threadsafe(self._cancel)
            else:
                _set_async_exception(self.thread.ident, _as_class(error))
                self._cancel_queries()
        events.tell(events.StopRequested(job, error))
        return True

    def ignores(self, grace: float) -> bool:
        """Say whether the job was told to end and has not, for ``grace`` seconds."""
        with self._lock:
            told = self.job is not None and self.told is not None
            return told and time.monotonic() - self.told_at > grace

    def _cancel_queries(self) -> None:
        # A thread that waits for PostgreSQL does not see exceptions until the answer comes.
        for connection in list(self.connections):
            if (raw := connection.connection) is not None:
                try:
                    raw.cancel_safe(timeout=_QUERY_CANCEL_TIMEOUT)
                except Exception as error:
                    events.tell(events.QueryNotCancelled(error))

    # Coroutines --------------------------------------------------------------------------

    def _run_coroutine(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Wait in the thread for a coroutine whose job began there."""
        with self._lock:
            self._is_on_loop = True
        try:
            supervised = self._supervised(coroutine)
            return asyncio.run_coroutine_threadsafe(supervised, self._work.loop).result()
        finally:
            with self._lock:
                self._is_on_loop = False

    # The rest runs on the event loop.

    def _start(self, job: Job) -> None:
        asyncio.create_task(self._run_on_loop(job), context=Context())  # noqa: RUF006 - see below

    async def _run_on_loop(self, job: Job) -> None:
        try:
            outcome = await execute_coroutine(job, self._supervised)
            self._finish()
            self._end(job, self._with_the_real_reason(job, outcome))
            self._go_on(self._work.next_job_at_once())
        except BaseException as error:  # around the job, not in it: it ends the slot's thread
            self._from_loop.put(error)

    def _go_on(self, job: Job | None) -> None:
        if job is not None and is_all_coroutine(job):
            self._begin(job, on_loop=True)
            self._start(job)
        else:
            self._from_loop.put(job)

    async def _supervised(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        # The loop itself would let go of a task that waits for what nobody else knows.
        self._coroutine = asyncio.current_task()
        try:
            if self.told is not None:  # while the loop was busy with another
                coroutine.close()
                raise self.told
            async with OwnThread():
                return await coroutine
        except asyncio.CancelledError:
            if self.told is None:
                raise RuntimeError("The coroutine was cancelled from inside.") from None
            raise self.told from None
        finally:
            self._coroutine = None

    def _cancel(self) -> None:
        # It was put in line while the job was there, hence before whatever follows it here.
        if self._coroutine is not None:
            self._coroutine.cancel()


def _not_committed(job: Job, outcome: Outcome | None) -> Outcome | None:
    """What a job wrote into a transaction that it left open is gone, so it has not completed."""
    if outcome is None or outcome.is_recorded or outcome.status != JobStatus.COMPLETED:
        return outcome
    return replace(
        verdict(TransactionLeftOpen(), job),
        data=outcome.data,
        began=outcome.began,
        ended=outcome.ended,
    )


def _remember_connection(connection: Any, **_: Any) -> None:
    slot = getattr(threading.current_thread(), "pgjobs_slot", None)
    if slot is not None:
        slot.connections.add(connection)


connection_created.connect(_remember_connection, dispatch_uid="pgjobs.slot")


def _as_class(error: JobInterrupted) -> type[JobInterrupted]:
    """What is raised in another thread must be a class: make one that says what ``error`` says."""
    kind = type(error)

    def init(self: JobInterrupted) -> None:
        kind.__init__(self, *error.args)

    return type(kind.__name__, (kind,), {"__init__": init, "__module__": kind.__module__})


def _set_async_exception(thread: int | None, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread or 0), ctypes.py_object(error))


class _Dropped(BaseException):
    """Replaces an exception that must not be raised any more."""


def drop_async_exception() -> None:
    """Drop an exception that was set for the current thread and has not been raised yet.

    Setting NULL would drop it too, but CPython before 3.13 then looks for it at every step from
    there on: all Python code of a process on 3.12 takes a third longer, and a process on 3.11 hangs
    under a trace function, such as that of coverage or a debugger. So the exception is replaced by
    another one, which is raised and caught here.
    """
    try:
        _set_async_exception(threading.get_ident(), _Dropped)
        while True:  # until the interpreter raises it, at one of the next jumps
            pass
    except _Dropped:
        return
