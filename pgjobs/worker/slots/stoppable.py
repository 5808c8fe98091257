"""The job that a slot runs at this moment, and how the job is told to stop."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from django.db.backends.signals import connection_created

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.exceptions import JobInterrupted, JobTimeout
from pgjobs.execution.runner import Runner
from pgjobs.models import Job
from pgjobs.worker.job_processes.job_process import JobProcess

_QUERY_CANCEL_TIMEOUT: Final = 2.0
_LONGEST_DEATH: Final = 10.0
"""Seconds in which a killed process must have ended; a crowded machine ends many slowly."""

Identity = tuple[int, int, int | None]
"""The id, the epoch and the worker of a claimed job."""

StopElsewhere = Callable[[JobInterrupted], None]
"""Raises a stop request where the job runs, if that is not the slot's thread."""


class Stoppable(Runner):
    """Raises a stop request inside its job: in the slot's thread, on the event loop, in a process.

    Other threads request a stop at any moment, so a lock guards which job runs where.
    """

    thread: threading.Thread

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop_elsewhere: StopElsewhere | None = None
        self.connections: set[Any] = set()
        """The database connections that the slot's thread has opened."""
        self.job: Job | None = None
        self.identity: Identity = (0, 0, None)
        """The name of the row of the job, even if ``run()`` changes these attributes of the job."""
        self.since = 0.0
        self._process: JobProcess | None = None
        self._is_between = False
        """The slot itself waits for a process of its job, or for the end of one."""
        self._memory_limit: int | None = None
        self._timeout: int | None = None
        self.stop_requested_at = 0.0

    def begin(
        self, job: Job, *, elsewhere: StopElsewhere | None = None, waits: bool = False
    ) -> None:
        """Let stop requests reach ``job`` from now on, by ``elsewhere`` if it is given.

        A job that ``waits`` for a process has no timeout until ``lend()``, and nothing to stop.
        """
        with self._lock:
            self._stop_elsewhere = _nowhere if waits else elsewhere
            self.stop_request = None
            self.since = time.monotonic()
            self._is_between = waits
            self._timeout = job.timeout  # read now: run() may put anything there
            self.identity = job.id, job.epoch, job.worker_id
            self.job = job

    def finish(self) -> None:
        with self._lock:
            self.job = None
            if self.stop_request is not None and self._stop_elsewhere is None:
                # The exception may be set and not raised yet. It would hit the next job.
                drop_async_exception()

    def move(self, elsewhere: StopElsewhere | None) -> None:
        """Note that the job goes on elsewhere, or that it is back in the slot's thread."""
        with self._lock:
            self._stop_elsewhere = elsewhere

    def lend(self, process: JobProcess, *, memory_limit: int | None) -> None:
        """Note that the job goes on in ``process``, which may use ``memory_limit`` MiB."""
        with self._lock:
            self._process, self._memory_limit = process, memory_limit
            self._is_between = False
            self._stop_elsewhere = process.request_stop
            self.since = time.monotonic()

    def take_back(self) -> None:
        """Note that the process has done with the job."""
        with self._lock:
            self._process = None
            self._is_between = True
            self._stop_elsewhere = _nowhere

    @property
    def is_late(self) -> bool:
        """Whether the job has run longer than its timeout."""
        job, since = self.job, self.since
        return job is not None and not self._is_between and time.monotonic() - since > self._limit

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
            if self._stop_elsewhere is not None:
                self._stop_elsewhere(reason)
            else:
                _set_async_exception(self.thread.ident, _as_class(reason))
                self._cancel_queries()
        events.tell(events.StopRequested(job, reason))
        return True

    def ignores_stop(self, grace: float) -> bool:
        """Return whether the job still runs, ``grace`` seconds after it was told to stop."""
        with self._lock:
            return self._ignores_stop(grace)

    def _ignores_stop(self, grace: float) -> bool:
        if self.job is None or self.stop_request is None or self._is_between:
            return False
        return time.monotonic() - self.stop_requested_at > grace

    def kill_if_overweight(self) -> None:
        """Kill the process of the job if it uses more memory than it may."""
        with self._lock:  # or the process may get another job before it is killed
            process, limit = self._process, self._memory_limit
            if process is not None and limit is not None and process.memory() > limit:
                process.kill(f"it used more memory than its memory_limit of {limit} MiB")

    def kill_process(self, grace: float) -> bool:
        """Kill the process of a job that ignores its stop request.

        Return False if there is none, or if it still lives long after it was killed.
        """
        with self._lock:  # or the process may get another job before it is killed
            if not self._ignores_stop(grace):  # it has ended meanwhile
                return True
            process, job = self._process, self.job
            if process is None or job is None or self._ignores_stop(grace + _LONGEST_DEATH):
                return False
            is_first = process.kill("it did not end when told to")
        if is_first:
            events.tell(events.StopIgnored(job))
        return True

    def _cancel_queries(self) -> None:
        # While the thread waits for PostgreSQL, Python raises no exception in it.
        for connection in list(self.connections):
            if (raw := connection.connection) is not None:
                try:
                    raw.cancel_safe(timeout=_QUERY_CANCEL_TIMEOUT)
                except Exception as error:
                    events.tell(events.QueryNotCancelled(error))


def _nowhere(_: JobInterrupted) -> None:
    """Raise nothing: the job has ended, or has not begun."""


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
