"""The job that a slot runs at this moment, and how the job is told to stop."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db.backends.signals import connection_created

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.exceptions import JobInterrupted, JobTimeout
from pgjobs.execution.runner import Runner
from pgjobs.models import Job

_QUERY_CANCEL_TIMEOUT = 2.0

Identity = tuple[int, int, int | None]
"""The id, the epoch and the worker of a claimed job."""


class Stoppable(Runner):
    """Raises a stop request inside its job: in the slot's thread, or on the event loop.

    Other threads request a stop at any moment, so a lock guards which job runs where.
    """

    thread: threading.Thread

    def __init__(self, *, cancel_on_loop: Callable[[], None]) -> None:
        self._cancel_on_loop = cancel_on_loop
        self._lock = threading.Lock()
        self._is_on_loop = False
        self.connections: set[Any] = set()
        """The database connections that the slot's thread has opened."""
        self.job: Job | None = None
        self.identity: Identity = (0, 0, None)
        """What names the row of the job, whatever ``run()`` does to these attributes of the job."""
        self.since = 0.0
        self._timeout: int | None = None
        self.stop_requested_at = 0.0

    def begin(self, job: Job, *, on_loop: bool = False) -> None:
        with self._lock:
            self._is_on_loop = on_loop
            self.stop_request = None
            self.since = time.monotonic()
            self._timeout = job.timeout  # read now: run() may put anything there
            self.identity = job.id, job.epoch, job.worker_id
            self.job = job

    def finish(self) -> None:
        with self._lock:
            self.job = None
            if self.stop_request is not None and not self._is_on_loop:
                # The exception may be set and not raised yet. It would hit the next job.
                drop_async_exception()

    def move_to_loop(self, is_on_loop: bool) -> None:
        """Note that the job's thread waits for the event loop, or that the job is back from it."""
        with self._lock:
            self._is_on_loop = is_on_loop

    @property
    def is_late(self) -> bool:
        """Whether the job has run longer than its timeout."""
        job, since = self.job, self.since
        return job is not None and time.monotonic() - since > self._limit

    @property
    def _limit(self) -> float:
        """Seconds that the job may run."""
        return float(self._timeout or get_settings().DEFAULT_TIMEOUT)

    def stop_if_late(self) -> None:
        """Request a stop of a job that has run longer than its timeout."""
        job = self.job
        if job is not None and self.is_late:
            reason = f"The job ran longer than its timeout of {self._limit:g} seconds."
            self.request_stop(job, JobTimeout(reason))

    def request_stop(self, job: Job, reason: JobInterrupted) -> bool:
        """Raise ``reason`` inside ``job``; return False if the job does not run in this slot.

        A job that was told to stop before is not told again, so that it can clean up: the method
        returns False for it as well.
        """
        with self._lock:
            if self.job is not job or self.stop_request is not None:
                return False
            self.stop_request, self.stop_requested_at = reason, time.monotonic()
            if self._is_on_loop:
                self._cancel_on_loop()
            else:
                _set_async_exception(self.thread.ident, _as_class(reason))
                self._cancel_queries()
        events.tell(events.StopRequested(job, reason))
        return True

    def ignores_stop(self, grace: float) -> bool:
        """Return whether the job still runs, ``grace`` seconds after it was told to stop."""
        with self._lock:
            is_told = self.job is not None and self.stop_request is not None
            return is_told and time.monotonic() - self.stop_requested_at > grace

    def _cancel_queries(self) -> None:
        # While the thread waits for PostgreSQL, Python raises no exception in it.
        for connection in list(self.connections):
            if (raw := connection.connection) is not None:
                try:
                    raw.cancel_safe(timeout=_QUERY_CANCEL_TIMEOUT)
                except Exception as error:
                    events.tell(events.QueryNotCancelled(error))


def _remember_connection(connection: Any, **_: Any) -> None:
    slot = getattr(threading.current_thread(), "pgjobs_slot", None)
    if slot is not None:
        slot.connections.add(connection)


connection_created.connect(_remember_connection, dispatch_uid="pgjobs.slot")


def _as_class(error: JobInterrupted) -> type[JobInterrupted]:
    """Return an exception class whose instances have the text of ``error``.

    Python raises a class in another thread, not an instance.
    """
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
    under a trace function, such as that of coverage or a debugger. So another exception replaces
    it, which is raised and caught here.
    """
    try:
        _set_async_exception(threading.get_ident(), _Dropped)
        while True:  # until the interpreter raises it, at one of the next jumps
            pass
    except _Dropped:
        return
