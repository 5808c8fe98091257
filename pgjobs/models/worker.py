"""Worker processes and their signs of life."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pgjobs.sql.fields import TextArrayField


class WorkerProcess(models.Model):
    """One process that claims jobs. Its identity is never used again.

    While it lives it holds a session advisory lock on its id, where the connection
    allows one, and renews its heartbeat, which stands in no index so that the
    update stays cheap.
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
            # Serves the janitor's search for the dead, and the lists of the living.
            models.Index(
                fields=["id"], name="pgjobs_worker_live", condition=models.Q(stopped=None)
            ),
        )

    def __str__(self) -> str:
        return self.name
