"""Ends jobs that run too long or on a lost worker, and gives up on those that ignore being told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from pgjobs.conf import get_settings
from pgjobs.exceptions import WorkerLost
from pgjobs.worker.liveness.presence import Presence
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.slots.slot import Slot

INTERVAL: Final = 0.2
"""Seconds between looks: how far past its limit a job can get."""
_SURE: Final = 3
"""Looks in a row at which a worker must be found lost to be so."""


class Watch:
    """Looks at the slots' clocks.

    A late job gets JobTimeout raised inside it. One that was told to end, for
    whatever reason, and goes on past the grace is ``stuck``: nothing but the end of
    the process stops code that does not come back to Python.

    On a worker that has not beaten for too long, all jobs are told to end. From here, because
    the thread that beats may be the one that hangs.
    """

    def __init__(self, pool: Pool, presence: Presence, *, stuck: Callable[[Slot], None]) -> None:
        self._pool = pool
        self._presence = presence
        self._lost_looks = 0
        self._stuck = stuck
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pgjobs-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        self._stopping.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL):
            self._end_all_if_lost()
            for slot in self._pool.slots:
                slot.interrupt_if_late()
                if slot.ignores(get_settings().KILL_GRACE):
                    self._stuck(slot)

    def _end_all_if_lost(self) -> None:
        """We can't be sure any more that our jobs are ours: tell them to stop."""
        if not self._presence.is_lost:
            self._lost_looks = 0
            return
        self._lost_looks += 1
        if self._lost_looks == 1:
            self._presence.hurry()  # perhaps the process was paused: it gets to beat first
        if self._lost_looks >= _SURE:
            for job in self._pool.running():
                self._pool.interrupt(job, WorkerLost("The worker can't reach the database."))
