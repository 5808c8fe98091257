"""``Queue`` as code for RQ uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.apps import apps
from django.db import transaction

from pgjobs.choices import JobStatus
from pgjobs.compat.rq import options, registries
from pgjobs.compat.rq.calls import Call, check_kinds, moment, moment_after, parsed
from pgjobs.compat.rq.connection import Connection, check_connection, get_connection
from pgjobs.compat.rq.errors import NoSuchJobError
from pgjobs.compat.rq.explaining import Explaining
from pgjobs.compat.rq.function_job import check_intervals, job_class_of
from pgjobs.compat.rq.jobs import Job
from pgjobs.compat.rq.rows import rows
from pgjobs.exceptions import InvalidArgument
from pgjobs.queues import DEFAULT, check_known, known_queues

_INSTEAD: Final = {
    "create_job": "Write queue.enqueue(function, …).",
    "enqueue_job": "Write queue.enqueue(function, …), or job.requeue() for a failed job.",
    "delete": "A queue exists by the settings; queue.empty() cancels its jobs.",
    "remove": "Write job.cancel().",
    "get_job_position": "See job.row.position, which orders the jobs of one priority.",
}


class Queue(Explaining):
    """A queue by its name. Raises UnknownQueue, a KeyError, if there is no such queue.

    ``default_timeout`` are seconds. Unless ``is_async``, a job runs in the process of its caller.
    """

    noun = "queue"
    instead = _INSTEAD

    def __init__(
        self,
        name: str = DEFAULT,
        connection: Any = None,
        default_timeout: Any = None,
        is_async: bool = True,
        **others: Any,
    ) -> None:
        check_connection(connection)
        options.refuse(others)
        if apps.apps_ready:  # a queue of a module is made before; enqueue() checks it again
            check_known([name])
        self.name = name
        self.is_async = is_async
        self._default_timeout = options.seconds(default_timeout)

    def __repr__(self) -> str:
        return f"Queue({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Queue) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    @classmethod
    def all(cls, connection: Any = None) -> list[Queue]:
        """Return all queues that exist."""
        check_connection(connection)
        return [cls(name) for name in known_queues()]

    @property
    def connection(self) -> Connection:
        return get_connection()

    # Enqueueing -------------------------------------------------------------------------

    def enqueue(self, f: Any, /, *args: Any, **kwargs: Any) -> Job:
        """Insert a job that calls ``f``, in the caller's transaction, and return it.

        ``kwargs`` are those of ``f`` and the options of RQ, such as ``job_timeout``. Raises
        InvalidArgument, with what to do, for a function that is not registered, for an option that
        pgjobs can't follow, and for arguments that JSON or the function does not take.
        """
        return self._enqueue(*parsed(f, args, kwargs))

    def enqueue_at(self, datetime: datetime, f: Any, /, *args: Any, **kwargs: Any) -> Job:
        """Do the same as `enqueue`; the job does not start before ``datetime``, an aware one."""
        return self._enqueue(*parsed(f, args, kwargs), when=moment(datetime))

    def enqueue_in(self, time_delta: timedelta, func: Any, /, *args: Any, **kwargs: Any) -> Job:
        """Do the same as `enqueue`; the job does not start before the ``time_delta`` is over."""
        return self._enqueue(*parsed(func, args, kwargs), when=moment_after(time_delta))

    def enqueue_call(
        self, func: Any, args: Any = None, kwargs: Any = None, timeout: Any = None, **given: Any
    ) -> Job:
        """Do the same as `enqueue`, with the arguments of ``func`` apart from the options."""
        return self._enqueue(*self.prepare_data(func, args, kwargs, timeout, **given))

    @staticmethod
    def prepare_data(
        func: Any, args: Any = None, kwargs: Any = None, timeout: Any = None, **given: Any
    ) -> Call:
        """Return a call for `enqueue_many`. Raises InvalidArgument for an unknown option."""
        for option in given:
            options.check_known(option)
        return Call(func, args, kwargs, {**given, "job_timeout": timeout})

    def enqueue_many(self, job_datas: Iterable[Call], **others: Any) -> list[Job]:
        """Insert a job for each call of `prepare_data`, all or none, and return them."""
        options.refuse(others)
        with transaction.atomic(using=rows().db):
            return [self._enqueue(*call) for call in job_datas]

    def _enqueue(
        self,
        function: Any,
        args: Any,
        kwargs: Any,
        given: Mapping[str, Any],
        when: datetime | None = None,
    ) -> Job:
        # It imports models, and a queue may be made before the models are loaded.
        from pgjobs.enqueueing.row import row_for_call

        job_class = job_class_of(function)
        asked = options.read(given)
        check_kinds(args, kwargs)
        if asked.retry is not None:
            check_intervals(job_class, asked.retry)
        is_immediate = not self.is_async and when is None
        row = row_for_call(
            job_class,
            list(args or ()),
            kwargs or {},
            schedule_at=when,
            immediate=is_immediate,
            queue_name=self.name,
            priority=asked.priority,
            timeout=self._default_timeout if asked.timeout is None else asked.timeout,
            max_attempts=asked.max_attempts,
            meta=asked.meta,
        )
        row["name"] = asked.name or row["name"]
        return Job(rows().enqueue_row(row, immediate=is_immediate))

    # The jobs that wait -----------------------------------------------------------------

    @property
    def query_set(self) -> Any:
        """The rows of the jobs that wait for a worker, in the order of their start."""
        waiting = rows().filter(queue_name=self.name, status=JobStatus.PENDING)
        return waiting.order_by("-priority", "position")

    @property
    def count(self) -> int:
        found: int = self.query_set.count()
        return found

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return True  # an empty queue is a queue

    def is_empty(self) -> bool:
        return not self.query_set.exists()

    def get_jobs(self, offset: int = 0, length: int = -1) -> list[Job]:
        end = None if length < 0 else offset + length
        return [Job(row) for row in self.query_set[offset:end]]

    def get_job_ids(self, offset: int = 0, length: int = -1) -> list[str]:
        end = None if length < 0 else offset + length
        return [str(key) for key in self.query_set.values_list("pk", flat=True)[offset:end]]

    @property
    def jobs(self) -> list[Job]:
        return self.get_jobs()

    @property
    def job_ids(self) -> list[str]:
        return self.get_job_ids()

    def fetch_job(self, job_id: Any) -> Job | None:
        """Return the job with this id, in whatever status; None if this queue has none."""
        try:
            job = Job.fetch(job_id)
        except NoSuchJobError:
            return None
        return job if job.origin == self.name else None

    def empty(self) -> int:
        """Cancel the jobs that wait, and return their number. Their rows stay."""
        cancelled: int = self.query_set.cancel()
        return cancelled

    # Registries -------------------------------------------------------------------------

    @property
    def started_job_registry(self) -> registries.StartedJobRegistry:
        return registries.StartedJobRegistry(queue=self)

    @property
    def finished_job_registry(self) -> registries.FinishedJobRegistry:
        return registries.FinishedJobRegistry(queue=self)

    @property
    def failed_job_registry(self) -> registries.FailedJobRegistry:
        return registries.FailedJobRegistry(queue=self)

    @property
    def scheduled_job_registry(self) -> registries.ScheduledJobRegistry:
        return registries.ScheduledJobRegistry(queue=self)

    @property
    def deferred_job_registry(self) -> registries.DeferredJobRegistry:
        return registries.DeferredJobRegistry(queue=self)

    @property
    def canceled_job_registry(self) -> registries.CanceledJobRegistry:
        return registries.CanceledJobRegistry(queue=self)


registries.BaseRegistry.queue_class = Queue


def get_queue(
    name: str = DEFAULT,
    default_timeout: Any = None,
    is_async: bool | None = None,
    autocommit: bool | None = None,
    commit_mode: str | None = None,
    connection: Any = None,
    **others: Any,
) -> Queue:
    """Return the queue ``name``. Raises UnknownQueue, a KeyError, if there is no such queue."""
    if autocommit or commit_mode not in (None, "on_db_commit"):
        raise InvalidArgument(
            f"commit_mode={commit_mode!r} and autocommit={autocommit!r} are not supported: a job "
            "is inserted in the caller's transaction. Enqueue it outside of transaction.atomic() "
            "to commit it at once, and leave the option out."
        )
    return Queue(name, connection, default_timeout, is_async is not False, **others)


def get_queues(*names: str, **given: Any) -> list[Queue]:
    """Return the queues of these names, or the queue ``default`` without a name."""
    return [get_queue(name, **given) for name in names or (DEFAULT,)]


def enqueue(func: Any, /, *args: Any, **kwargs: Any) -> Job:
    """Enqueue in the queue ``default``; see `Queue.enqueue`."""
    return get_queue().enqueue(func, *args, **kwargs)
