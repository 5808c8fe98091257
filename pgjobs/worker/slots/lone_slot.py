"""The slot of isolated jobs: the main thread of a process of their own."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any, Final, NoReturn

from django.db import connections
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn

from pgjobs import events, tracing
from pgjobs.conf import get_settings
from pgjobs.exceptions import JobInterrupted
from pgjobs.execution.attempt import attempt, in_thread
from pgjobs.execution.runner import Runner
from pgjobs.log_lines.makers import remember_makers
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.job_processes import messages
from pgjobs.worker.job_processes.fork_server import STOP_SIGNAL, Ends
from pgjobs.worker.job_processes.line import Line, StopRequests
from pgjobs.worker.kinship import reap_children
from pgjobs.worker.leftovers import drop_dead, leave_clean
from pgjobs.worker.memory import memory
from pgjobs.worker.process.child import leave
from pgjobs.worker.readable import is_readable
from pgjobs.worker.slots.awaited import awaited
from pgjobs.worker.slots.heavy import attempt_heavy
from pgjobs.worker.slots.logging_handlers import let_stop_requests_pass
from pgjobs.worker.streams import flush_streams

_QUERY_CANCEL_TIMEOUT: Final = 2.0
_COPIES: Final = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)


def run_jobs(ends: Ends) -> NoReturn:
    """Run jobs, one after the other, until the worker wants no more or this process is worn."""
    faulthandler.enable(2)  # the project may have put anything in the place of sys.stderr
    let_stop_requests_pass()
    remember_makers()
    _LoneSlot(ends).run()
    with suppress(Exception):
        connections.close_all()
    _leave()


class _LoneSlot(Runner):
    """Raises a stop request inside its job by a signal, which also ends a wait in C code."""

    def __init__(self, ends: Ends) -> None:
        self._line = Line(ends.frames, after_writing=self._stop_if_told)
        self._stop_requests = StopRequests(ends.stop_requests)
        self._told: tuple[JobInterrupted | None, messages.Identity] = (None, (0, 0, None))
        """The newest stop request, and the job that it is for."""
        self._identity: messages.Identity = (0, 0, None)
        self._may_be_stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._take_signals()

    def run(self) -> None:
        is_last = False
        while not is_last and (message := self._line.receive()) is not None:
            job = messages.to_job(message)
            job.note_sink = lambda note: self._line.send(messages.from_note(note))
            outcome = self._attempt(job)
            flush_streams()
            is_last = message["is_last"] or reap_children() or _is_overweight()
            self._line.send(messages.from_outcome(outcome, job, is_last=is_last))

    def _attempt(self, job: Job) -> Outcome | None:
        self._identity = job.id, job.epoch, job.worker_id
        self._take_signals()
        drop_dead()
        steps = attempt_heavy if job.is_heavy else attempt
        return Context().run(in_thread, steps(job, self))

    def _take_signals(self) -> None:
        """Handle the signals that concern the worker, even if an earlier job took them."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(STOP_SIGNAL, self._on_signal)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, partial(_leave_to_the_worker, os.getpid()))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (STOP_SIGNAL,))

    # Called by the steps of an attempt --------------------------------------------------

    @property
    def stop_request(self) -> JobInterrupted | None:  # type: ignore[override]
        reason, identity = self._told
        return reason if identity == self._identity else None

    def begin(self, job: Any) -> None:
        self._may_be_stopped = True
        self._stop_if_told()  # it may have come before the job

    def finish(self) -> None:
        self._may_be_stopped = False

    async def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner() as runner:
            return runner.run(self._awaited(coroutine))

    def has_left_transaction_open(self, outcome: Outcome) -> bool:
        return leave_clean()

    # Called by the event loop of a coroutine --------------------------------------------

    async def _awaited(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            return await awaited(coroutine, self)
        finally:
            self._task = None

    # Called in the main thread at any moment --------------------------------------------

    def _on_signal(self, *_: object) -> None:
        for request in self._stop_requests.read():
            self._told = request
        self._stop_if_told()

    def _stop_if_told(self) -> None:
        """Raise the stop request, or cancel the coroutine; not while a message is written."""
        reason = self.stop_request
        if reason is None or not self._may_be_stopped or self._line.is_busy:
            return
        self._may_be_stopped = False  # once: the job may clean up
        if self._task is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
            return
        _cancel_queries()
        raise reason


def _cancel_queries() -> None:
    """Cancel the queries of this thread: the exception only ends its wait for them."""
    for connection in connections.all(initialized_only=True):
        raw = connection.connection
        try:
            if raw is not None and raw.info.transaction_status == TransactionStatus.ACTIVE:
                raw.cancel_safe(timeout=_QUERY_CANCEL_TIMEOUT)
                _read_to_the_end(raw.pgconn)
        except JobInterrupted:
            raise
        except Exception as error:
            events.tell(events.QueryNotCancelled(error))


def _read_to_the_end(connection: PGconn) -> None:
    """Read the rest of a cancelled query, or the job could use ``connection`` for no other one."""
    deadline = time.monotonic() + _QUERY_CANCEL_TIMEOUT
    while connection.transaction_status == TransactionStatus.ACTIVE:
        if not is_readable(connection.socket, max(0.0, deadline - time.monotonic())):
            return
        connection.consume_input()
        while not connection.is_busy() and (result := connection.get_result()) is not None:
            if result.status in _COPIES:  # would come again and again
                return


def _leave_to_the_worker(process: int, number: int, _: object) -> None:
    """Ignore a signal that was sent to all processes of a service: the worker decides when to end.

    A process that the job has forked ends by the signal, as by default. `signal.SIG_IGN` would
    be inherited by programs that the job starts.
    """
    if os.getpid() != process:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _is_overweight() -> bool:
    limit = get_settings().MAX_MEMORY_PER_PROCESS
    return limit is not None and memory() > limit


def _leave() -> NoReturn:
    """End this process. The streams are flushed after each job, so only other threads can use them.

    To flush them once more would take a thread, and a tenth of the time of a fresh process.
    """
    if tracing.tracers or threading.active_count() > 1:
        leave(0)
    os._exit(0)
