"""The jobs claimed ahead, while they wait for a free slot."""

from __future__ import annotations

import time
from typing import Final

import psycopg

from pgjobs.worker.claiming.pace import Pace
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.held import release
from pgjobs.worker.liveness.stop_requests import stop_requests
from pgjobs.worker.recording.recorder import Recorder
from pgjobs.worker.slots.pool import Pool

LONGEST_WAIT: Final = 0.5
"""Seconds that a claimed job may wait for a slot. Then another worker may have room for it."""
_ASK_INTERVAL: Final = 0.2
"""Seconds between two questions whether waiting jobs were cancelled. Most jobs start earlier."""


class Ahead:
    """Gives back the jobs that wait too long, and ends the ones that were cancelled meanwhile."""

    def __init__(
        self, connection: EngineConnection, pool: Pool, pace: Pace, recorder: Recorder
    ) -> None:
        self._connection = connection
        self._pool = pool
        self._pace = pace
        self._recorder = recorder
        self._next_question = 0.0

    def give_back(self) -> int:
        """Release jobs that should not start here; return their number."""
        since = self._pool.waits_since()
        if since is None:
            return 0
        now = time.monotonic()
        if now - since >= LONGEST_WAIT:
            # The slots run longer jobs than the pace had seen.
            self._pace.observe(LONGEST_WAIT)
            return self._release_all()
        if now - since >= _ASK_INTERVAL and now >= self._next_question:
            self._next_question = now + _ASK_INTERVAL
            return self._release_cancelled(since)
        return 0

    def _release_all(self) -> int:
        waiting = self._pool.withdraw_ready()
        release(waiting, self._recorder)
        return len(waiting)

    def _release_cancelled(self, since: float) -> int:
        """Release the jobs that were cancelled or deleted: `record.sql` then ends them."""
        waiting = self._pool.withdraw_ready()
        try:
            named = [(job, (job.id, job.epoch, job.worker_id)) for job in waiting]
            requests = stop_requests(self._connection, named)
        except psycopg.Error:
            release(waiting, self._recorder)
            raise
        stopped = [job for job, _ in requests]
        ids = {job.id for job in stopped}
        self._pool.submit([job for job in waiting if job.id not in ids], since=since)
        release(stopped, self._recorder)
        return len(stopped)
