"""Signals and notifications of ended jobs, on a thread of their own: receivers may be slow."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from django.db import connections

from pgjobs import events
from pgjobs.models import Job
from pgjobs.notifications import announce_end
from pgjobs.signals import job_end
from pgjobs.worker.leftovers import drop_dead, leave_clean


class Announcer:
    """Tells of jobs after their outcome is durable, and never of a refused one."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pgjobs-announcer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @staticmethod
    def hears(job: Job) -> bool:
        """Say whether anybody is to be told of the end of ``job``."""
        return job.user_id is not None or bool(job_end.receivers)

    def put(self, job: Job) -> None:
        if self.hears(job):
            self._inbox.put(job)

    def stop(self, timeout: float) -> None:
        self._inbox.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (job := self._inbox.get()) is not None:
            try:
                drop_dead()
                announce_end(job)
                leave_clean()
            except Exception as error:  # the loop outlives a bad turn
                events.tell(events.AnnouncementFailed(job, error))
        connections.close_all()
