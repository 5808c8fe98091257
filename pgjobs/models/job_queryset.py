"""The query set of jobs: it enqueues jobs, and cancels, retries and prunes all its jobs at once.

A change of status is a guarded statement: it changes only jobs that are still in the status that
the change begins with. The method returns the number of jobs that it changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from django.db import IntegrityError, connections, models, router, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from pgjobs import events
from pgjobs.choices import FINISHED, LIVE, WAITING, JobStatus
from pgjobs.enqueueing import once
from pgjobs.enqueueing.copy import copy_jobs
from pgjobs.enqueueing.insert import insert, insert_unless_taken
from pgjobs.enqueueing.many import rows_for_many
from pgjobs.enqueueing.references import object_key
from pgjobs.enqueueing.ring import IdleCheck, ring_on_commit
from pgjobs.enqueueing.row import row_for
from pgjobs.exceptions import InvalidArgument
from pgjobs.execution import in_process
from pgjobs.rows import statements
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.rows.statements import PRUNE_BATCH
from pgjobs.signals import job_enqueued
from pgjobs.sql.position import NextPosition

J = TypeVar("J", bound=models.Model)
_MANY_CHUNK = 10_000


class JobQuerySet(models.QuerySet[J]):
    """A query set of jobs, with the verbs on them."""

    # Filters ------------------------------------------------------------------------

    def waiting(self) -> JobQuerySet[J]:
        """Return the jobs that are pending or scheduled."""
        return self.filter(status__in=WAITING)

    def live(self) -> JobQuerySet[J]:
        """Return the jobs that are pending, scheduled or running."""
        return self.filter(status__in=LIVE)

    def finished(self) -> JobQuerySet[J]:
        """Return the jobs that are completed, errored, failed or cancelled."""
        return self.filter(status__in=FINISHED)

    def for_object(self, instance: models.Model) -> JobQuerySet[J]:
        """Return the jobs that are about ``instance``."""
        return self.filter(**object_key(instance))

    # Enqueueing ---------------------------------------------------------------------

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
        job = self.model(**row_for(target, instance, immediate=immediate, **options))
        if immediate:
            in_process.run_immediately(self.using(self.database), job)
            return job
        self._announce(job, insert(job, self.database))
        return job

    def enqueue_once(
        self, target: Any, instance: models.Model | None = None, /, **options: Any
    ) -> J:
        """Make sure that one live job holds the place; see ``BackgroundJob.enqueue_once``."""
        if options.get("immediate"):
            raise InvalidArgument("immediate can't be combined with enqueue_once().")
        row = row_for(target, instance, **options)
        row["once_key"] = once.place(row)
        for _ in range(once.TURNS):
            with transaction.atomic(using=self.database):
                job = self.model(**row)
                if (check := insert_unless_taken(job, self.database)) is not None:
                    self._announce(job, check)
                    return job
                holder: J | None = once.settle_with_holder(self.using(self.database), row)
                if holder is not None:
                    return holder
        raise RuntimeError(
            f"enqueue_once() found the place {row['once_key']!r} taken by another rule "
            f"{once.TURNS} times; do not enqueue different rules for one place all the time."
        )

    def enqueue_many(self, target: Any, /, jobs: Iterable[Any], **options: Any) -> list[int]:
        """Insert jobs in bulk, all or none; see ``BackgroundJob.enqueue_many``."""
        rows = rows_for_many(target, jobs, options)
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
            transaction.on_commit(
                lambda: events.tell(events.JobEnqueued(job)), using=self.database, robust=True
            )

    def _everything(self) -> JobQuerySet[J]:
        """Return all jobs of the database that is written to."""
        return type(self)(self.model, using=self.database)

    # Steering -----------------------------------------------------------------------

    def cancel(self, *, keep_schedule: bool = False) -> int:
        """Cancel the live jobs and return their number.

        Waiting jobs are cancelled at once. Running jobs are told to stop within about a second.
        The chains of recurring jobs end. With ``keep_schedule`` their successors are inserted.
        """
        if keep_schedule:
            return self._skip_waiting() + self._ask_running_to_end()
        # One statement for both: between two statements a job could change from waiting to running,
        # or back, and neither would cancel it.
        runs = models.Q(status=JobStatus.RUNNING)
        return (
            self.using(self.database)
            .live()
            .order_by()
            .update(
                status=Case(When(runs, then=F("status")), default=Value(JobStatus.CANCELLED)),
                completed=Case(When(runs, then=None), default=Now()),
                interval=Case(When(runs, then=None), default=F("interval")),
                successor=None,
                cancel_requested=Now(),
            )
        )

    def _ask_running_to_end(self) -> int:
        running = self.using(self.database).filter(status=JobStatus.RUNNING).order_by()
        return running.update(cancel_requested=Now())

    def _skip_waiting(self) -> int:
        """Cancel the waiting jobs as if each had been cancelled while it ran.

        So their ends are recorded, and the same statement inserts their successors.
        """
        with transaction.atomic(using=self.database):
            held = self.using(self.database).waiting().order_by().select_for_update()
            ids = list(held.values_list("pk", flat=True))
            taken = self._everything().filter(pk__in=ids).order_by()
            taken.update(
                status=JobStatus.RUNNING,
                started=Now(),
                epoch=F("epoch") + 1,
                cancel_requested=Now(),
                worker=None,
            )
            outcomes = [
                Outcome(job_id=job, epoch=epoch, status=JobStatus.CANCELLED)
                for job, epoch in taken.values_list("pk", "epoch")
            ]
            with connections[self.database].cursor() as cursor:
                return len(record(cursor, outcomes))

    def end_chains(self) -> int:
        """Let the running jobs end without a successor; return their number."""
        running = self.using(self.database).filter(status=JobStatus.RUNNING).order_by()
        return running.update(interval=None, successor=None)

    def retry(self) -> int:
        """Retry each finished job as ``Job.retry`` does; return how many are pending again."""
        return sum(self.retry_one(job) for job in self.finished())

    def retry_one(self, job: Any) -> bool:
        """Make the finished ``job`` pending again; see ``Job.retry``."""
        try:
            with transaction.atomic(using=self.database):
                won = bool(self._again(job))
        except IntegrityError:  # a live job holds its place
            return False
        if won:
            job.refresh_from_db()
            ring_on_commit(self.database, job.queue_name)
        return won

    def _again(self, job: Any) -> int:
        return (
            self._only(job)
            .finished()
            .update(
                status=JobStatus.PENDING,
                position=NextPosition(),
                # Its lateness counts from this moment and not from its first enqueueing.
                scheduled=Now(),
                attempt=0,
                interruptions=0,
                started=None,
                completed=None,
                error="",
                progress=None,
                successor=None,
                cancel_requested=None,
                # A job that has a successor must not recur too, because the successor continues the
                # chain. A cancelled job has a successor only if its end was recorded after a
                # request to cancel it. Without a successor it takes the chain up again.
                interval=Case(
                    When(
                        models.Q(started=None) | models.Q(cancel_requested=None),
                        status=JobStatus.CANCELLED,
                        then=F("interval"),
                    ),
                    default=None,
                ),
            )
        )

    def _only(self, job: Any) -> JobQuerySet[J]:
        return self._everything().filter(pk=job.pk).order_by()

    # Keeping -------------------------------------------------------------------------

    def prune(self, *, days: int) -> int:
        """Delete the jobs that finished more than ``days`` ago; return their number.

        Each batch is small and has a transaction of its own, unless the caller has opened one.
        """
        total = 0
        while True:
            with connections[self.database].cursor() as cursor:
                count = statements.prune(cursor, days=days, limit=PRUNE_BATCH)
            total += count
            if count < PRUNE_BATCH:
                return total

    @property
    def database(self) -> str:
        """The database that these jobs are written to."""
        return self._db or router.db_for_write(self.model)  # type: ignore[attr-defined]
