"""The thread that tells of ended jobs: receivers and notifiers of the project may be slow."""

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
    """Tells of the end of a job once the end is durable; a stale outcome is never told."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pgjobs-announcer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @staticmethod
    def is_heard(job: Job) -> bool:
        """Return True if the end of ``job`` concerns a user or a receiver of ``job_end``."""
        return job.user_id is not None or bool(job_end.receivers)

    def put(self, job: Job) -> None:
        if self.is_heard(job):
            self._inbox.put(job)

    def stop(self, timeout: float) -> None:
        """Tell of the jobs that were put; give up after ``timeout`` seconds."""
        self._inbox.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (job := self._inbox.get()) is not None:
            try:
                drop_dead()
                try:
                    announce_end(job)
                finally:
                    leave_clean()
            except Exception as error:  # an error must not end the thread: other jobs wait
                events.tell(events.AnnouncementFailed(job, error))
        connections.close_all()
