"""Ends jobs that run longer than they may."""

from __future__ import annotations

import logging
import threading
from typing import Final

from pgjobs.worker.pool import Pool

logger = logging.getLogger("pgjobs.worker")

INTERVAL: Final = 0.2
"""Seconds between looks: how far past its limit a job can get."""


class Watch:
    """Looks at the slots' clocks and raises JobTimeout inside jobs that are late."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pgjobs-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        self._stopping.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL):
            self._pool.interrupt_late()
