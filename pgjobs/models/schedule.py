"""The schedules of system jobs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pgjobs.models.job import Job
from pgjobs.models.moments import in_range


class Schedule(models.Model):
    """The rule of one system job and its next due time. The clock goes by this row alone."""

    id = models.BigAutoField(primary_key=True)
    job_class = models.CharField(_("job class"), max_length=200, unique=True)
    interval = models.PositiveIntegerField(
        _("interval"), null=True, blank=True, help_text=_("Minutes")
    )
    cron = models.CharField(_("cron"), max_length=100, blank=True, default="")
    next_run = models.DateTimeField(_("next run"))
    last_run = models.DateTimeField(_("last run"), null=True, blank=True)
    last_job = models.ForeignKey(
        Job,
        verbose_name=_("last job"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        db_constraint=False,  # jobs are pruned in bulk, without a search for references
        db_index=False,
    )
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ("job_class",)
        constraints = (
            models.CheckConstraint(
                name="pgjobs_schedule_one_rule",
                condition=models.Q(interval__isnull=False, cron="")
                | (models.Q(interval=None) & ~models.Q(cron="")),
            ),
            models.CheckConstraint(
                name="pgjobs_schedule_interval_positive",
                condition=models.Q(interval=None) | models.Q(interval__gte=1),
            ),
            models.CheckConstraint(
                name="pgjobs_schedule_moments_in_range",
                condition=in_range("next_run", "last_run"),
            ),
        )

    def __str__(self) -> str:
        return self.job_class
