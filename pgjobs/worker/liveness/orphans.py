"""Finds running jobs that no worker looks after: orphans, and the jobs of unknown workers."""

from __future__ import annotations

import time
from typing import Final

from pgjobs import events
from pgjobs.execution.lost import given_up
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.lost_jobs import LostJobs
from pgjobs.worker.liveness.rescue import take_back_all

_INTERVAL: Final = 10.0
_BATCH: Final = 100
_LONGEST_TURN: Final = 1.0
"""Seconds in which batches of orphans are ended; the next turn, within a second, goes on."""
_REASON: Final = "The process that ran this job immediately has died."


class Orphans:
    """Looks every ten seconds. Without this look the rows would stay running.

    An orphan is a job of a process that ran it itself, outside any worker, and died. It ends as
    errored, because such a job is not repeated. A job of a worker whose row is missing or has ended
    goes back to its queue, as the job of a dead worker does.
    """

    def __init__(self, lost_jobs: LostJobs) -> None:
        self._lost_jobs = lost_jobs
        self._next_look = time.monotonic()
        self._set_aside: set[int] = set()
        """Orphans that have refused their end in the present look."""

    def turn(self, connection: EngineConnection) -> None:
        if time.monotonic() < self._next_look:
            return
        if not self._end_orphans(connection):
            return
        unknown = connection.cursor().execute(load("rescue/unknown_workers")).fetchall()
        for (worker,) in unknown:
            take_back_all(connection, worker, self._lost_jobs)
        self._set_aside.clear()
        self._next_look = time.monotonic() + _INTERVAL

    def _end_orphans(self, connection: EngineConnection) -> bool:
        """End all orphans; return False if there may be more of them for the next turn.

        The turn is short because the heartbeat shares its thread.
        """
        until = time.monotonic() + _LONGEST_TURN
        while time.monotonic() < until:
            if self._end_batch(connection) < _BATCH:
                return True
        return False

    def _end_batch(self, connection: EngineConnection) -> int:
        """End up to ``_BATCH`` orphans; return the number of the orphans found."""
        values = {"limit": _BATCH, "set_aside": list(self._set_aside)}
        found = connection.cursor().execute(load("rescue/orphans"), values).fetchall()
        outcomes = [given_up(job, epoch, _REASON) for job, epoch in found]
        ended = self._lost_jobs.record(connection, outcomes) if outcomes else []
        tried = {job for job, _ in found}.difference(self._lost_jobs.untried)
        self._set_aside.update(tried.difference(ended))
        if ended:
            events.tell(events.ImmediateJobsLost(len(ended)))
        return len(found)
