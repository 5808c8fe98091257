"""The attributes of RQ's ``Job`` that describe its call and its moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pgjobs import choices, codec
from pgjobs.compat.rq.rows import named, of_kind
from pgjobs.registry.names import registered_as


class HasFacts:
    """Attributes with the values of ``row``, as they were when it was read."""

    __slots__ = ()

    row: Any

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
        return tuple(codec.decode(of_kind(list, self.row.args), "args"))

    @property
    def kwargs(self) -> dict[str, Any]:
        return named(self.row.kwargs, "kwargs")

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

    @property
    def retries_left(self) -> int | None:
        """How many attempts may follow the present or the next one; None without `Retry`."""
        row = self.row
        return row.max_attempts - max(row.attempt, 1) if row.max_attempts > 1 else None
