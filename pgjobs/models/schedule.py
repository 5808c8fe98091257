"""The schedules of system jobs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pgjobs.limits import NEVER
from pgjobs.models.job import Job
from pgjobs.models.json_field import TolerantJSONField
from pgjobs.models.moments import in_range


class Schedule(models.Model):
    """The rule of one system job and its next due time. The clock goes by this row alone.

    ``next_run`` is `NEVER` while the schedule is switched off, and until a clock has computed it.
    So clocks of older releases, which do not know ``switched_off``, find it not due.
    """

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
    """A worker knows the class."""
    switched_off = models.DateTimeField(_("switched off"), null=True, blank=True)
    """The moment since which an operator wants no runs. It outlives restarts and deploys."""
    edited_interval = models.PositiveIntegerField(null=True, blank=True)
    edited_cron = models.CharField(max_length=100, blank=True, default="", db_default="")
    """The rule of an operator. While it is set, the rule of the code does not
    count, and ``interval`` and ``cron`` have the same values."""
    kwargs = TolerantJSONField(null=True, blank=True, editable=False)
    queue_name = models.CharField(
        max_length=100, blank=True, default="", db_default="", editable=False
    )
    """The arguments and the queue of each run by the code, for ``pgjobs_run_schedule()``."""

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
            models.CheckConstraint(
                name="pgjobs_schedule_switched_off_in_range", condition=in_range("switched_off")
            ),
            # A worker of an older release writes its own rule and due time as it starts. These
            # two refuse that.
            models.CheckConstraint(
                name="pgjobs_schedule_when_off_never_runs",
                condition=models.Q(switched_off=None) | models.Q(next_run=NEVER),
            ),
            models.CheckConstraint(
                name="pgjobs_schedule_edited_rule_holds",
                condition=models.Q(edited_interval=None, edited_cron="")
                | models.Q(edited_interval=models.F("interval"), edited_cron="", cron="")
                | models.Q(edited_cron=models.F("cron"), edited_interval=None, interval=None),
            ),
        )

    def __str__(self) -> str:
        return self.job_class

    @property
    def is_edited(self) -> bool:
        """Whether the rule is that of an operator, and not that of the code."""
        return self.edited_interval is not None or self.edited_cron != ""
