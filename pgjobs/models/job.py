"""The job: one row from birth to archive, and the queue itself."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.base import ModelState
from django.db.models.functions import Now
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from pgjobs.choices import FINISHED, WAITING, JobNotification, JobStatus
from pgjobs.conf import get_settings
from pgjobs.execution import in_process
from pgjobs.models.job_indexes import CONSTRAINTS, INDEXES
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.models.worker import WorkerProcess
from pgjobs.rows.columns import ONLY_BY_STATEMENTS
from pgjobs.rows.notes import LogLine, Note, Sink, message_of
from pgjobs.sql.position import NextPosition


class Job(models.Model):
    """A request to run something, and its record. NetBox's fields bear NetBox's names."""

    # Foreign keys have no index of their own: an update that changes the status writes every index
    # of the row, so the two lookups by object and by user get partial ones below.
    object_type = models.ForeignKey(
        ContentType,
        verbose_name=_("object type"),
        on_delete=models.CASCADE,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    object_id = models.CharField(_("object id"), max_length=255, null=True, blank=True)  # noqa: DJ001
    object = GenericForeignKey("object_type", "object_id", for_concrete_model=False)

    name = models.CharField(_("name"), max_length=200)
    job_class = models.CharField(_("job class"), max_length=200, editable=False)
    args = models.JSONField(
        _("arguments"), default=list, db_default=models.Value([], models.JSONField()), blank=True
    )
    kwargs = models.JSONField(
        _("keyword arguments"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )

    queue_name = models.CharField(_("queue"), max_length=100)
    priority = models.SmallIntegerField(_("priority"), default=0, db_default=0)
    position = models.BigIntegerField(_("position"), db_default=NextPosition(), editable=False)
    once_key = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001

    created = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    scheduled = models.DateTimeField(_("scheduled"), null=True, blank=True)
    interval = models.PositiveIntegerField(
        _("interval"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Minutes between recurrences"),
    )
    started = models.DateTimeField(_("started"), null=True, blank=True)
    completed = models.DateTimeField(_("completed"), null=True, blank=True)
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=JobStatus.choices,
        default=JobStatus.PENDING,
        db_default=JobStatus.PENDING.value,
    )

    epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0, db_default=0)
    max_attempts = models.PositiveSmallIntegerField(_("attempts allowed"), default=1, db_default=1)
    interruptions = models.PositiveSmallIntegerField(_("interruptions"), default=0, db_default=0)
    timeout = models.PositiveIntegerField(
        _("timeout"), null=True, blank=True, help_text=_("Seconds")
    )
    worker = models.ForeignKey(
        WorkerProcess,
        verbose_name=_("worker"),
        on_delete=models.DO_NOTHING,
        related_name="jobs",
        null=True,
        blank=True,
        db_constraint=False,  # a worker's row may be pruned before its jobs
        db_index=False,
    )

    data = models.JSONField(_("data"), encoder=DjangoJSONEncoder, null=True, blank=True)
    result = models.JSONField(_("return value"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, default="", db_default="", editable=False)
    errors = models.JSONField(
        _("failed attempts"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        editable=False,
    )
    progress = models.JSONField(_("progress"), null=True, blank=True, editable=False)
    notifications = models.CharField(
        _("notifications"),
        max_length=12,
        choices=JobNotification.choices,
        default=JobNotification.ALWAYS,
        db_default=JobNotification.ALWAYS.value,
    )
    meta = models.JSONField(null=True, blank=True, help_text=_("Trace headers and the like"))
    cancel_requested = models.DateTimeField(null=True, blank=True, editable=False)
    # Columns of the successor that differ from this row's, set by enqueue_once() on a running job.
    successor = models.JSONField(null=True, blank=True, editable=False)

    objects: ClassVar[JobQuerySet[Job]] = JobQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        # The order of creation, from the primary key: an index on `created` would say the same and
        # cost a write per job.
        ordering = ("-id",)
        indexes = INDEXES
        constraints = CONSTRAINTS

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write ``data`` and what else was asked for; a deleted row does not come back.

        Where the job stands, and when it is due, changes by the verbs below: a run that
        lost its row, or was cancelled, must not write that from memory.
        """
        if not self._state.adding and kwargs.get("update_fields") is None:
            columns = {field.attname for field in self._meta.concrete_fields}
            kwargs["update_fields"] = columns - ONLY_BY_STATEMENTS - self.get_deferred_fields()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        try:
            return reverse("admin:pgjobs_job_change", args=[self.pk])
        except NoReverseMatch:  # the project has no admin
            return ""

    # What a job says of itself ------------------------------------------------------

    @property
    def job_id(self) -> int:
        """NetBox's second key, here the primary key: one more unique index would cost each job."""
        return self.pk

    @property
    def is_waiting(self) -> bool:
        return self.status in WAITING

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def duration(self) -> str | None:
        """How long a finished job took, in NetBox's words; None before."""
        if not self.completed:
            return None
        took = self.completed - (self.started or self.created)
        minutes, seconds = divmod(took.total_seconds(), 60)
        return f"{int(minutes)} minutes, {seconds:.2f} seconds"

    @property
    def is_last_chance(self) -> bool:
        """Whether losing its worker once more ends this job, which lost it before."""
        lost = self.interruptions
        return lost > 0 and lost >= get_settings().MAX_INTERRUPTIONS - 1

    def get_status_color(self) -> str:
        return JobStatus(self.status).color

    # Enqueueing --------------------------------------------------------------------

    @classmethod
    def enqueue(
        cls,
        func: Any,
        instance: models.Model | None = None,
        name: str = "",
        user: Any = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        immediate: bool = False,
        queue_name: str | None = None,
        notifications: str | None = None,
        **kwargs: Any,
    ) -> Job:
        """Insert one job in the caller's transaction and return it.

        ``func`` is a ``BackgroundJob`` class or a function marked ``@pgjobs.register``;
        ``instance`` the saved object that the job is about (its model inherits
        ``JobsMixin``); ``schedule_at`` an aware datetime; ``interval`` minutes until it
        recurs, again and again; ``immediate`` runs it here, before returning;
        ``notifications`` ``always``, ``on_failure`` or ``never``. ``priority``, ``timeout``
        (seconds), ``max_attempts`` and ``meta`` are taken too. What is left of ``kwargs``
        goes to ``run()`` and must be JSON, dates, decimals, UUIDs, bytes or saved
        model instances.

        Raises InvalidArgument, and writes nothing, for an argument that is wrong.
        """
        return cls.objects.enqueue(
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

    @classmethod
    def enqueue_once(cls, func: Any, instance: models.Model | None = None, **kwargs: Any) -> Job:
        """Make sure of exactly one live job of ``func`` for ``instance``; see BackgroundJob."""
        return cls.objects.enqueue_once(func, instance, **kwargs)

    @classmethod
    def enqueue_many(cls, func: Any, jobs: Iterable[Any], **kwargs: Any) -> list[int]:
        """Insert many jobs of ``func`` with COPY; see ``BackgroundJob.enqueue_many``."""
        return cls.objects.enqueue_many(func, jobs, **kwargs)

    # Steering ------------------------------------------------------------------------
    # Each is one guarded statement on the row, and says whether it won.

    def start(self) -> bool:
        """Take this waiting job for the current process; False if it is not waiting any more."""
        return in_process.start(self._all(), self)

    def run_here(self) -> None:
        """Run this job in the current thread and record what came of it."""
        in_process.run_waiting(self._all(), self)

    def terminate(self, status: str = JobStatus.COMPLETED, error: str | None = None) -> bool:
        """Record the end of a job; False if its end was recorded already.

        Raises ValueError for a ``status`` that is not an end.
        """
        if status not in FINISHED:
            raise ValueError(
                f"status must be one of {', '.join(FINISHED)}, not {status!r}: "
                "terminate() ends a job."
            )
        return in_process.terminate(self._all(), self, JobStatus(status), error or "")

    def cancel(self, *, keep_schedule: bool = False) -> bool:
        """Cancel this job: at once while it waits; a running one is told within a second.

        A recurring job's chain ends with it, unless ``keep_schedule``: then this run is
        skipped and the next one stands. False if the job has finished already.
        """
        won = bool(type(self).objects.filter(pk=self.pk).cancel(keep_schedule=keep_schedule))
        self.refresh_from_db(fields=["status", "completed", "cancel_requested"])
        return won

    def retry(self) -> bool:
        """Put this finished job back in its queue, its attempts counted anew.

        False if it is not finished, or if another live job holds its ``enqueue_once``
        place. The chain of a recurring job goes on by its own successor, so the job
        itself runs once more and does not recur.
        """
        return type(self).objects.retry_one(self)

    # While it runs -------------------------------------------------------------------

    _sink: Sink | None = None
    is_terminated = False
    """Whether this run has recorded its end itself."""

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
        """Add a line of the engine's own to this job's log."""
        self.log(logging.LogRecord("pgjobs", level, __file__, 0, message, None, None))

    def note(self, note: Note) -> None:
        """Pass on a log line or a progress: to the worker that runs this job, or to the row."""
        if self._sink is None:
            in_process.write_notes(self._all(), [note])
        else:
            self._sink(note)

    @classmethod
    def _all(cls) -> JobQuerySet[Job]:
        """Return all jobs, of the database that is written to."""
        return cls.objects.all()._everything()

    @classmethod
    def from_claim(cls, values: dict[str, Any], alias: str) -> Job:
        """Make a job of a claimed row's ``values``: `from_db` costs several times as much, per
        job. The dict becomes the instance's own."""
        job = cls.__new__(cls)
        job.__dict__ = values
        job._state = state = ModelState()
        state.adding, state.db = False, alias
        return job

    @property
    def time_limit(self) -> timedelta:
        """How long ``run()`` may take."""
        return timedelta(seconds=self.timeout or get_settings().DEFAULT_TIMEOUT)
