"""``Job`` as code for RQ reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from django.db.models import Model

from pgjobs import choices, codec
from pgjobs.compat.rq import options
from pgjobs.compat.rq.connection import check_connection
from pgjobs.compat.rq.errors import InvalidJobOperation, NoSuchJobError
from pgjobs.compat.rq.explaining import Explaining
from pgjobs.compat.rq.rows import find, rows
from pgjobs.compat.rq.statuses import HasStatus, JobStatus, status_of
from pgjobs.exceptions import InvalidArgument
from pgjobs.execution.current import running_row
from pgjobs.registry.names import registered_as

_STATUS_COLUMNS: Final = ("status", "started", "cancel_requested")
_FAILED: Final = (choices.JobStatus.ERRORED, choices.JobStatus.FAILED)
_INSTEAD: Final = {
    "create": "Write queue.enqueue(function, …).",
    "perform": "Write job.row.run_here().",
    "dependency": "There are no dependencies.",
    "latest_result": "Write job.return_value() or job.exc_info.",
    "results": "Write job.return_value() or job.exc_info; job.row.errors has all attempts.",
    "set_status": "The worker alone sets the status; write job.cancel() or job.requeue().",
}


class Job(HasStatus, Explaining):
    """A job of any kind. ``row`` is its `pgjobs.models.Job`, which can do more.

    The attributes have the values of the row when `fetch` or `refresh` read it. A status, and a
    result that is not there yet, are read when they are asked for.
    """

    __slots__ = ("_meta", "row")

    noun = "job"
    instead = _INSTEAD
    otherwise = "See docs/migrating.md; job.row is the job of pgjobs."

    def __init__(self, row: Any = None, *others: Any, **given: Any) -> None:
        if not isinstance(row, Model) or others or given:
            raise InvalidArgument(
                "Job(…) makes no job. Write queue.enqueue(function, …), or Job.fetch(id) for the "
                "job with this id."
            )
        self.row: Any = row
        self._meta: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.row.pk == other.row.pk

    def __hash__(self) -> int:
        return hash(self.row.pk)

    # Finding ----------------------------------------------------------------------------

    @classmethod
    def fetch(cls, id: Any, connection: Any = None, **others: Any) -> Job:
        """Return the job with this id. Raises NoSuchJobError if there is none."""
        check_connection(connection)
        options.refuse(others)
        return cls(find(id))

    @classmethod
    def fetch_many(
        cls, job_ids: Iterable[Any], connection: Any = None, **others: Any
    ) -> list[Job | None]:
        """Return the job of each id, in this order; None where there is none."""
        found: list[Job | None] = []
        for job_id in job_ids:
            try:
                found.append(cls.fetch(job_id, connection, **others))
            except NoSuchJobError:
                found.append(None)
        return found

    @classmethod
    def exists(cls, job_id: Any, connection: Any = None) -> bool:
        """Return whether there is a job with this id."""
        return cls.fetch_many([job_id], connection) != [None]

    def refresh(self) -> None:
        """Read the row again. Raises NoSuchJobError if it was deleted."""
        self.row = find(self.row.pk)
        self._meta = None

    # The call -----------------------------------------------------------------

    @property
    def id(self) -> str:
        """The primary key of the row, as text."""
        return str(self.row.pk)

    def get_id(self) -> str:
        return self.id

    @property
    def func_name(self) -> str:
        """The dotted path of the function or of the job class."""
        return str(self.row.job_class)

    @property
    def func(self) -> Callable[..., Any] | None:
        """The function, or the job class; None if this process does not know it."""
        known = registered_as(self.func_name)
        return getattr(known, "function", known)

    @property
    def args(self) -> tuple[Any, ...]:
        return tuple(codec.decode(_of_kind(list, self.row.args), "args"))

    @property
    def kwargs(self) -> dict[str, Any]:
        return dict(codec.decode(_of_kind(dict, self.row.kwargs), "kwargs"))

    @property
    def description(self) -> str:
        """The name of the job."""
        return str(self.row.name)

    @property
    def origin(self) -> str:
        """The name of the queue."""
        return str(self.row.queue_name)

    @property
    def timeout(self) -> int:
        """Seconds that each attempt may run."""
        return int(self.row.time_limit.total_seconds())

    @property
    def created_at(self) -> datetime:
        moment: datetime = self.row.created
        return moment

    @property
    def enqueued_at(self) -> datetime | None:
        """The moment since which the job has been due; None while it is scheduled."""
        if self.row.status == choices.JobStatus.SCHEDULED:
            return None
        moment: datetime = self.row.scheduled or self.row.created
        return moment

    @property
    def started_at(self) -> datetime | None:
        moment: datetime | None = self.row.started
        return moment

    @property
    def ended_at(self) -> datetime | None:
        moment: datetime | None = self.row.completed
        return moment

    # The status -------------------------------------------------------------------------

    def get_status(self, refresh: bool = True) -> JobStatus:
        """Return RQ's word for the status, as the database has it.

        Without ``refresh`` it is that of `row`. Raises InvalidJobOperation for a deleted job.
        """
        if not refresh:
            return status_of(*(getattr(self.row, column) for column in _STATUS_COLUMNS))
        found = rows().filter(pk=self.row.pk).values_list(*_STATUS_COLUMNS).first()
        if found is None:
            raise InvalidJobOperation(f"Job {self.id} was deleted, so it has no status.")
        return status_of(*found)

    @property
    def retries_left(self) -> int | None:
        """How many attempts may follow the present or the next one; None without `Retry`."""
        row = self.row
        return row.max_attempts - max(row.attempt, 1) if row.max_attempts > 1 else None

    # The end --------------------------------------------------------------------

    def return_value(self, refresh: bool = False) -> Any:
        """Return the result of the function; None before its end, and without a result."""
        row = self._ended(refresh)
        return None if row.result is None else codec.decode(row.result, "result")

    @property
    def result(self) -> Any:
        return self.return_value()

    @property
    def exc_info(self) -> str | None:
        """The traceback of a failed job, or its error without an exception; None for others."""
        row = self._ended()
        if row.status not in _FAILED:
            return None
        return _traceback(_of_kind(list, row.errors), row.attempt) or str(row.error)

    def _ended(self, refresh: bool = False) -> Any:
        """Return the row, which is read again unless it was read after the end of the job."""
        if refresh or not self.row.is_finished:
            self.row = rows().filter(pk=self.row.pk).first() or self.row
        return self.row

    # Meta -------------------------------------------------------------------------------

    @property
    def meta(self) -> dict[str, Any]:
        """Values of the caller. A change is stored by `save_meta`."""
        if self._meta is None:
            self._meta = dict(codec.decode(_of_kind(dict, self.row.meta), "meta"))
        return self._meta

    @meta.setter
    def meta(self, meta: dict[str, Any]) -> None:
        self._meta = meta

    def get_meta(self, refresh: bool = True) -> dict[str, Any]:
        """Return `meta`, as the database has it now."""
        if refresh:
            self.row.meta = find(self.row.pk).meta
            self._meta = None
        return self.meta

    def save_meta(self) -> None:
        """Store `meta`, in the transaction that is open; without one, at once.

        Raises NotSerializable for a value that JSON can't hold, and NoSuchJobError for a job that
        was deleted.
        """
        stored = codec.encode(self.meta, "meta")
        if not rows().filter(pk=self.row.pk).update(meta=stored):
            raise NoSuchJobError(f"Job {self.id} was deleted, so its meta can't be saved.")
        self.row.meta = stored
        running = running_row()
        if running is not None and running.pk == self.row.pk:
            running.meta = stored

    def save(self) -> None:
        """Do the same as `save_meta`: no other part of a job can be set."""
        self.save_meta()

    # Steering ---------------------------------------------------------------------------

    def cancel(self, **others: Any) -> None:
        """Cancel the job; if it runs, tell it to stop. A finished job stays as it is.

        Raises InvalidJobOperation if it is cancelled already.
        """
        options.refuse(others)
        row = find(self.row.pk)
        if row.status == choices.JobStatus.CANCELLED:
            raise InvalidJobOperation(f"Job {self.id} is cancelled already.")
        row.cancel()

    def delete(self, **others: Any) -> None:
        """Delete the row and its log. A running job is told to stop."""
        options.refuse({name: each for name, each in others.items() if name != "remove_from_queue"})
        find(self.row.pk).delete()

    def requeue(self, at_front: bool = False) -> Job:
        """Put this failed job back into its queue, with all its attempts again, and return it.

        Raises InvalidJobOperation if it has not failed.
        """
        options.refuse({"at_front": at_front})
        row = find(self.row.pk)
        if not (row.status in _FAILED and row.retry()):
            raise InvalidJobOperation(
                f"Job {self.id} is {row.status}, and only a failed job can be requeued, unless "
                "another live job holds its place."
            )
        self.row = row
        return self


def _of_kind(kind: type[Any], value: Any) -> Any:
    """Return ``value``, or an empty ``kind`` for another value: SQL by hand can write any JSON."""
    return value if isinstance(value, kind) else kind()


def _traceback(errors: list[Any], attempt: int) -> str:
    """Return the traceback of the ``attempt`` that failed last; "" if it had no exception."""
    last = _of_kind(dict, errors[-1] if errors else None)
    return str(last.get("traceback") or "") if last.get("attempt") == attempt else ""
