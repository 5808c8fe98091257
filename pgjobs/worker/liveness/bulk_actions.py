"""Carries out bulk actions of the journal that no other process carries out."""

from __future__ import annotations

import threading

import psycopg
from django.db import connections

from pgjobs import events
from pgjobs.models.job_database import job_database
from pgjobs.sql import load
from pgjobs.steering.carrying import OVERDUE, carry, give_up
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.errors import is_away


class BulkActions:
    """Takes one action at a time, for any queue.

    The presence looks for actions, with one small statement after a heartbeat, and writes nothing.
    The work is done in a thread and on a connection of Django, which is open only meanwhile: a
    batch may wait for locks, and triggers and signals of the project may take long or raise.
    """

    def __init__(self) -> None:
        self._taken: tuple[int, str] | None = None
        self._halted: list[int] = []
        self._wakeup = threading.Event()
        self._stopping = threading.Event()
        self._thread = EngineThread("pgjobs-bulk-actions", self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the thread after its batch; wait up to ``timeout`` seconds for it."""
        self._stopping.set()
        self._wakeup.set()
        self._thread.join(timeout)

    def look(self, connection: EngineConnection, worker: int) -> None:
        """Take an action without a carrier, if there is one and this worker carries none."""
        if not self.is_free:
            return
        carrier = f"worker {worker}"
        values = {"carrier": carrier, "overdue": OVERDUE, "halted": self._halted}
        try:
            row = connection.cursor().execute(load("steering/free_action"), values).fetchone()
        except psycopg.Error as error:
            # An older schema has no journal, and a role may have no right to it.
            if is_away(error):
                raise
        else:
            if row is not None:
                self._taken = (row[0], carrier)
                self._wakeup.set()

    @property
    def is_free(self) -> bool:
        """Whether this worker carries no action."""
        return self._taken is None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wakeup.wait()
            self._wakeup.clear()
            if self._taken is not None:
                self._carry(*self._taken)
                self._taken = None

    def _carry(self, action: int, carrier: str) -> None:
        try:
            carry(action, carrier, on_batch=lambda entry: not self._stopping.is_set())
            give_up(action, carrier)
            self._halted = [each for each in self._halted if each != action]
        except Exception as error:
            if action not in self._halted:
                events.tell(events.BulkActionHalted(action, error))
            self._halted = [each for each in self._halted if each != action] + [action]
        finally:
            connections[job_database()].close()
