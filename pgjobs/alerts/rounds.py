"""The look of a worker at the conditions of alerts, once a minute for the whole cluster."""

from __future__ import annotations

import threading
from typing import Final

from django.db import connections

from pgjobs import events
from pgjobs.alerts.telling import look_and_tell
from pgjobs.conf import get_settings
from pgjobs.worker.engine_thread import EngineThread

_INTERVAL: Final = 60.0
"""Seconds from one look to the next."""


class AlertRounds:
    """A companion of the worker with a thread of its own, because a notifier may hang.

    Each worker tries once a minute, and one of them looks. It makes no thread if alerts are off.
    """

    def __init__(self, *, burst: bool) -> None:
        self._is_on = not burst and get_settings().ALERTS is not None
        self._stopping = threading.Event()
        self._thread = EngineThread("pgjobs-alerts", self._run)

    def start(self) -> None:
        if self._is_on:
            self._thread.start()

    def drain(self) -> None:
        self._stopping.set()

    def has_ended(self) -> bool:
        """Return True: the worker need not wait for a notifier, because another process tells."""
        return True

    def stop(self, timeout: float) -> None:
        self._stopping.set()
        if self._is_on:
            self._thread.join(timeout)

    def is_idle(self) -> bool:
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                look_and_tell(unless_just_done=True)
            except Exception as error:
                events.tell(events.AlertsFailed(error))
            finally:
                connections.close_all()
            self._stopping.wait(_INTERVAL)
