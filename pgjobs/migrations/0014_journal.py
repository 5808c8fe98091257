"""Adds the journal, and lets the functions that steer from SQL write into it.

Workers of an older release carry no bulk action out. Their actions wait for a newer worker.
"""

from __future__ import annotations

import datetime
from typing import Final

from django.db import migrations, models
from django.db.models.functions import Cast, Length, Now
from django.db.models.lookups import LessThanOrEqual

from pgjobs.sql import load
from pgjobs.sql.schema import create, replace, rights_as_on

_NEW: Final = ("functions/cancel", "functions/retry", "functions/pause", "functions/resume")
_OLD: Final = [f"{name}.0012" for name in _NEW]


def _in_range(column: str) -> models.Q:
    return models.Q(
        **{
            f"{column}__gte": datetime.datetime(2, 1, 1, tzinfo=datetime.UTC),
            f"{column}__lt": datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC),
        }
    )


def _at_most(most: int, column: str) -> models.Q:
    return models.Q(LessThanOrEqual(Length(Cast(column, models.TextField())), most))


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0013_statistics")]

    operations = [
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "who",
                    models.CharField(
                        max_length=300,
                        verbose_name="who",
                        db_comment="A user, a role of PostgreSQL, or manage.py and its user",
                    ),
                ),
                (
                    "user_key",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="user",
                        db_comment="The key of the user of the project, or empty",
                    ),
                ),
                (
                    "surface",
                    models.CharField(
                        choices=[
                            ("sql", "SQL"),
                            ("command", "Command"),
                            ("admin", "Admin"),
                            ("rest", "REST"),
                            ("python", "Python"),
                        ],
                        max_length=10,
                        verbose_name="surface",
                        db_comment="sql, command, admin, rest or python",
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        max_length=40, verbose_name="verb", db_comment="cancel, retry, pause, …"
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=300,
                        verbose_name="subject",
                        db_comment="A queue, a job class, a schedule or a worker, or empty",
                    ),
                ),
                (
                    "what",
                    models.JSONField(
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        verbose_name="jobs",
                        db_comment='{"ids": […]} or {"filter": {…}}; "more" counts ids left out',
                    ),
                ),
                (
                    "options",
                    models.JSONField(
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        verbose_name="options",
                        db_comment="The options of the verb",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                        ],
                        db_default="done",
                        default="done",
                        max_length=10,
                        verbose_name="state",
                        db_comment="running, done, cancelled or failed",
                    ),
                ),
                (
                    "counted",
                    models.PositiveBigIntegerField(
                        blank=True,
                        null=True,
                        verbose_name="counted",
                        db_comment="Jobs that matched at the start",
                    ),
                ),
                (
                    "done",
                    models.PositiveBigIntegerField(
                        db_default=0,
                        default=0,
                        verbose_name="done",
                        db_comment="Jobs, or other things, that were changed",
                    ),
                ),
                (
                    "refused",
                    models.PositiveBigIntegerField(
                        db_default=0,
                        default=0,
                        verbose_name="refused",
                        db_comment="Jobs that PostgreSQL refused to change; passed over",
                    ),
                ),
                (
                    "error",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        verbose_name="error",
                        db_comment="Why the action failed, or why the first job refused",
                    ),
                ),
                (
                    "created",
                    models.DateTimeField(db_default=Now(), editable=False, verbose_name="created"),
                ),
                (
                    "updated",
                    models.DateTimeField(
                        db_default=Now(),
                        editable=False,
                        verbose_name="updated",
                        db_comment="The end of the last batch",
                    ),
                ),
                (
                    "ended",
                    models.DateTimeField(
                        blank=True, db_default=Now(), null=True, verbose_name="ended"
                    ),
                ),
                (
                    "carrier",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=300,
                        verbose_name="carried by",
                        db_comment="The process that carries a bulk action out",
                    ),
                ),
                (
                    "newest",
                    models.BigIntegerField(
                        blank=True,
                        editable=False,
                        null=True,
                        db_comment="The newest job at the start",
                    ),
                ),
                (
                    "reached",
                    models.BigIntegerField(
                        blank=True,
                        editable=False,
                        null=True,
                        db_comment="The job that the last batch ended with",
                    ),
                ),
            ],
            options={
                "verbose_name": "journal entry",
                "verbose_name_plural": "journal",
                "db_table": "pgjobs_journal",
                "db_table_comment": "Every action on jobs, queues, schedules and workers",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        fields=["id"],
                        name="pgjobs_journal_running",
                        condition=models.Q(state="running"),
                    ),
                    models.Index(
                        fields=["ended"],
                        name="pgjobs_journal_ended",
                        condition=models.Q(ended__isnull=False),
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        name="pgjobs_journal_moments_in_range",
                        condition=_in_range("created") & _in_range("updated") & _in_range("ended"),
                    ),
                    models.CheckConstraint(
                        name="pgjobs_journal_state_fits_end",
                        condition=models.Q(state="running", ended=None)
                        | models.Q(state__in=["done", "cancelled", "failed"], ended__isnull=False),
                    ),
                    models.CheckConstraint(
                        name="pgjobs_journal_sizes",
                        condition=_at_most(1_000_000, "what")
                        & _at_most(1_000_000, "options")
                        & _at_most(10_000, "error"),
                    ),
                ],
            },
        ),
        rights_as_on("pgjobs_job", "pgjobs_journal"),
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *create(["functions/note", "functions/cancel_action"]),
        *replace(_OLD, _NEW),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
