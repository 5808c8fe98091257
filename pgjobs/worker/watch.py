"""Ends jobs that run too long, and gives up on those that ignore being told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from pgjobs.conf import get_settings
from pgjobs.worker.pool import Pool
from pgjobs.worker.slot import Slot

logger = logging.getLogger("pgjobs.worker")

INTERVAL: Final = 0.2
"""Seconds between looks: how far past its limit a job can get."""


class Watch:
    """Looks at the slots' clocks.

    A late job gets JobTimeout raised inside it. One that was told to end, for
    whatever reason, and goes on past the grace is ``stuck``: nothing but the end of
    the process stops code that does not come back to Python.
    """

    def __init__(self, pool: Pool, *, stuck: Callable[[Slot], None]) -> None:
        self._pool = pool
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
            for slot in self._pool.slots:
                slot.interrupt_if_late()
                if slot.ignores(get_settings().KILL_GRACE):
                    self._stuck(slot)
