"""RQ's registries: the jobs of one queue in one status, as query sets."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from pgjobs.choices import JobStatus
from pgjobs.compat.rq import options
from pgjobs.compat.rq.connection import check_connection
from pgjobs.compat.rq.explaining import Explaining
from pgjobs.compat.rq.jobs import Job
from pgjobs.compat.rq.rows import find, rows
from pgjobs.exceptions import InvalidArgument
from pgjobs.keys import key_of

_INSTEAD: Final = {
    "add": "A job stands in the registry of its status.",
    "schedule": "Write queue.enqueue_at(moment, function, …).",
    "get_expiration_time": "Rows are kept for JOB_RETENTION days after job.ended_at.",
}


class BaseRegistry(Explaining):
    """The jobs of the queue ``name`` that have one of the `statuses`.

    A registry is a question to the table: it holds no ids of its own.
    """

    noun = "registry"
    instead = _INSTEAD
    otherwise = "registry.query_set has the rows."

    statuses: ClassVar[tuple[JobStatus, ...]] = ()
    order: ClassVar[str] = "pk"
    queue_class: ClassVar[Any] = None
    """The class `Queue`, which sets itself here: it makes registries."""

    def __init__(
        self,
        name: str = "default",
        connection: Any = None,
        job_class: Any = None,
        queue: Any = None,
        **others: Any,
    ) -> None:
        check_connection(connection)
        options.refuse({"job_class": job_class, **others})
        self._queue = self.queue_class(name) if queue is None else queue
        self.name: str = self._queue.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def query_set(self) -> Any:
        """The rows, as a query set of `pgjobs.models.Job`."""
        found = rows().filter(queue_name=self.name, status__in=self.statuses)
        return found.order_by(self.order, "pk")

    @property
    def count(self) -> int:
        found: int = self.query_set.count()
        return found

    def get_job_count(self, cleanup: bool = True) -> int:
        return self.count

    def __len__(self) -> int:
        return self.count

    def __contains__(self, job: Any) -> bool:
        found: bool = self.query_set.filter(pk=key_of(_id_of(job))).exists()
        return found

    def get_job_ids(
        self, start: int = 0, end: int = -1, desc: bool = False, cleanup: bool = True
    ) -> list[str]:
        """Return the ids from the place ``start`` to the place ``end``; -1 is the last one."""
        found = self.query_set.reverse() if desc else self.query_set
        if start < 0 or end < -1:
            count = found.count()
            start = start if start >= 0 else max(start + count, 0)
            end = end if end >= -1 else max(end + count, -2)
        ids = found.values_list("pk", flat=True)[start : None if end == -1 else max(end + 1, 0)]
        return [str(key) for key in ids]

    def get_queue(self) -> Any:
        return self._queue

    def requeue(self, job_or_id: Any, at_front: bool = False) -> Job:
        """Requeue a failed job; see `Job.requeue`."""
        return Job(find(_id_of(job_or_id))).requeue(at_front)

    def remove(self, job: Any, pipeline: Any = None, delete_job: bool = False) -> None:
        """Delete the job. Raises InvalidArgument without ``delete_job``."""
        options.refuse({"pipeline": pipeline})
        if not delete_job:
            raise InvalidArgument(
                "remove() can't take a job out of a registry, which is a question for a status. "
                "Write job.cancel() for a job that waits, and remove(job, delete_job=True) to "
                "delete it."
            )
        Job(find(_id_of(job))).delete()

    def cleanup(self, *args: Any) -> None:
        """Do nothing: a registry never holds a job that has moved on."""


class StartedJobRegistry(BaseRegistry):
    """The running jobs."""

    statuses = (JobStatus.RUNNING,)
    order = "started"


class FinishedJobRegistry(BaseRegistry):
    """The completed jobs that are not pruned yet."""

    statuses = (JobStatus.COMPLETED,)
    order = "completed"


class FailedJobRegistry(BaseRegistry):
    """The errored and the failed jobs that are not pruned yet."""

    statuses = (JobStatus.ERRORED, JobStatus.FAILED)
    order = "completed"


class CanceledJobRegistry(BaseRegistry):
    """The cancelled jobs that are not pruned yet."""

    statuses = (JobStatus.CANCELLED,)
    order = "completed"


class ScheduledJobRegistry(BaseRegistry):
    """The jobs that wait for their moment, also those that wait for another attempt."""

    statuses = (JobStatus.SCHEDULED,)
    order = "scheduled"

    def get_scheduled_time(self, job_or_id: Any) -> datetime:
        """Return the moment from which the job is due. Raises NoSuchJobError."""
        moment: datetime = find(_id_of(job_or_id)).scheduled
        return moment


class DeferredJobRegistry(BaseRegistry):
    """No jobs: there are no dependencies."""


def _id_of(job: Any) -> str:
    return job.id if isinstance(job, Job) else str(job)
