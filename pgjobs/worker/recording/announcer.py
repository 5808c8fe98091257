"""The thread that tells of ended and rescued jobs: receivers of the project may be slow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

from django.db import connections, router

from pgjobs import events
from pgjobs.models import Job
from pgjobs.notifications import announce_end, is_heard
from pgjobs.rows.columns import LEFT_IF_HEAVY
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.leftovers import drop_dead, leave_clean


class Announcer:
    """Tells of the end or the rescue of a job once it is durable; a stale outcome is never told.

    A receiver that hangs holds up the announcements alone. On the thread of the heartbeat it would
    make a living worker look dead.
    """

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = EngineThread("pgjobs-announcer", self._run)

    def start(self) -> None:
        self._thread.start()

    def put(self, job: Job) -> None:
        if is_heard(job):
            self._inbox.put(partial(_guarded, announce_end, job))

    def put_unclaimed(self, job_id: int) -> None:
        """Tell of the end of a job that its worker ended without a claim."""
        self._inbox.put(partial(tell_unclaimed, job_id))

    def put_rescued(self, ids: list[int]) -> None:
        """Tell of the jobs of ``ids``, which were taken back from a lost worker."""
        if ids:
            self._inbox.put(partial(tell_rescued, ids))

    def stop(self, timeout: float) -> None:
        """Tell of the jobs that were put; give up after ``timeout`` seconds."""
        self._inbox.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (tell := self._inbox.get()) is not None:
            tell()
        connections.close_all()


def tell_rescued(ids: list[int]) -> None:
    """Tell of the rescue of the jobs of ``ids``, and of the end of those that were given up."""
    for job in _read(ids):
        _guarded(_tell_rescue, job)


def tell_unclaimed(job_id: int) -> None:
    for job in _read([job_id]):
        _guarded(announce_end, job)


def _read(ids: list[int]) -> list[Job]:
    try:
        drop_dead()  # Django's connection of this thread may have been idle for days
        light = Job.objects.using(router.db_for_write(Job)).defer(*LEFT_IF_HEAVY)
        return list(light.filter(pk__in=ids))
    except Exception as error:
        for job_id in ids:
            events.tell(events.AnnouncementFailed(Job(pk=job_id), error))
        return []


def _tell_rescue(job: Job) -> None:
    events.tell(events.JobRescued(job))
    if job.is_finished:
        announce_end(job)


def _guarded(tell: Callable[[Any], object], job: Job) -> None:
    try:
        drop_dead()
        try:
            tell(job)
        finally:
            leave_clean()
    # An exit or a cancellation too: it must not end the thread, because other jobs wait.
    except BaseException as error:
        events.tell(events.AnnouncementFailed(job, error))
