"""RQ's words for the status of a job."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from pgjobs import choices


class JobStatus(StrEnum):
    """The statuses of RQ that a job can have here, and ``deferred``, which none has."""

    QUEUED = "queued"
    SCHEDULED = "scheduled"
    DEFERRED = "deferred"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    CANCELED = "canceled"


_WORDS: Final[dict[str, JobStatus]] = {
    choices.JobStatus.PENDING: JobStatus.QUEUED,
    choices.JobStatus.SCHEDULED: JobStatus.SCHEDULED,
    choices.JobStatus.RUNNING: JobStatus.STARTED,
    choices.JobStatus.COMPLETED: JobStatus.FINISHED,
    choices.JobStatus.ERRORED: JobStatus.FAILED,
    choices.JobStatus.FAILED: JobStatus.FAILED,
    choices.JobStatus.CANCELLED: JobStatus.CANCELED,
}

FAILED: Final = (choices.JobStatus.ERRORED, choices.JobStatus.FAILED)
"""The statuses of pgjobs that RQ calls failed."""


def status_of(status: str, started: Any, cancel_requested: Any) -> JobStatus:
    """Return RQ's word for the three columns.

    A job that was told to stop while it ran is ``stopped`` at once, although it may take a moment
    to end. A job that was cancelled while it waited is ``canceled``.
    """
    is_told = status == choices.JobStatus.RUNNING and cancel_requested is not None
    if is_told or (status == choices.JobStatus.CANCELLED and started is not None):
        return JobStatus.STOPPED
    return _WORDS[status]


class HasStatus:
    """The questions of RQ about the status of a job. Each reads the status anew."""

    __slots__ = ()

    def get_status(self, refresh: bool = True) -> JobStatus:
        """Return RQ's word for the status."""
        raise NotImplementedError

    @property
    def is_queued(self) -> bool:
        return self.get_status() == JobStatus.QUEUED

    @property
    def is_scheduled(self) -> bool:
        return self.get_status() == JobStatus.SCHEDULED

    @property
    def is_deferred(self) -> bool:
        return self.get_status() == JobStatus.DEFERRED

    @property
    def is_started(self) -> bool:
        return self.get_status() == JobStatus.STARTED

    @property
    def is_finished(self) -> bool:
        return self.get_status() == JobStatus.FINISHED

    @property
    def is_failed(self) -> bool:
        return self.get_status() == JobStatus.FAILED

    @property
    def is_stopped(self) -> bool:
        return self.get_status() == JobStatus.STOPPED

    @property
    def is_canceled(self) -> bool:
        return self.get_status() == JobStatus.CANCELED
