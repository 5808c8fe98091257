"""The thread that uses the database for the screen, so that the screen never waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from django.db import Error, connections, transaction

from pgjobs import stats
from pgjobs.steering.selection import all_jobs
from pgjobs.worker.connection import NETWORK

T = TypeVar("T")

PATIENCE: Final = 5.0
"""Seconds that a statement may take."""
_OURS: Final = {**NETWORK, "application_name": "pgjobs top"}
_FAREWELL: Final = 1.0
"""Seconds that the end of the screen waits for the thread to close its connection."""


class Reader:
    """Calls functions one after the other, in a thread with a Django connection of its own.

    After an error of the database the connection is closed, and the next call opens another one.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # A daemon: if PostgreSQL never answers, the process ends all the same.
        self._thread = threading.Thread(target=self._serve, name="pgjobs-top", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread close its connection, and wait a moment for that."""
        self._calls.put(None)
        self._thread.join(_FAREWELL)

    def ask(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Call ``call`` in the thread, and return the future of its result or exception."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def serve() -> None:
            try:
                settle = _result(answer, call())
            except Exception as error:
                if isinstance(error, Error):
                    _close()
                settle = _failure(answer, error)
            with suppress(RuntimeError):  # the screen has ended meanwhile
                loop.call_soon_threadsafe(settle)

        self._calls.put(serve)
        return answer

    def _serve(self) -> None:
        _open_apart(all_jobs().db)
        while (call := self._calls.get()) is not None:
            call()
        _close()


@contextmanager
def patiently() -> Iterator[str]:
    """Yield the alias of the database of the jobs, in a transaction of bounded statements."""
    using = all_jobs().db
    with transaction.atomic(using=using):
        stats.be_patient_for(PATIENCE, using)
        yield using


def _open_apart(alias: str) -> None:
    """Give this thread a connection that notices within seconds that its server is gone."""
    apart = connections.create_connection(alias)
    given = apart.settings_dict["OPTIONS"]
    options = {name: value for name, value in given.items() if name != "pool"}
    apart.settings_dict = {**apart.settings_dict, "OPTIONS": {**_OURS, **options}}
    connections[alias] = apart


def _close() -> None:
    # A broken connection may refuse even that.
    with suppress(Error):
        connections.close_all()


def _result(answer: asyncio.Future[T], value: T) -> Callable[[], None]:
    return lambda: None if answer.done() else answer.set_result(value)


def _failure(answer: asyncio.Future[Any], error: Exception) -> Callable[[], None]:
    return lambda: None if answer.done() else answer.set_exception(error)
