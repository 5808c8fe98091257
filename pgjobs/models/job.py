"""The job: one row from its insertion until it is pruned. The waiting rows are the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
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
from pgjobs.models.job_indexes import CONSTRAINTS, INDEXES
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.models.job_verbs import JobVerbs
from pgjobs.models.json_field import TolerantJSONField
from pgjobs.models.object_field import ObjectField
from pgjobs.models.worker import WorkerProcess
from pgjobs.rows.columns import ONLY_BY_STATEMENTS
from pgjobs.sql.position import NextPosition


class Job(JobVerbs):
    """A request to run something, and its record. Columns that NetBox has too have its names.

    ``JobVerbs`` declares the verbs, and the attributes that a job has only while it runs.
    """

    # The foreign keys have no index of their own: an update of the status writes every index of the
    # row. The lookups by object and by user have partial indexes, in job_indexes.py.
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
    object = ObjectField("object_type", "object_id", for_concrete_model=False)

    name = models.CharField(_("name"), max_length=200)
    job_class = models.CharField(_("job class"), max_length=200, editable=False)
    args = TolerantJSONField(
        _("arguments"), default=list, db_default=models.Value([], models.JSONField()), blank=True
    )
    kwargs = TolerantJSONField(
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

    data = TolerantJSONField(_("data"), encoder=DjangoJSONEncoder, null=True, blank=True)
    result = TolerantJSONField(_("return value"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, default="", db_default="", editable=False)
    errors = TolerantJSONField(
        _("failed attempts"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        editable=False,
    )
    progress = TolerantJSONField(_("progress"), null=True, blank=True, editable=False)
    notifications = models.CharField(
        _("notifications"),
        max_length=12,
        choices=JobNotification.choices,
        default=JobNotification.ALWAYS,
        db_default=JobNotification.ALWAYS.value,
    )
    meta = TolerantJSONField(null=True, blank=True, help_text=_("Trace headers and the like"))
    cancel_requested = models.DateTimeField(null=True, blank=True, editable=False)
    # The columns that the successor shall have instead of this row's. enqueue_once() sets them on a
    # running job; a retry of a recurring job keeps the successor's moment here.
    successor = TolerantJSONField(null=True, blank=True, editable=False)

    objects: ClassVar[JobQuerySet[Job]] = JobQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        # The order of creation, by the primary key: an index on `created` would give the same order
        # and cost a write for each job.
        ordering = ("-id",)
        indexes = INDEXES
        constraints = CONSTRAINTS

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        # Only loaded columns are shown: a query for a column fails in a broken transaction.
        loaded = (self.__dict__.get(column) for column in ("id", "status", "job_class"))
        return f"<Job {' '.join(str(value) for value in loaded if value is not None)}>"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert a new job, or write the columns of an existing one that a caller may change.

        A caller may change ``data`` and most of the arguments of ``enqueue()``, such as the
        priority. The status, the moments, the counters and the interval are left out: a run
        that was cancelled or lost its row must not write them from memory. If
        ``update_fields`` is given, exactly these columns are written.

        Raises DatabaseError if the row is gone: a deleted job does not come back.
        """
        if not self._state.adding and kwargs.get("update_fields") is None:
            columns = {field.attname for field in self._meta.concrete_fields}
            kwargs["update_fields"] = columns - ONLY_BY_STATEMENTS - self.get_deferred_fields()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Return the job's page in the admin or without one, or "" if the project has no pages."""
        for page in ("admin:pgjobs_job_change", "pgjobs:job"):
            try:
                return reverse(page, args=[self.pk])
            except NoReverseMatch:
                continue
        return ""

    # Reading -------------------------------------------------------------------------

    @property
    def job_id(self) -> int:
        """The primary key, by NetBox's name for its second key.

        A second key would need a unique index, which costs a write for each job.
        """
        return self.pk

    @property
    def is_waiting(self) -> bool:
        """Whether the job is pending or scheduled."""
        return self.status in WAITING

    @property
    def is_finished(self) -> bool:
        """Whether the job is completed, errored, failed or cancelled."""
        return self.status in FINISHED

    @property
    def duration(self) -> str | None:
        """How long a finished job took, in NetBox's words; None for a job that has not finished."""
        if not self.completed:
            return None
        took = self.completed - (self.started or self.created)
        minutes, seconds = divmod(took.total_seconds(), 60)
        return f"{int(minutes)} minutes, {seconds:.2f} seconds"

    @property
    def time_limit(self) -> timedelta:
        """How long ``run()`` may take."""
        return timedelta(seconds=self.timeout or get_settings().DEFAULT_TIMEOUT)

    @property
    def is_last_chance(self) -> bool:
        """Whether the job lost a worker before and will end as errored if it loses one more."""
        lost = self.interruptions
        return lost > 0 and lost >= get_settings().MAX_INTERRUPTIONS - 1

    def get_status_color(self) -> str:
        """Return NetBox's colour of the status."""
        return JobStatus(self.status).color

    @classmethod
    def from_claim(cls, values: dict[str, Any], alias: str) -> Job:
        """Return a job that has ``values`` as its attributes and was read from database ``alias``.

        ``values`` becomes the job's own ``__dict__``, so the caller must not keep it. Django's
        ``from_db`` costs several times as much for each job.
        """
        job = cls.__new__(cls)
        job.__dict__ = values
        job._state = state = ModelState()
        state.adding, state.db = False, alias
        return job
