"""The verbs of a job: enqueue it, run it here, end it, try it again, write to its log.

A verb that changes an existing row does so by guarded statements and returns whether it won.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from asgiref.sync import sync_to_async
from django.db import models
from django.db.transaction import TransactionManagementError

from pgjobs.choices import FINISHED, JobStatus
from pgjobs.execution import in_process, in_process_end, in_process_notes, in_process_start, waiting
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.rows.commit import is_in_transaction
from pgjobs.rows.notes import LogLine, Note, Sink, message_of
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.rivalry import in_transaction, reread


class JobVerbs(models.Model):
    """The verbs of ``Job``, apart from its columns."""

    objects: ClassVar[JobQuerySet[Any]]
    attempt: Any

    class Meta:
        abstract = True

    # Enqueueing ----------------------------------------------------------------------

    @classmethod
    def enqueue(
        cls,
        func: Any = None,
        instance: models.Model | None = None,
        /,
        name: str = "",
        user: Any = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        immediate: bool = False,
        queue_name: str | None = None,
        notifications: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Insert one job in the caller's transaction and return it.

        ``func`` is a ``BackgroundJob`` class or a function marked ``@pgjobs.register``.
        ``instance`` is the saved object that the job is about; its model inherits
        ``JobsMixin``. Both may also be given by their names. ``name`` is for functions
        only: a job of a class has the class's name. ``schedule_at`` is an aware datetime,
        before which the job does not start. With ``interval``, in minutes, the job recurs.
        With ``immediate`` it runs here, before this call returns. ``notifications`` is
        ``always``, ``on_failure`` or ``never``.

        ``kwargs`` may hold ``priority``, ``timeout`` (seconds), ``max_attempts`` and
        ``meta``. All other ``kwargs`` go to ``run()``. They must be JSON, dates,
        decimals, UUIDs, bytes or saved model instances.

        Raises InvalidArgument, and inserts nothing, if an argument is wrong.
        """
        if func is None:
            func = kwargs.pop("func", None)  # NetBox's name for it
        # By the query set: a method of the manager has a `self` that could clash with an argument.
        job: Self = cls.objects.all().enqueue(
            func,
            instance,
            name=name,
            user=user,
            schedule_at=schedule_at,
            interval=interval,
            immediate=immediate,
            queue_name=queue_name,
            notifications=notifications,
            **kwargs,
        )
        return job

    @classmethod
    def enqueue_once(
        cls, func: Any, instance: models.Model | None = None, /, **kwargs: Any
    ) -> Self:
        """Make sure that exactly one live job of ``func`` holds the place of ``instance``.

        See ``BackgroundJob.enqueue_once``.
        """
        job: Self = cls.objects.all().enqueue_once(func, instance, **kwargs)
        return job

    @classmethod
    def enqueue_many(cls, func: Any, /, jobs: Iterable[Any], **kwargs: Any) -> list[int]:
        """Insert many jobs of ``func`` with COPY and return their ids.

        See ``BackgroundJob.enqueue_many``.
        """
        return cls.objects.all().enqueue_many(func, jobs, **kwargs)

    # Running in this process ---------------------------------------------------------

    def start(self) -> bool:
        """Make this waiting job run in the current process; return False if it does not wait.

        The process works on the job, and ends it by ``terminate()``. If the process dies before
        that, a worker ends the job as errored.
        """
        return in_process_start.start_until_terminated(self._all(), self)

    def run_here(self) -> None:
        """Run this waiting job in the current thread and record its outcome."""
        in_process.run_waiting(self._all(), self)

    def terminate(self, status: str = JobStatus.COMPLETED, error: str | None = None) -> bool:
        """Record the end of this job; return False if its end was recorded already.

        Raises ValueError if ``status`` is not the status of a finished job.
        """
        if status not in FINISHED:
            raise ValueError(
                f"status must be one of {', '.join(FINISHED)}, not {status!r}: "
                "terminate() ends a job."
            )
        return in_process_end.terminate(self._all(), self, JobStatus(status), error or "")

    # Steering ------------------------------------------------------------------------

    def cancel(self, *, keep_schedule: bool = False) -> bool:
        """Cancel this job; return False if it has finished already or is deleted.

        A waiting job is cancelled at once. A running job is told to stop within about a
        second. The chain of a recurring job ends. With ``keep_schedule`` the chain goes on:
        only this run is skipped, and the successor is inserted.
        """
        jobs = self._all()
        won = jobs.cancel_one(self, keep_schedule=keep_schedule)
        reread(self, jobs.database, fields=["status", "completed", "cancel_requested"])
        return won

    def retry(self) -> bool:
        """Put this finished job back into its queue, with all its attempts again.

        Return False if it is not finished, if it is deleted, or if another live job holds its
        place. A recurring job runs once more but does not recur, because its successor continues
        the chain.
        """
        return self._all().retry_one(self)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> Any:
        """Delete this job with its log, in whatever status it is."""
        database = using or self._all().database
        key = self.pk

        def act() -> Any:
            self.pk = key  # Django has taken it away, if the commit of an earlier try has failed
            # The lock makes writers of the log wait, before the log is deleted and then the job.
            held = type(self).objects.using(database).filter(pk=self.pk)
            held.select_for_update().values_list("pk").first()
            return super(JobVerbs, self).delete(database, keep_parents)

        return in_transaction(database, act)

    # Waiting for the end --------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until this job has finished, and return it as it is then.

        A worker rings when it records the end, so this costs a connection and hardly any queries.
        Raises TimeoutError after ``timeout`` seconds; None waits without an end. Raises
        TransactionManagementError for a job that this very transaction has enqueued, because no
        worker sees it before the commit, and ``Job.DoesNotExist`` if the job is deleted.
        """
        using = self._all().database
        if not waiting.until_ended(self.pk, using, timeout):
            raise self._missing(using)
        self.refresh_from_db(using=using)
        return self

    async def await_(self, timeout: float | None = None) -> Self:
        """Wait as ``wait()`` does, and hold up no thread meanwhile."""
        using = self._all().database
        if not await waiting.until_ended_async(self.pk, using, timeout):
            raise await sync_to_async(self._missing)(using)
        await self.arefresh_from_db(using=using)
        return self

    def _missing(self, using: str) -> Exception:
        """Return the error of a wait for a job that other sessions do not see."""
        if is_in_transaction(using) and self._all().filter(pk=self.pk).exists():
            return TransactionManagementError(
                f"Job {self.pk} was enqueued in this transaction, which has not committed: no "
                "worker sees the job yet, so a wait would be in vain. Call wait() after the "
                "transaction."
            )
        return type(self).DoesNotExist(f"Job {self.pk} does not exist; perhaps it was deleted.")

    # While it runs -------------------------------------------------------------------

    note_sink: Sink | None = None
    """Takes the notes of the run, if a worker or ``run_here()`` collects them."""
    _is_terminated = False
    unsure_end: Outcome | None = None
    """The end that ``terminate()`` has recorded in a transaction that is not committed yet."""
    is_heavy = False
    """Whether the claim left the arguments in the database, for the slot to read."""

    @property
    def is_terminated(self) -> bool:
        """Whether the run has recorded its own end with ``terminate()``."""
        return self._is_terminated

    def log(self, record: logging.LogRecord) -> None:
        """Add ``record`` to this job's log."""
        self.note(
            LogLine(
                job_id=self.pk,
                attempt=self.attempt,
                level=record.levelname.lower(),
                message=message_of(record),
            )
        )

    def say(self, level: int, message: str) -> None:
        """Add a line of the engine itself to this job's log."""
        self.log(logging.LogRecord("pgjobs", level, __file__, 0, message, None, None))

    def note(self, note: Note) -> None:
        """Hand a log line or a progress to the worker that runs this job, or write it at once.

        If ``run()`` has deleted its job, there is no log any more: do nothing.
        """
        if self.pk is None:
            return
        if self.note_sink is None:
            in_process_notes.write_notes(self._all(), [note])
        else:
            self.note_sink(note)

    @classmethod
    def _all(cls) -> JobQuerySet[Any]:
        """Return all jobs in the database that jobs are written to."""
        return cls.objects.all()._everything()
