"""The query set of jobs: it enqueues jobs, and cancels, retries and prunes all its jobs at once.

A change of status is a guarded statement: it changes only jobs that are still in the status that
the change begins with. The method returns the number of jobs that it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from django.db import DatabaseError, OperationalError, connections, models, transaction

from pgjobs import events, tracing
from pgjobs.choices import JobStatus
from pgjobs.conf import get_settings
from pgjobs.enqueueing import once
from pgjobs.enqueueing.copy import copy_jobs
from pgjobs.enqueueing.insert import insert, insert_unless_taken
from pgjobs.enqueueing.many import rows_for_many
from pgjobs.enqueueing.ring import IdleCheck, ring_on_commit
from pgjobs.enqueueing.row import row_for
from pgjobs.exceptions import InvalidArgument
from pgjobs.execution import in_process, inline
from pgjobs.models.job_rows import J
from pgjobs.models.job_steering import JobSteering
from pgjobs.rows.commit import on_commit
from pgjobs.rows.rivalry import gave_way
from pgjobs.rows.statements import NOT_INSERTED
from pgjobs.signals import job_enqueued

_MANY_CHUNK = 10_000


class JobQuerySet(JobSteering[J]):
    """A query set of jobs, with the verbs on them."""

    def enqueue(
        self,
        target: Any,
        instance: models.Model | None = None,
        /,
        *,
        immediate: bool = False,
        **options: Any,
    ) -> J:
        """Insert one job; see ``Job.enqueue``."""
        row = row_for(target, instance, immediate=immediate, **options)
        return self.enqueue_row(row, immediate=immediate)

    def enqueue_row(self, row: dict[str, Any], *, immediate: bool = False) -> J:
        """Insert the job of ``row``, which ``row_for()`` has made."""
        if immediate:
            job = self.model(**row)
            in_process.run_immediately(self.using(self.database), job)
            return job
        job, _is_new = tracing.send(row, self._insert_row)
        self._run_if_inline(job)
        return job

    def _insert_row(self, row: dict[str, Any]) -> tuple[J, bool]:
        job = self.model(**row)
        self._announce(job, insert(job, self.database))
        return job, True

    def enqueue_once(
        self, target: Any, instance: models.Model | None = None, /, **options: Any
    ) -> J:
        """Make sure that one live job holds the place; see ``BackgroundJob.enqueue_once``."""
        job, _is_new = self.hold_place(target, instance, **options)
        return job

    def hold_place(
        self, target: Any, instance: models.Model | None = None, /, **options: Any
    ) -> tuple[J, bool]:
        """Do the same as ``enqueue_once()``; return the job, and whether it is new."""
        if options.get("immediate"):
            raise InvalidArgument("immediate can't be combined with enqueue_once().")
        return self.hold_place_by(row_for(target, instance, **options))

    def hold_place_by(
        self, row: dict[str, Any], settle: once.Settle = once.settle_with_holder
    ) -> tuple[J, bool]:
        """Do the same as ``hold_place()`` with a ``row`` that ``row_for()`` has made.

        ``settle`` says what becomes of a live job that holds the place.
        """
        row["once_key"] = once.place(row)
        job, is_new = tracing.send(row, partial(self._insert_once, settle=settle))
        self._run_if_inline(job)
        return job, is_new

    def _run_if_inline(self, job: Any) -> None:
        if get_settings().MODE == "inline":
            inline.run_if_due(self.using(self.database), job)

    def _insert_once(self, row: dict[str, Any], settle: once.Settle) -> tuple[J, bool]:
        for _ in range(once.TURNS):
            try:
                if (held := self._enqueue_unless_taken(row, settle)) is not None:
                    return held
            except OperationalError as error:
                # Only the caller can begin the caller's transaction again.
                if connections[self.database].in_atomic_block or not gave_way(error):
                    raise
        if not self._everything().live().filter(once_key=row["once_key"]).exists():
            raise DatabaseError(NOT_INSERTED)
        raise RuntimeError(
            f"enqueue_once() found the place {row['once_key']!r} taken by another rule "
            f"{once.TURNS} times; do not enqueue different rules for one place all the time, and "
            "look for a trigger on pgjobs_job."
        )

    def _enqueue_unless_taken(
        self, row: dict[str, Any], settle: once.Settle
    ) -> tuple[J, bool] | None:
        """Return a new job or the holder of its place; None if ``row`` may be tried again.

        With it, return whether the job is new. A job that makes way for ``row`` is deleted in the
        transaction that inserts ``row``. If the process died between two transactions, the place
        would stay free, and a chain would end.
        """
        with transaction.atomic(using=self.database):
            for _ in range(2):
                job = self.model(**row)
                if (check := insert_unless_taken(job, self.database)) is not None:
                    self._announce(job, check)
                    return job, True
                holder: J | None = settle(self.using(self.database), row)
                if holder is not None:
                    return holder, False
            transaction.set_rollback(True, using=self.database)
        return None

    def enqueue_many(self, target: Any, /, jobs: Iterable[Any], **options: Any) -> list[int]:
        """Insert jobs in bulk, all or none; see ``BackgroundJob.enqueue_many``."""
        rows = rows_for_many(target, jobs, options)
        if (first := next(rows, None)) is None:
            return []
        ids = tracing.send_many(first, rows, self._copy_rows)
        if get_settings().MODE == "inline":
            for job in self._everything().filter(pk__in=ids).order_by("pk"):
                inline.run_if_due(self.using(self.database), job)
        return ids

    def _copy_rows(self, rows: Iterator[dict[str, Any]]) -> list[int]:
        ids: list[int] = []
        with transaction.atomic(using=self.database):
            while chunk := list(islice(rows, _MANY_CHUNK)):
                with connections[self.database].cursor() as cursor:
                    ids += copy_jobs(cursor, chunk)
                for queue in {row["queue_name"] for row in chunk}:
                    count = sum(row["queue_name"] == queue for row in chunk)
                    ring_on_commit(self.database, queue, jobs=count)
        return ids

    def _announce(self, job: Any, check: IdleCheck) -> None:
        """Tell idle workers of the new ``job``, and the receivers of ``job_enqueued``."""
        if job.status == JobStatus.PENDING:
            ring_on_commit(self.database, job.queue_name, check=check)
        if job_enqueued.receivers:
            on_commit(self.database, lambda: events.tell(events.JobEnqueued(job)))
