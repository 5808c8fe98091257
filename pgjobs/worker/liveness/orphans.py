"""Ends orphans: running jobs of a process that ran them itself, outside any worker, and died."""

from __future__ import annotations

import time
from typing import Final

from pgjobs import events
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.lost_jobs import LostJobs, given_up

_INTERVAL: Final = 10.0
_REASON: Final = "The process that ran this job immediately has died."


class Orphans:
    """Looks for orphans every ten seconds, and ends them as errored.

    An orphan does not go back to its queue, because such a job is not repeated. No worker holds it,
    so without this look its row would stay running.
    """

    def __init__(self, lost_jobs: LostJobs) -> None:
        self._lost_jobs = lost_jobs
        self._next_look = time.monotonic()

    def turn(self, connection: EngineConnection) -> None:
        if time.monotonic() < self._next_look:
            return
        found = connection.cursor().execute(load("rescue/orphans")).fetchall()
        outcomes = [given_up(job, epoch, _REASON) for job, epoch in found]
        if outcomes and (ended := self._lost_jobs.record(connection, outcomes)):
            events.tell(events.ImmediateJobsLost(len(ended)))
        self._next_look = time.monotonic() + _INTERVAL
