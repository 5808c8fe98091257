"""The log of a job: its own lines, written with ``self.logger``, and lines of the engine."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pgjobs.models.job import Job
from pgjobs.models.moments import in_range


class JobLogEntry(models.Model):
    """One line of a job's log. The table is its own, so a line does not rewrite a job's row."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(
        Job,
        verbose_name=_("job"),
        on_delete=models.CASCADE,
        related_name="log_entries",
        db_index=False,  # the index below begins with this column
    )
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    timestamp = models.DateTimeField(_("timestamp"))
    level = models.CharField(_("level"), max_length=20)
    message = models.TextField(_("message"))

    class Meta:
        db_table = "pgjobs_log"
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")
        ordering = ("id",)
        indexes = (models.Index(fields=["job", "id"], name="pgjobs_log_of_job"),)
        constraints = (
            models.CheckConstraint(
                name="pgjobs_log_moment_in_range", condition=in_range("timestamp")
            ),
        )

    def __str__(self) -> str:
        return f"{self.level}: {self.message:.60}"
