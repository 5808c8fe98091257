"""The thread that proves that this worker lives, and looks after workers that do not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.connection import DURABLE_COMMIT, EngineConnection
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.errors import is_away, is_passing, is_refusal
from pgjobs.worker.liveness.bulk_actions import BulkActions
from pgjobs.worker.liveness.facts import Facts
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.liveness.registering import write_registry
from pgjobs.worker.liveness.stop_requests import pass_on_stop_requests
from pgjobs.worker.liveness.worker_row import WorkerRow
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.wakeup import Wakeup

SETTINGS: Final = {
    # Somebody may hold a lock on a table. The next heartbeat must not wait for it.
    "lock_timeout": "'1s'",
    **DURABLE_COMMIT,
}
LOST: Final = 0.8
"""The part of the lease without a heartbeat after which the jobs of a worker must stop."""
_LONGEST_PAUSE: Final = 1.0
"""Seconds between two tries to reach the database, at most. Once the database is back, a living
worker that stays away for longer looks like a dead one."""
_ATTENTION: Final = 1.0
"""Seconds between two looks for stop requests while jobs run."""


class Presence:
    """Sends heartbeats, passes on stop requests, and gives the janitor its turns.

    One thread and one connection do this work. The connection holds the session lock, so it must
    not close while the worker lives. A worker that was taken for dead, because it was paused or cut
    off, finds its row ended and goes on under a new id.
    """

    def __init__(
        self,
        connection: EngineConnection,
        options: WorkerOptions,
        *,
        janitor: Janitor,
        pool: Pool,
        on_new_id: Callable[[], None] = lambda: None,
    ) -> None:
        """Call ``on_new_id`` after the worker was taken for dead and has a new id."""
        self._connection = connection
        self._row = WorkerRow(connection, options)
        self._janitor = janitor
        self._pool = pool
        self.bulk_actions = BulkActions()
        self._facts = Facts()
        self._on_new_id = on_new_id
        self.on_order: Callable[[str], None] = lambda _order: None
        """Called if this worker was ordered to ``drain`` or ``restart``."""
        self._order: str | None = None
        self._rests_long = False
        self._stopping = threading.Event()
        self._wakeup = Wakeup()
        self._thread = EngineThread("pgjobs-presence", self._run)
        self._backoff = Backoff(longest=_LONGEST_PAUSE)
        self._retry_in = 0.0
        self._last_beat = 0.0
        self._refused_since: float | None = None
        self.draining = False

    @property
    def worker_id(self) -> int:
        return self._row.id

    def start(self) -> None:
        """Register, so that jobs can be claimed under our id, and begin to send heartbeats."""
        self._register()
        if not self._connection.has_session:
            events.tell(events.PoolerFound(self.worker_id))
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the thread and sign off; wait up to ``timeout`` seconds for the thread."""
        self._stopping.set()
        self._wakeup.set()
        self._thread.join(timeout)
        if not self._thread.is_alive():
            self._wakeup.close()
        try:
            self._row.end()
        except psycopg.Error:
            events.tell(events.SignOffFailed(self.worker_id))
        self._connection.close()

    def hurry(self) -> None:
        """Take the next turn now."""
        self._wakeup.set()

    def attend(self) -> None:
        """See that turns come each second, because jobs run: somebody may tell them to stop."""
        if self._rests_long:
            self._wakeup.set()

    @property
    def busy_for(self) -> float:
        """Seconds that the current turn has taken; 0 between two turns."""
        return self._wakeup.busy_for

    @property
    def refused_for(self) -> float:
        """Seconds for which a server that is there has refused each turn; 0 after a good turn.

        A trigger of the project may refuse the heartbeat: then the worker claims nothing.
        """
        since = self._refused_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def has_judged(self) -> bool:
        """Whether the janitor has tried to take back the jobs of each worker that looks dead."""
        return self._janitor.has_judged

    @property
    def is_fenced(self) -> bool:
        """Whether the last heartbeat is so old that other workers may have taken our jobs."""
        return self._silent_for > get_settings().HEARTBEAT_TIMEOUT / 2

    @property
    def is_lost(self) -> bool:
        """Whether the last heartbeat is so old that other workers are about to take our jobs."""
        return self._silent_for > get_settings().HEARTBEAT_TIMEOUT * LOST

    @property
    def _silent_for(self) -> float:
        return time.monotonic() - self._last_beat

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._rest()
            if not self._stopping.is_set():
                self._guarded_turn()

    def _rest(self) -> None:
        """Sleep until the next turn is due, or until the connection is lost.

        A lost connection ends the sleep because the lock is lost with it: other workers soon take a
        worker without its lock for dead.
        """
        pause = self._pause()
        self._rests_long = pause > _ATTENTION
        with suppress(psycopg.Error):  # the turn that follows connects again
            self._wakeup.wait(pause, self._connection.current)
        self._rests_long = False

    def _pause(self) -> float:
        if self._retry_in:
            return self._retry_in
        beat_in = get_settings().HEARTBEAT_INTERVAL - self._silent_for
        pause = min(beat_in, self._janitor.next_turn_in)
        return max(min(pause, _ATTENTION) if self._pool.in_hand else pause, 0.0)

    def _guarded_turn(self) -> None:
        try:
            self._turn()
        except psycopg.Error as error:
            if self._backoff.is_news:
                events.tell(self._trouble(error))
            # Without its session lock the worker would look dead to others.
            if not (is_passing(error) or is_refusal(error)):
                self._connection.close()
            self._remember_refusal(error)
            self._retry_in = self._backoff.next()
        except Exception as error:
            events.tell(events.PresenceFailed(self.worker_id, error))
            self._remember_refusal(error)
            self._retry_in = self._backoff.next()
        else:
            self._backoff.reset()
            self._refused_since = None
            self._retry_in = 0.0

    def _trouble(self, error: psycopg.Error) -> events.Event:
        if is_refusal(error):
            return events.PresenceFailed(self.worker_id, error)
        return events.DatabaseAway("presence", error)

    def _remember_refusal(self, error: Exception) -> None:
        if is_away(error):
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = time.monotonic()

    def _turn(self) -> None:
        is_due = self._silent_for >= get_settings().HEARTBEAT_INTERVAL
        if is_due or self._row.lost_its_lock:
            self._beat()
        with suppress(psycopg.errors.LockNotAvailable):  # the next turn tries again
            pass_on_stop_requests(self._connection, self._pool)
            self._janitor.turn(self._connection)
            self._facts.tell(self._connection, self.worker_id)
            if is_due and not self.draining:
                self.bulk_actions.look(self._connection, self.worker_id)

    def _beat(self) -> None:
        heard = self._row.beat(draining=self.draining)
        if heard is None:
            order = self._row.order()  # it was given to this process, under its old id
            events.tell(events.WorkerTakenForDead(self.worker_id))
            self._register()
            self._on_new_id()
        else:
            order = heard.order
            self._janitor.hear_of_rounds(are_made=heard.rounds_are_made)
        self._last_beat = time.monotonic()
        if order is not None and order != self._order:
            self._obey(order)

    def _obey(self, order: str) -> None:
        self._order = order
        events.tell(events.WorkerOrdered(self.worker_id, order))
        self.on_order(order)
        # The command that gave the order waits for an answer.
        self.draining = True
        self._row.beat(draining=True)

    def _register(self) -> None:
        self._row.register()
        self._last_beat = time.monotonic()
        # With each row: what is older than the rows of all living workers counts as unknown.
        write_registry(self._connection)
