"""The orders to workers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pgjobs.models.moments import in_range


class WorkerOrder(models.Model):
    """The order to one worker, which it reads with its next heartbeat.

    The order is no column of the worker's row: a transaction that gives it and stays open would
    lock the row, the heartbeats would wait, and the worker would count as dead.
    """

    class Kind(models.TextChoices):
        DRAIN = "drain", _("Drain")
        """End when the running jobs have ended; no new process takes the place."""
        RESTART = "restart", _("Restart")
        """End when the running jobs have ended; a new process takes the place."""

    worker_id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    given = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "pgjobs_order"
        constraints = (
            models.CheckConstraint(
                name="pgjobs_order_kind", condition=models.Q(kind__in=["drain", "restart"])
            ),
            models.CheckConstraint(
                name="pgjobs_order_moment_in_range", condition=in_range("given")
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} worker {self.worker_id}"
