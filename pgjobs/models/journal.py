"""The journal: every action on jobs, queues, schedules or workers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Cast, Length, Now
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from pgjobs.models.json_field import TolerantJSONField
from pgjobs.models.moments import in_range

LONGEST_JSON = 1_000_000
"""The most characters that ``what`` or ``options`` may have as a text."""
LONGEST_ERROR = 10_000
SIZES = "pgjobs_journal_sizes"
"""The constraint that holds these limits."""


def _at_most(most: int, *columns: str) -> models.Q:
    conditions = models.Q()
    for column in columns:
        text = Length(Cast(column, models.TextField()))
        conditions &= models.Q(LessThanOrEqual(text, most))
    return conditions


class JournalEntry(models.Model):
    """One action. A bulk action runs in batches, and its entry holds how far it has come."""

    class Surface(models.TextChoices):
        SQL = "sql", _("SQL")
        COMMAND = "command", _("Command")
        ADMIN = "admin", _("Admin")
        REST = "rest", _("REST")
        PYTHON = "python", _("Python")

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    id = models.BigAutoField(primary_key=True)
    who = models.CharField(
        _("who"),
        max_length=300,
        db_comment="A user, a role of PostgreSQL, or manage.py and its user",
    )
    # A text and no foreign key: the entry stays when the user is deleted.
    user_key = models.CharField(
        _("user"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        db_comment="The key of the user of the project, or empty",
    )
    surface = models.CharField(
        _("surface"),
        max_length=10,
        choices=Surface.choices,
        db_comment="sql, command, admin, rest or python",
    )
    verb = models.CharField(_("verb"), max_length=40, db_comment="cancel, retry, pause, …")
    subject = models.CharField(
        _("subject"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        db_comment="A queue, a job class, a schedule or a worker, or empty",
    )
    what = TolerantJSONField(
        _("jobs"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        db_comment='{"ids": […]} or {"filter": {…}}; "more" counts ids left out',
    )
    options = TolerantJSONField(
        _("options"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        db_comment="The options of the verb",
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=State.choices,
        default=State.DONE,
        db_default=State.DONE.value,
        db_comment="running, done, cancelled or failed",
    )
    counted = models.PositiveBigIntegerField(
        _("counted"), null=True, blank=True, db_comment="Jobs that matched at the start"
    )
    done = models.PositiveBigIntegerField(
        _("done"), default=0, db_default=0, db_comment="Jobs, or other things, that were changed"
    )
    refused = models.PositiveBigIntegerField(
        _("refused"),
        default=0,
        db_default=0,
        db_comment="Jobs that PostgreSQL refused to change; passed over",
    )
    error = models.TextField(
        _("error"),
        blank=True,
        default="",
        db_default="",
        db_comment="Why the action failed, or why the first job refused",
    )
    created = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated = models.DateTimeField(
        _("updated"), db_default=Now(), editable=False, db_comment="The end of the last batch"
    )
    ended = models.DateTimeField(_("ended"), null=True, blank=True, db_default=Now())
    carrier = models.CharField(
        _("carried by"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        db_comment="The process that carries a bulk action out",
    )
    newest = models.BigIntegerField(
        null=True, blank=True, editable=False, db_comment="The newest job at the start"
    )
    reached = models.BigIntegerField(
        null=True, blank=True, editable=False, db_comment="The job that the last batch ended with"
    )

    class Meta:
        db_table = "pgjobs_journal"
        db_table_comment = "Every action on jobs, queues, schedules and workers"
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        ordering = ("-id",)
        indexes = (
            # For the workers, which look for actions to carry on.
            models.Index(
                fields=["id"], name="pgjobs_journal_running", condition=models.Q(state="running")
            ),
            models.Index(
                fields=["ended"],
                name="pgjobs_journal_ended",
                condition=models.Q(ended__isnull=False),
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="pgjobs_journal_moments_in_range",
                condition=in_range("created", "updated", "ended"),
            ),
            models.CheckConstraint(
                name="pgjobs_journal_state_fits_end",
                condition=models.Q(state="running", ended=None)
                | models.Q(state__in=["done", "cancelled", "failed"], ended__isnull=False),
            ),
            models.CheckConstraint(
                name=SIZES,
                condition=_at_most(LONGEST_JSON, "what", "options")
                & _at_most(LONGEST_ERROR, "error"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.verb} by {self.who}"
