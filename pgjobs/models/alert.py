"""The memory of alerts: which conditions hold, and which of them were told."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from pgjobs.models.moments import in_range


class AlertState(models.Model):
    """The condition of one alert; or, of the kind ``turn``, until when no other process looks."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=255)
    message = models.TextField(db_default="")
    active = models.BooleanField(db_default=False)
    told = models.BooleanField(db_default=False)
    since = models.DateTimeField(db_default=Now())
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "pgjobs_alert"
        constraints = (
            models.UniqueConstraint(fields=["kind", "subject"], name="pgjobs_alert_subject"),
            models.CheckConstraint(
                name="pgjobs_alert_moments_in_range", condition=in_range("since", "claimed_until")
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
