"""The tables with their indexes and constraints, and what Django has no operation for."""

import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import pgjobs.sql.fields
import pgjobs.sql.position


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Numbers the jobs of a lane. It has no CACHE: a session that draws numbers ahead would put
        # its later jobs before older jobs of other sessions.
        migrations.RunSQL("CREATE SEQUENCE pgjobs_position", "DROP SEQUENCE pgjobs_position"),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("queue", "Queue"), ("job_class", "Job class")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="since",
                    ),
                ),
            ],
            options={
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
                "ordering": ("kind", "name"),
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "name"), name="pgjobs_pause_subject")
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerProcess",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("hostname", models.CharField(max_length=255, verbose_name="host")),
                ("pid", models.PositiveIntegerField(verbose_name="process id")),
                ("queues", pgjobs.sql.fields.TextArrayField(verbose_name="queues")),
                ("concurrency", models.PositiveIntegerField(verbose_name="slots")),
                (
                    "started",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="started"
                    ),
                ),
                (
                    "heartbeat",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="heartbeat",
                    ),
                ),
                (
                    "draining",
                    models.BooleanField(db_default=False, default=False, verbose_name="draining"),
                ),
                (
                    "has_session_lock",
                    models.BooleanField(db_default=True, default=True, verbose_name="session lock"),
                ),
                ("stopped", models.DateTimeField(blank=True, null=True, verbose_name="stopped")),
            ],
            options={
                "verbose_name": "worker",
                "verbose_name_plural": "workers",
                "db_table": "pgjobs_worker",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("stopped", None)),
                        fields=["id"],
                        name="pgjobs_worker_live",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "object_id",
                    models.CharField(
                        blank=True, max_length=255, null=True, verbose_name="object id"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "job_class",
                    models.CharField(editable=False, max_length=200, verbose_name="job class"),
                ),
                (
                    "args",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        verbose_name="arguments",
                    ),
                ),
                (
                    "kwargs",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        verbose_name="keyword arguments",
                    ),
                ),
                ("queue_name", models.CharField(max_length=100, verbose_name="queue")),
                (
                    "priority",
                    models.SmallIntegerField(db_default=0, default=0, verbose_name="priority"),
                ),
                (
                    "position",
                    models.BigIntegerField(
                        db_default=pgjobs.sql.position.NextPosition(),
                        editable=False,
                        verbose_name="position",
                    ),
                ),
                ("once_key", models.TextField(blank=True, editable=False, null=True)),
                (
                    "created",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "scheduled",
                    models.DateTimeField(blank=True, null=True, verbose_name="scheduled"),
                ),
                (
                    "interval",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Minutes between recurrences",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="interval",
                    ),
                ),
                ("started", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                (
                    "completed",
                    models.DateTimeField(blank=True, null=True, verbose_name="completed"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("scheduled", "Scheduled"),
                            ("running", "Running"),
                            ("completed", "Completed"),
                            ("errored", "Errored"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_default="pending",
                        default="pending",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("epoch", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                (
                    "attempt",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, verbose_name="attempt"
                    ),
                ),
                (
                    "max_attempts",
                    models.PositiveSmallIntegerField(
                        db_default=1, default=1, verbose_name="attempts allowed"
                    ),
                ),
                (
                    "interruptions",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, verbose_name="interruptions"
                    ),
                ),
                (
                    "timeout",
                    models.PositiveIntegerField(
                        blank=True, help_text="Seconds", null=True, verbose_name="timeout"
                    ),
                ),
                (
                    "data",
                    models.JSONField(
                        blank=True,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        null=True,
                        verbose_name="data",
                    ),
                ),
                ("result", models.JSONField(blank=True, null=True, verbose_name="return value")),
                (
                    "error",
                    models.TextField(
                        blank=True, db_default="", default="", editable=False, verbose_name="error"
                    ),
                ),
                (
                    "errors",
                    models.JSONField(
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        editable=False,
                        verbose_name="failed attempts",
                    ),
                ),
                (
                    "progress",
                    models.JSONField(
                        blank=True, editable=False, null=True, verbose_name="progress"
                    ),
                ),
                (
                    "notifications",
                    models.CharField(
                        choices=[
                            ("always", "Always"),
                            ("on_failure", "On failure"),
                            ("never", "Never"),
                        ],
                        db_default="always",
                        default="always",
                        max_length=12,
                        verbose_name="notifications",
                    ),
                ),
                (
                    "meta",
                    models.JSONField(blank=True, help_text="Trace headers and the like", null=True),
                ),
                ("cancel_requested", models.DateTimeField(blank=True, editable=False, null=True)),
                ("successor", models.JSONField(blank=True, editable=False, null=True)),
                (
                    "object_type",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contenttypes.contenttype",
                        verbose_name="object type",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="jobs",
                        to="pgjobs.workerprocess",
                        verbose_name="worker",
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="JobLogEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("attempt", models.PositiveSmallIntegerField(default=0, verbose_name="attempt")),
                ("timestamp", models.DateTimeField(verbose_name="timestamp")),
                ("level", models.CharField(max_length=20, verbose_name="level")),
                ("message", models.TextField(verbose_name="message")),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="log_entries",
                        to="pgjobs.job",
                        verbose_name="job",
                    ),
                ),
            ],
            options={
                "verbose_name": "log entry",
                "verbose_name_plural": "log entries",
                "db_table": "pgjobs_log",
                "ordering": ("id",),
                "indexes": [models.Index(fields=["job", "id"], name="pgjobs_log_of_job")],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "job_class",
                    models.CharField(max_length=200, unique=True, verbose_name="job class"),
                ),
                (
                    "interval",
                    models.PositiveIntegerField(
                        blank=True, help_text="Minutes", null=True, verbose_name="interval"
                    ),
                ),
                (
                    "cron",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="cron"),
                ),
                ("next_run", models.DateTimeField(verbose_name="next run")),
                ("last_run", models.DateTimeField(blank=True, null=True, verbose_name="last run")),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                (
                    "last_job",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="pgjobs.job",
                        verbose_name="last job",
                    ),
                ),
            ],
            options={
                "verbose_name": "schedule",
                "verbose_name_plural": "schedules",
                "ordering": ("job_class",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cron", ""), ("interval__isnull", False)),
                            models.Q(("interval", None), models.Q(("cron", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="pgjobs_schedule_one_rule",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                models.F("queue_name"),
                models.OrderBy(models.F("priority"), descending=True),
                models.F("position"),
                condition=models.Q(("status", "pending")),
                name="pgjobs_job_ready",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("status", "scheduled")),
                fields=["scheduled"],
                name="pgjobs_job_due",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("status", "running")),
                fields=["worker"],
                name="pgjobs_job_running",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("object_id__isnull", False)),
                fields=["object_type", "object_id"],
                name="pgjobs_job_object",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user"], name="pgjobs_job_user"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("completed__isnull", False)),
                fields=["completed"],
                name="pgjobs_job_finished",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("status__in", ["errored", "failed"])),
                fields=["completed"],
                name="pgjobs_job_unsuccessful",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("once_key__isnull", False), ("status__in", ["pending", "scheduled", "running"])
                ),
                fields=("once_key",),
                name="pgjobs_job_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("completed", None), ("started", None), ("status", "pending")),
                    models.Q(
                        ("completed", None),
                        ("scheduled__isnull", False),
                        ("started", None),
                        ("status", "scheduled"),
                    ),
                    models.Q(
                        ("completed", None), ("started__isnull", False), ("status", "running")
                    ),
                    models.Q(
                        ("completed__isnull", False),
                        ("started__isnull", False),
                        ("status__in", ["completed", "errored", "failed"]),
                    ),
                    models.Q(("completed__isnull", False), ("status", "cancelled")),
                    _connector="OR",
                ),
                name="pgjobs_job_status_fits_times",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(("interval", None), ("interval__gte", 1), _connector="OR"),
                name="pgjobs_job_interval_positive",
            ),
        ),
        # The doorbell, in which idle workers register. UNLOGGED: a server crash empties it, and a
        # worker that is not registered polls.
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE pgjobs_doorbell (
                worker_id bigint PRIMARY KEY,
                queues text[] NOT NULL,
                since timestamptz NOT NULL DEFAULT statement_timestamp()
            )
            """,
            "DROP TABLE pgjobs_doorbell",
        ),
        # Each job leaves two dead rows behind, so vacuum must keep the pace of the queue. Deleting
        # the table deletes its settings too, so there is nothing to undo.
        migrations.RunSQL(
            """
            ALTER TABLE pgjobs_job SET (
                autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0
            )
            """,
            migrations.RunSQL.noop,
        ),
    ]
