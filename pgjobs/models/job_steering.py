"""The verbs that change jobs which exist: cancel them, retry them, delete them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, connections, transaction
from django.db.models import F
from django.db.models.functions import Now

from pgjobs.choices import WAITING, JobStatus
from pgjobs.enqueueing.bounds import check_days
from pgjobs.enqueueing.ring import ring_on_commit
from pgjobs.models.job_batches import JobBatches, chunks
from pgjobs.models.job_deletion import delete_plainly, is_watched
from pgjobs.models.job_rows import J
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.pruning import Refusals, prune
from pgjobs.rows.record_inside import record_inside
from pgjobs.rows.rivalry import alone, reread

T = TypeVar("T")


class JobSteering(JobBatches[J]):
    """The base of ``JobQuerySet`` that changes and deletes jobs."""

    def cancel(self, *, keep_schedule: bool = False) -> int:
        """Cancel the live jobs and return their number. Many jobs change in batches that commit.

        Waiting jobs are cancelled at once. Running jobs are told to stop within about a second.
        The chains of recurring jobs end. With ``keep_schedule`` their successors are inserted.
        """
        if keep_schedule:
            return sum(self.live()._in_batches(lambda jobs: jobs.live()._skip()))
        return sum(self.live()._in_batches(lambda jobs: jobs.live()._cancel()))

    def _cancel(self) -> int:
        ids = list(self._in_order().values_list("pk", flat=True))
        return sum(len(self._execute("steering/cancel", chunk)) for chunk in chunks(ids))

    def cancel_one(self, job: Any, *, keep_schedule: bool = False) -> bool:
        """Cancel ``job``; see ``Job.cancel``."""
        if keep_schedule:
            return bool(self._only(job).cancel(keep_schedule=True))
        return bool(alone(self.database, lambda: self._execute("steering/cancel", [job.pk])))

    def _skip(self) -> int:
        """Cancel these live jobs without ending their chains.

        A waiting job is cancelled as if it had been cancelled while it ran: its end is recorded,
        and the same statement inserts its successor.
        """
        held = list(self._in_order().values_list("pk", "epoch", "status"))
        waiting = [(job, epoch + 1) for job, epoch, status in held if status in WAITING]
        running = [job for job, _, status in held if status == JobStatus.RUNNING]
        skipped = 0
        for chunk in chunks(waiting):
            skipped += self._record_as_skipped(chunk)
        for chunk in chunks(running):
            self._everything().filter(pk__in=chunk).order_by().update(cancel_requested=Now())
        return skipped + len(running)

    def _record_as_skipped(self, jobs: list[tuple[int, int]]) -> int:
        self._everything().filter(pk__in=[job for job, _ in jobs]).order_by().update(
            status=JobStatus.RUNNING,
            started=Now(),
            epoch=F("epoch") + 1,
            cancel_requested=Now(),
            worker=None,
        )
        ends = [Outcome(job_id=job, epoch=epoch, status=JobStatus.CANCELLED) for job, epoch in jobs]
        return len(record_inside(self.database, ends))

    def end_chains(self) -> int:
        """Let the running jobs end without a successor; return their number."""
        running = self.filter(status=JobStatus.RUNNING)
        return running._update_in_order(interval=None, successor=None)

    def retry(self) -> int:
        """Retry each finished job as ``Job.retry`` does; return how many are pending again.

        Many jobs change in batches that commit, the newest first: of several jobs that held one
        place, the newest takes it.
        """
        finished = self.finished()
        return sum(finished._in_batches(lambda jobs: jobs.finished()._retry(), newest_first=True))

    def _retry(self) -> int:
        held = list(self._in_order().values_list("pk", "once_key", "queue_name"))
        queues = {job: queue for job, _, queue in held}
        # Of several jobs that held one place, the newest takes it.
        takers = {key: job for job, key, _ in held if key is not None}
        again: list[int] = []
        for chunk in chunks([job for job, key, _ in held if key is None]):
            again += self._execute("steering/retry", chunk)  # without a place there is no rival
        for chunk in chunks(list(takers.values())):
            again += self._retry_where_free(chunk)
        for queue, count in Counter(queues[job] for job in again).items():
            ring_on_commit(self.database, queue, jobs=count)
        return len(again)

    def _retry_where_free(self, jobs: list[int]) -> list[int]:
        """Make finished jobs pending, apart from jobs whose place is taken; return their ids.

        If they are several, their rows are locked.
        """
        try:
            with transaction.atomic(using=self.database):
                return self._execute("steering/retry", jobs)
        except IntegrityError as error:
            if not _is_about_the_place(error):
                raise
            if len(jobs) <= 1:  # a live job has taken one of the places meanwhile
                return []
            return [job for one in jobs for job in self._retry_where_free([one])]

    def retry_one(self, job: Any) -> bool:
        """Make the finished ``job`` pending again; see ``Job.retry``."""

        won = alone(self.database, lambda: self._retry_where_free([job.pk]))
        if won and reread(job, self.database):
            ring_on_commit(self.database, job.queue_name)
        return bool(won)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete these jobs with their logs, as a query set of Django does.

        Many jobs are deleted in batches that commit.
        """
        if not self._is_deletable:
            return super().delete()  # Django says why
        counts = Counter[str]()
        for deleted in self._in_batches(lambda jobs: jobs._delete()):
            counts.update(deleted)
        return counts.total(), dict(counts)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    @property
    def _is_deletable(self) -> bool:
        query = self.query
        is_part = query.combinator or query.is_sliced or query.distinct_fields
        return not (is_part or self._fields is not None)  # type: ignore[attr-defined]

    def _delete(self) -> dict[str, int]:
        # Django deletes logs before jobs, and the jobs in any order. The locks make other writers
        # of the logs wait before that.
        ids = list(self._in_order(to_delete=True).values_list("pk", flat=True))
        if is_watched(self.model):
            return super().delete()[1]
        counts = Counter[str]()
        with self._cursor() as cursor:
            for chunk in chunks(ids):
                counts.update(delete_plainly(cursor, chunk))
        return dict(counts)

    def prune(self, *, days: int) -> int:
        """Delete the jobs that finished more than ``days`` ago; return their number.

        Each batch is small and has a transaction of its own, unless the caller has opened one. A
        job that can't be deleted, because a row of another table refers to it, is passed over and
        named in the log. Raises InvalidArgument unless ``days`` is a whole number from 0 to
        1,000,000.
        """
        days = check_days(days)
        deleted, refusals = 0, Refusals()
        for batch in prune(self._alone, days=days, passed_over=set()):
            deleted += batch.deleted
            refusals.add(batch)
        refusals.tell()
        return deleted

    def _alone(self, act: Callable[[Any], T]) -> T:
        """Return ``act(cursor)``, with the errors that would otherwise come at the commit."""
        connection = connections[self.database]
        is_inside = connection.in_atomic_block

        def act_in_transaction() -> T:
            with transaction.atomic(using=self.database), self._cursor() as cursor:
                result = act(cursor)
                if is_inside:
                    connection.check_constraints()
            return result

        return alone(self.database, act_in_transaction)


def _is_about_the_place(error: IntegrityError) -> bool:
    """Return whether a live job holds the place; the project may have constraints of its own."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == "pgjobs_job_once"
