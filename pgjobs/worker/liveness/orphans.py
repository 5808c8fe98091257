"""Finds running jobs that no worker looks after: orphans, and the jobs of unknown workers."""

from __future__ import annotations

import time
from typing import Final

from pgjobs import events
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.lost_jobs import LostJobs, given_up
from pgjobs.worker.liveness.rescue import take_back_all

_INTERVAL: Final = 10.0
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

    def turn(self, connection: EngineConnection) -> None:
        if time.monotonic() < self._next_look:
            return
        self._end_orphans(connection)
        unknown = connection.cursor().execute(load("rescue/unknown_workers")).fetchall()
        for (worker,) in unknown:
            take_back_all(connection, worker, self._lost_jobs)
        self._next_look = time.monotonic() + _INTERVAL

    def _end_orphans(self, connection: EngineConnection) -> None:
        found = connection.cursor().execute(load("rescue/orphans")).fetchall()
        outcomes = [given_up(job, epoch, _REASON) for job, epoch in found]
        if outcomes and (ended := self._lost_jobs.record(connection, outcomes)):
            events.tell(events.ImmediateJobsLost(len(ended)))
