"""Worker processes and the proof that they live."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pgjobs.models.moments import in_range
from pgjobs.sql.fields import TextArrayField


class WorkerProcess(models.Model):
    """One process that claims jobs. No later process gets the same id.

    While the process lives, it renews its heartbeat, and it holds a session advisory lock
    on its id if its connection keeps sessions. No index contains the heartbeat, so that
    its update stays cheap.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=200)
    hostname = models.CharField(_("host"), max_length=255)
    pid = models.PositiveIntegerField(_("process id"))
    queues = TextArrayField(_("queues"))
    concurrency = models.PositiveIntegerField(_("slots"))
    started = models.DateTimeField(_("started"), db_default=Now())
    heartbeat = models.DateTimeField(_("heartbeat"), db_default=Now())
    draining = models.BooleanField(_("draining"), default=False, db_default=False)
    has_session_lock = models.BooleanField(_("session lock"), default=True, db_default=True)
    stopped = models.DateTimeField(_("stopped"), null=True, blank=True)

    class Meta:
        db_table = "pgjobs_worker"
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ("-id",)
        indexes = (
            # For the janitor's search for dead workers, and for lists of living workers.
            models.Index(
                fields=["id"], name="pgjobs_worker_live", condition=models.Q(stopped=None)
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="pgjobs_worker_moments_in_range",
                condition=in_range("started", "heartbeat", "stopped"),
            ),
        )

    def __str__(self) -> str:
        return self.name
