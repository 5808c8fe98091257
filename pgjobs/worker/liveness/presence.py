"""The worker's row, its heartbeat and its session lock."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.exceptions import JobCancelled, WorkerLost
from pgjobs.sql import load
from pgjobs.sql.locks import WORKER_LOCK
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.wakeup import Wakeup

# The lock is taken in the statement that makes the row: nobody sees the one without the other.
_REGISTER = """
INSERT INTO pgjobs_worker (name, hostname, pid, queues, concurrency, has_session_lock)
VALUES (%(name)s, %(hostname)s, %(pid)s, %(queues)s, %(concurrency)s, %(has_session)s)
RETURNING id, CASE WHEN has_session_lock THEN pg_advisory_lock(%(lock)s, id::int) END
"""
_BEAT = """
UPDATE pgjobs_worker
SET heartbeat = statement_timestamp(), draining = %(draining)s
WHERE id = %(id)s AND stopped IS NULL
RETURNING id
"""
_LOCK = "SELECT pg_try_advisory_lock(%(lock)s, %(id)s::bigint::int)"
# Jobs shorter than this are not asked after: most end before the answer would come.
_TOLD_AFTER = 0.5
# For as long as a living worker may stay away from a database that is back, nobody can tell it from
# a dead one.
_LONGEST_PAUSE = 1.0
_STOP = """
WITH left_doorbell AS (DELETE FROM pgjobs_doorbell WHERE worker_id = %(id)s)
UPDATE pgjobs_worker
SET stopped = statement_timestamp()
WHERE id = %(id)s AND NOT EXISTS (
    SELECT FROM pgjobs_job WHERE worker_id = %(id)s AND status = 'running'
)
"""


class Presence:
    """Proves that this worker lives, and looks after those that don't.

    One thread and one connection: the connection holds the lock, so it must not
    close while the worker lives. A worker that was taken for dead (it was paused,
    or cut off) finds its row ended and goes on under a new identity.
    """

    def __init__(
        self,
        connection: EngineConnection,
        options: WorkerOptions,
        *,
        janitor: Janitor,
        pool: Pool,
    ) -> None:
        self._connection = connection
        self._options = options
        self._janitor = janitor
        self._pool = pool
        self._stopping = threading.Event()
        self._wakeup = Wakeup()
        self._thread = threading.Thread(target=self._run, name="pgjobs-presence", daemon=True)
        self._backoff = Backoff(longest=_LONGEST_PAUSE)
        self._retry_in = 0.0
        self._locked_on: psycopg.Connection | None = None
        self._last_beat = 0.0
        self.draining = False
        self.worker_id = 0

    def start(self) -> None:
        """Register, so that jobs can be claimed under our identity, and begin to beat."""
        self._register()
        if not self._connection.has_session:
            events.tell(events.PoolerFound(self.worker_id))
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Sign off. With jobs left running the row stays, for others to rescue them."""
        self._stopping.set()
        self._wakeup.set()
        self._thread.join(timeout)
        if not self._thread.is_alive():
            self._wakeup.close()
        try:
            self._connection.cursor().execute(_STOP, {"id": self.worker_id})
        except psycopg.Error:
            events.tell(events.SignOffFailed(self.worker_id))
        self._connection.close()

    def hurry(self) -> None:
        """Take the next turn now."""
        self._wakeup.set()

    @property
    def is_fenced(self) -> bool:
        """Too long without a heartbeat to be sure that nobody has taken our jobs."""
        return self._silent_for > get_settings().HEARTBEAT_TIMEOUT / 2

    @property
    def is_lost(self) -> bool:
        """So long without one that others are about to take our jobs."""
        return self._silent_for > get_settings().HEARTBEAT_TIMEOUT * 0.8

    @property
    def _silent_for(self) -> float:
        return time.monotonic() - self._last_beat

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._rest()
            if not self._stopping.is_set():
                self._guarded(self._turn)

    def _rest(self) -> None:
        """Sleep until the next turn is due. A lost connection ends that at once: without our lock
        others soon take us for dead."""
        with suppress(psycopg.Error):  # the turn that follows connects again
            self._wakeup.wait(self._pause(), self._connection.current)

    def _pause(self) -> float:
        return self._retry_in or min(get_settings().HEARTBEAT_INTERVAL, self._janitor.next_turn_in)

    def _turn(self) -> None:
        is_due = self._silent_for >= get_settings().HEARTBEAT_INTERVAL
        if is_due or self._connection.get() is not self._locked_on:
            self._beat()
        self._pass_on_ends()
        self._janitor.turn(self._connection)

    def _pass_on_ends(self) -> None:
        """Tell jobs to end whose cancellation was asked for, or whose row is not ours any more."""
        running = {(job.id, job.epoch): job for job in self._pool.running(longer_than=_TOLD_AFTER)}
        if not running:
            return
        cursor = self._connection.cursor()
        cursor.execute(
            load("told_to_end"),
            {
                "ids": [pk for pk, _ in running],
                "epochs": [epoch for _, epoch in running],
                "workers": [job.worker_id for job in running.values()],
            },
        )
        for pk, epoch, is_cancelled in cursor.fetchall():
            job = running[pk, epoch]
            if is_cancelled:
                self._pool.interrupt(job, JobCancelled("The job was cancelled."))
            elif not job.is_finished:
                self._pool.interrupt(job, WorkerLost("The job's row was deleted or taken over."))

    def _guarded(self, turn: Callable[[], None]) -> None:
        try:
            turn()
        except psycopg.Error as error:
            if self._backoff.is_news:
                events.tell(events.DatabaseAway("presence", error))
            self._connection.close()
            self._retry_in = self._backoff.next()
        except Exception as error:
            events.tell(events.PresenceFailed(self.worker_id, error))
            self._retry_in = self._backoff.next()
        else:
            self._backoff.reset()
            self._retry_in = 0.0

    def _beat(self) -> None:
        connection = self._connection.get()
        if connection is not self._locked_on and self._lock(connection):
            self._locked_on = connection
        beat = connection.execute(_BEAT, {"id": self.worker_id, "draining": self.draining})
        if beat.fetchone() is None:
            events.tell(events.WorkerTakenForDead(self.worker_id))
            self._register()
        self._last_beat = time.monotonic()

    def _lock(self, connection: psycopg.Connection) -> bool:
        """Take our lock again; False while the server still thinks our lost connection holds it.

        Before the heartbeat: rescuers give a worker a moment for it. Behind a pooler there
        is no lock to take.
        """
        if not self._connection.has_session:
            return True
        row = connection.execute(_LOCK, {"lock": WORKER_LOCK, "id": self.worker_id}).fetchone()
        return row is not None and row[0]

    def _register(self) -> None:
        connection = self._connection.get()
        cursor = connection.execute(
            _REGISTER,
            {
                "name": self._options.name,
                "hostname": socket.gethostname(),
                "pid": os.getpid(),
                "queues": list(self._options.queues),
                "concurrency": self._options.concurrency,
                "has_session": self._connection.has_session,
                "lock": WORKER_LOCK,
            },
        )
        (self.worker_id, _), *_ = cursor.fetchall()
        self._locked_on = connection
        self._last_beat = time.monotonic()
