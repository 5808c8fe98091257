"""The verbs on jobs. With ``transitions`` the only place that writes a status.

Each change is one guarded statement that says whether it won.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connections, models, router, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now
from psycopg.pq import TransactionStatus

from pgjobs import transitions
from pgjobs.choices import FINISHED, LIVE, WAITING, JobStatus
from pgjobs.copying import copy_jobs
from pgjobs.doorbell import ring_on_commit
from pgjobs.enqueueing import object_key, once_key, row_for, rows_for_many
from pgjobs.exceptions import InvalidArgument
from pgjobs.execution import data_as_json, execute
from pgjobs.notes import Note
from pgjobs.notifications import announce_end
from pgjobs.outcomes import Outcome
from pgjobs.position import NextPosition
from pgjobs.presence import held_here
from pgjobs.signals import announce, job_enqueued
from pgjobs.sql import load

if TYPE_CHECKING:
    from pgjobs.models import Job

# Rivals for one place replace each other's jobs only while their rules differ: a few turns.
_ONCE_TURNS = 20
_MANY_CHUNK = 10_000


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, and what can be done to them."""

    # Looking ------------------------------------------------------------------------

    def waiting(self) -> JobQuerySet:
        return self.filter(status__in=WAITING)

    def live(self) -> JobQuerySet:
        return self.filter(status__in=LIVE)

    def finished(self) -> JobQuerySet:
        return self.filter(status__in=FINISHED)

    def for_object(self, instance: models.Model) -> JobQuerySet:
        return self.filter(**object_key(instance))

    # Enqueueing ---------------------------------------------------------------------

    def enqueue(
        self,
        target: Any,
        instance: models.Model | None = None,
        *,
        immediate: bool = False,
        **options: Any,
    ) -> Job:
        """Insert one job; see ``Job.enqueue``."""
        job = self.model(**row_for(target, instance, immediate=immediate, **options))
        if immediate:
            return self._run_immediately(job)
        job.save(force_insert=True, using=self._alias)
        self._tell_of(job)
        return job

    def enqueue_once(
        self, target: Any, instance: models.Model | None = None, **options: Any
    ) -> Job:
        """Make sure of one live job; see ``BackgroundJob.enqueue_once``."""
        if options.get("immediate"):
            raise InvalidArgument("immediate can't be combined with enqueue_once().")
        row = row_for(target, instance, **options)
        row["once_key"] = once_key(row)
        for _ in range(_ONCE_TURNS):
            with transaction.atomic(using=self._alias):
                if (job := self._insert_once(row)) is not None:
                    self._tell_of(job)
                    return job
                if (job := self._settle_with_holder(row)) is not None:
                    return job
        raise RuntimeError(f"The place {row['once_key']!r} changed hands {_ONCE_TURNS} times.")

    def enqueue_many(self, target: Any, jobs: Iterable[Any], **options: Any) -> list[int]:
        """Insert jobs in bulk, all or none; see ``BackgroundJob.enqueue_many``."""
        rows = rows_for_many(target, jobs, options)
        ids: list[int] = []
        with transaction.atomic(using=self._alias):
            while chunk := list(islice(rows, _MANY_CHUNK)):
                with connections[self._alias].cursor() as cursor:
                    ids += copy_jobs(cursor, chunk)
                for queue in {row["queue_name"] for row in chunk}:
                    count = sum(row["queue_name"] == queue for row in chunk)
                    ring_on_commit(self._alias, queue, jobs=count)
        return ids

    def _insert_once(self, row: dict[str, Any]) -> Job | None:
        as_json = {key: json.dumps(row[key]) for key in ("args", "kwargs")}
        meta = None if row["meta"] is None else json.dumps(row["meta"])
        with connections[self._alias].cursor() as cursor:
            cursor.execute(load("insert_once"), {**row, **as_json, "meta": meta})
            inserted = cursor.fetchone()
        return self.using(self._alias).get(pk=inserted[0]) if inserted else None

    def _settle_with_holder(self, row: dict[str, Any]) -> Job | None:
        """Return the live job if it serves ``row`` too; None once its place is free."""
        holder = self.using(self._alias).live().filter(once_key=row["once_key"]).first()
        if holder is None:
            return None
        if _same_rule(holder, row):
            return holder
        if holder.is_waiting:
            with connections[self._alias].cursor() as cursor:
                transitions.delete(cursor, [holder.pk], statuses=WAITING)
            return None
        # Running: the successor, which the recorder inserts, takes over what differs.
        changed = self.using(self._alias).filter(
            pk=holder.pk, epoch=holder.epoch, status=JobStatus.RUNNING
        )
        successor = _successor(row)
        if changed.update(successor=successor):
            holder.successor = successor
            return holder
        return None

    def _tell_of(self, job: Job) -> None:
        if job.status == JobStatus.PENDING or job.scheduled is None:
            ring_on_commit(self._alias, job.queue_name)
        if job_enqueued.receivers:
            transaction.on_commit(
                lambda: announce(job_enqueued, job), using=self._alias, robust=True
            )

    # Steering -----------------------------------------------------------------------

    def cancel(self, *, keep_schedule: bool = False) -> int:
        """Cancel those that are live: waiting ones at once, running ones are told within a second.

        Recurring ones end their chains, unless ``keep_schedule``. Return how many.
        """
        if keep_schedule:
            return self._skip_waiting() + self._ask_running_to_end()
        # One statement, so a job can't slip from waiting to running, or back, between two.
        runs = models.Q(status=JobStatus.RUNNING)
        return (
            self.using(self._alias)
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
        running = self.using(self._alias).filter(status=JobStatus.RUNNING).order_by()
        return running.update(cancel_requested=Now())

    def _skip_waiting(self) -> int:
        """Cancel waiting jobs but let their chains go on, as if each had run and been cancelled."""
        with transaction.atomic(using=self._alias):
            held = self.using(self._alias).waiting().order_by().select_for_update()
            ids = list(held.values_list("pk", flat=True))
            taken = self.model.objects.using(self._alias).filter(pk__in=ids).order_by()
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
            with connections[self._alias].cursor() as cursor:
                return len(transitions.record(cursor, outcomes))

    def end_chains(self) -> int:
        """Let running jobs end without a successor; return how many."""
        running = self.using(self._alias).filter(status=JobStatus.RUNNING).order_by()
        return running.update(interval=None, successor=None)

    def retry(self) -> int:
        """Retry each finished job as ``Job.retry`` does; return how many went back."""
        return sum(self.retry_one(job) for job in self.finished())

    def retry_one(self, job: Job) -> bool:
        try:
            with transaction.atomic(using=self._alias):
                won = bool(self._again(job))
        except IntegrityError:  # a live job took its enqueue_once place meanwhile
            return False
        if won:
            job.refresh_from_db()
            ring_on_commit(self._alias, job.queue_name)
        return won

    def _again(self, job: Job) -> int:
        return (
            self._only(job)
            .finished()
            .update(
                status=JobStatus.PENDING,
                position=NextPosition(),
                scheduled=Now(),  # or it would look as late as it is old
                attempt=0,
                interruptions=0,
                started=None,
                completed=None,
                error="",
                progress=None,
                successor=None,
                cancel_requested=None,
                # The chain goes on by its successor, or two would recur. A cancelled one has none,
                # unless its schedule was kept: then its end was recorded, as if it had run.
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

    def _only(self, job: Job) -> JobQuerySet:
        return self.model.objects.using(self._alias).filter(pk=job.pk).order_by()

    # Running in this process ----------------------------------------------------------

    def start(self, job: Job) -> bool:
        """Take a waiting job for this process, outside any worker."""
        won = (
            self._only(job)
            .waiting()
            .update(
                status=JobStatus.RUNNING,
                started=Now(),
                epoch=F("epoch") + 1,
                attempt=F("attempt") + 1,
                worker=None,
            )
        )
        if won:
            job.refresh_from_db(fields=["status", "started", "epoch", "attempt", "worker"])
        return bool(won)

    def count_last_chance(self, job: Job) -> bool:
        """Count the interruption of a last chance as it starts; False if the row has moved on.

        Beforehand, because the rescuer of a dead worker's jobs can't tell which of
        them had started, and only one of them is the one that kills.
        """
        held = self._only(job).filter(epoch=job.epoch, status=JobStatus.RUNNING)
        return bool(held.update(interruptions=F("interruptions") + 1))

    def run_here(self, job: Job) -> None:
        with held_here(connections[self._alias], job.pk):
            if self.start(job):
                self._run_started(job)

    def terminate(self, job: Job, status: JobStatus, error: str) -> bool:
        """Record an end for a job that this process runs, or that is still waiting."""
        if job.is_waiting:
            self.start(job)
        outcome = Outcome(
            job_id=job.pk,
            epoch=job.epoch,
            worker_id=job.worker_id,
            status=status,
            error=error or job.error,
            data=data_as_json(job),
        )
        job.is_terminated = self._record(job, outcome)
        return job.is_terminated

    def write_notes(self, notes: Sequence[Note]) -> None:
        with connections[self._alias].cursor() as cursor:
            transitions.write_notes(cursor, notes)

    def _run_immediately(self, job: Job) -> Job:
        # Inserted as running: were it pending, a worker could take it outside a transaction.
        job.status, job.epoch, job.attempt = JobStatus.RUNNING, 1, 1
        job.started = Now()
        job.save(force_insert=True, using=self._alias)
        job.refresh_from_db(fields=["started"])
        with held_here(connections[self._alias], job.pk):
            self._run_started(job)
        return job

    def _run_started(self, job: Job) -> None:
        notes: list[Note] = []
        job._sink = notes.append
        try:
            with self._usable_afterwards():
                outcome = execute(job)
        finally:
            job._sink = None
            self.write_notes(notes)
        if outcome is None:
            return
        if outcome.is_recorded:
            self._announce(job)
        else:
            self._record(job, outcome)

    @contextmanager
    def _usable_afterwards(self) -> Iterator[None]:
        """Keep the caller's transaction usable when the job breaks it."""
        connection = connections[self._alias]
        if (savepoint := connection.savepoint()) is None:  # there is no transaction
            yield
            return
        try:
            yield
        finally:
            status = connection.connection.info.transaction_status
            if connection.needs_rollback or status == TransactionStatus.INERROR:
                connection.needs_rollback = False  # first, or the rollback itself is refused
                connection.savepoint_rollback(savepoint)
            else:
                connection.savepoint_commit(savepoint)

    def _record(self, job: Job, outcome: Outcome) -> bool:
        with connections[self._alias].cursor() as cursor:
            recorded = transitions.record(cursor, [outcome])
        if job.pk not in recorded:
            return False
        self._announce(job)
        return True

    def _announce(self, job: Job) -> None:
        job.refresh_from_db()
        if job.is_finished:
            transaction.on_commit(lambda: announce_end(job), using=self._alias, robust=True)

    # Keeping -------------------------------------------------------------------------

    def prune(self, *, days: int) -> int:
        """Delete jobs that finished more than ``days`` ago, in small batches; return how many."""
        total = 0
        while True:
            with connections[self._alias].cursor() as cursor:
                count = transitions.prune(cursor, days=days, limit=_PRUNE_BATCH)
            total += count
            if count < _PRUNE_BATCH:
                return total
            time.sleep(0)

    @property
    def _alias(self) -> str:
        return self._db or router.db_for_write(self.model)  # type: ignore[attr-defined]


_PRUNE_BATCH = 1000


def _same_rule(holder: Job, row: dict[str, Any]) -> bool:
    said = holder.successor or {}
    interval = said.get("interval", holder.interval)
    same_moment = row["scheduled"] is None or row["scheduled"] == holder.scheduled
    return same_moment and bool(row["interval"] == interval)


def _successor(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the successor of a running job takes from ``row``."""
    successor = {key: row[key] for key in _RULE}
    if row["scheduled"] is not None:
        successor["scheduled"] = row["scheduled"].isoformat()
    return successor


_RULE = (
    "args interval kwargs max_attempts meta notifications priority queue_name timeout user_id"
).split()
