"""A procrastinate worker on a thread of pgjobs, started again when it ends by itself.

Procrastinate's worker ends, with success, within seconds of a restart of PostgreSQL. The program
that embeds it must start it again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import Any, Final

import psycopg
from django.db import router
from django.db.backends.signals import connection_created
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app as django_app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.worker import Worker as ProcrastinateWorker

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.models import Job
from pgjobs.worker.connection import (
    NETWORK,
    EngineConnection,
    as_statement,
    assumed_role,
    is_our_session,
    unharmed,
)
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.leftovers import OwnThread, drop_dead, leave_clean

_PAUSE: Final = (0.2, 5.0)
"""The first and the longest wait, in seconds, before a worker that ended is started again."""

# Periodic tasks are deferred, and the clock ticks, through Django's connections. The engine's work
# must outlast the limits of a role or database on idle sessions; tasks of the project keep them.
_is_ours: Final = ContextVar("pgjobs_is_ours", default=False)
"""Whether this thread or task does the engine's own work, and not a task of the project."""


class ProcrastinateThread:
    """Runs the tasks of procrastinate ``queues`` until stopped."""

    def __init__(
        self,
        name: str,
        queues: Sequence[str],
        *,
        concurrency: int = 1,
        on_lost: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> None:
        """Call ``on_lost`` each time procrastinate's worker has ended by itself."""
        self._name = name
        self._on_lost = on_lost
        self._options = {"queues": list(queues), "concurrency": concurrency, **options}
        self._stopping = threading.Event()
        self._thread = EngineThread(name, self._run)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._worker: ProcrastinateWorker | None = None

    def start(self) -> None:
        self._thread.start()

    def drain(self) -> None:
        """Take no more tasks, and end as soon as no task runs any more."""
        self._stopping.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # if the worker has ended by itself, the loop is closed
                self._loop.call_soon_threadsafe(self._let_end)

    def stop(self, timeout: float) -> None:
        """After ``drain()``, wait for the end, but no longer than ``timeout`` seconds."""
        if self._thread.is_alive():  # a thread that never started can't be joined
            self._thread.join(timeout)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        pause, longest = _PAUSE
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work())
                if not self._options.get("wait", True):
                    return
            except asyncio.CancelledError:
                return
            except Exception as error:
                events.tell(events.ProcrastinateWorkerLost(self._name, error))
            if not self._stopping.is_set():
                self._on_lost()
            self._stopping.wait(pause)
            pause = min(pause * 2, longest)

    def _let_end(self) -> None:
        """Tell procrastinate's worker to stop, and cancel its start if it does not run yet.

        A running worker is not cancelled: a cancellation could end the tasks that it waits for. A
        worker that still starts is told as well as cancelled: in Python 3.11 a cancellation is lost
        if it meets the end of an ``asyncio.wait_for()``.
        """
        if self._worker is not None:
            self._worker.stop()
        if self._task is not None and (self._worker is None or self._worker.run_task is None):
            self._task.cancel()

    async def _work(self) -> None:
        self._worker = None
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._stopping.is_set():
            return
        connector, options = await self._connector_and_options()
        _is_ours.set(True)
        # Periodic tasks are deferred through Django's connection in spite of this connector, in a
        # thread that outlives asyncio.run(). Without a thread of its own for each run, a connection
        # that is lost there stays lost.
        app = django_app.with_connector(connector)
        async with OwnThread(), _opened(app):
            ours = {
                "name": self._name,
                "install_signal_handlers": False,
                "task_middleware": [_with_sound_connections],
            }
            self._worker = ProcrastinateWorker(app, **{**app.worker_defaults, **ours, **options})
            if not self._stopping.is_set():  # run() forgets a stop() that came before it
                await self._worker.run()

    async def _connector_and_options(self) -> tuple[PsycopgConnector, dict[str, Any]]:
        alias = get_settings().DIRECT_DATABASE or router.db_for_write(Job)
        way = {**NETWORK, **connector_params(alias)}
        parameters: dict[str, Any] = {"kwargs": way, "configure": partial(_set_up, alias)}
        options = self._options
        if not await asyncio.to_thread(_has_session, alias):
            # Behind a pooler the worker polls: the session that listens goes to other clients.
            polling = {"fetch_job_polling_interval": get_settings().POLL_INTERVAL}
            options = {**options, **polling, "listen_notify": False}
            way["prepare_threshold"] = parameters["configure"] = None
        # A small pool for this worker alone: the default would hold five connections per process.
        return PsycopgConnector(**parameters, min_size=1, max_size=3), options


@asynccontextmanager
async def _opened(app: App) -> AsyncIterator[None]:
    """Open ``app``, and close its pool at the end, even if the opening was cancelled.

    If the pool stayed open, ``asyncio.run()`` would cancel the tasks that fill it, and wait for
    them. But these tasks take a cancellation for one more failed connection, and go on.
    """
    try:
        app.perform_import_paths()
        await app.open_async()
        yield
    finally:
        await app.close_async()


def _with_sound_connections(run: Callable[[], Any], context: Any, *_: Any) -> Any:
    """Run a task, and close the connections of Django that it left broken or in a transaction.

    The next task in the same thread would otherwise meet them.
    """
    token = _is_ours.set(context.task.name.startswith("pgjobs."))
    drop_dead()
    try:
        return run()
    finally:
        leave_clean()
        _is_ours.reset(token)


async def _set_up(alias: str, connection: psycopg.AsyncConnection[Any]) -> None:
    settings = {**unharmed(connection), **assumed_role(alias)}
    await connection.execute(as_statement("SET", settings))
    await connection.commit()


def _let_django_wait(connection: Any, **_: Any) -> None:
    if _is_ours.get() and is_our_session(connection.connection):
        connection.connection.execute(as_statement("SET", unharmed(connection.connection)))


connection_created.connect(_let_django_wait, dispatch_uid="pgjobs.procrastination")


def _has_session(alias: str) -> bool:
    connection = EngineConnection(alias, "procrastinate")
    try:
        connection.get()
        return connection.has_session
    finally:
        connection.close()
