"""``Job`` as code for RQ reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Model

from pgjobs import choices, codec
from pgjobs.compat.rq import options
from pgjobs.compat.rq.connection import check_connection
from pgjobs.compat.rq.ends import HasEnd
from pgjobs.compat.rq.errors import InvalidJobOperation, NoSuchJobError
from pgjobs.compat.rq.explaining import Explaining
from pgjobs.compat.rq.facts import HasFacts
from pgjobs.compat.rq.rows import find, named, rows
from pgjobs.compat.rq.statuses import FAILED, HasStatus, JobStatus, status_of
from pgjobs.exceptions import InvalidArgument
from pgjobs.execution.current import running_row

_STATUS_COLUMNS: Final = ("status", "started", "cancel_requested")
_INSTEAD: Final = {
    "create": "Write queue.enqueue(function, …).",
    "perform": "Write job.row.run_here().",
    "dependency": "There are no dependencies.",
    "latest_result": "Write job.return_value() or job.exc_info.",
    "results": "Write job.return_value() or job.exc_info; job.row.errors has all attempts.",
    "set_status": "The worker alone sets the status; write job.cancel() or job.requeue().",
}


class Job(HasFacts, HasStatus, HasEnd, Explaining):
    """A job of any kind. ``row`` is its `pgjobs.models.Job`, which can do more.

    The attributes have the values of the row when `fetch` or `refresh` read it. Each question about
    the status reads it again, and so does each question about the result until the job has ended.
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

    # Meta -------------------------------------------------------------------------------

    @property
    def meta(self) -> dict[str, Any]:
        """Values of the caller. A change is stored by `save_meta`."""
        if self._meta is None:
            self._meta = named(self.row.meta, "meta")
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
        if not (row.status in FAILED and row.retry()):
            raise InvalidJobOperation(
                f"Job {self.id} is {row.status}, and only a failed job can be requeued, unless "
                "another live job holds its place."
            )
        self.row = row
        return self
