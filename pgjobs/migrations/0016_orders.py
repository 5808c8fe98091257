"""Adds the orders of operators: schedules switched off or edited, and workers that must end.

A worker of an older release does not read the orders to workers. The constraints of schedules keep
it from running a schedule that is switched off, and from writing its own rule over an edited one:
as it starts it logs that PostgreSQL refuses, and goes on.

The views get more columns in their places, so that granted rights stay.
"""

from __future__ import annotations

import datetime
from typing import Final

from django.db import migrations, models
from django.db.models.functions import Now

from pgjobs.sql import load
from pgjobs.sql.schema import create, extend, rights_as_on

_NAMES: Final = (
    "functions/schedule_named",
    "functions/run_schedule",
    "functions/switch_off",
    "functions/switch_on",
    "functions/give_order",
    "functions/drain",
    "functions/restart",
)
_FIRST: Final = datetime.datetime(2, 1, 1, tzinfo=datetime.UTC)
_END: Final = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)
_NEVER: Final = datetime.datetime(9998, 12, 31, tzinfo=datetime.UTC)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0015_access")]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="switched_off",
            field=models.DateTimeField(blank=True, null=True, verbose_name="switched off"),
        ),
        migrations.AddField(
            model_name="schedule",
            name="edited_interval",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="schedule",
            name="edited_cron",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="schedule",
            name="kwargs",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="schedule",
            name="queue_name",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=100
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                name="pgjobs_schedule_switched_off_in_range",
                condition=models.Q(switched_off__gte=_FIRST, switched_off__lt=_END),
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                name="pgjobs_schedule_when_off_never_runs",
                condition=models.Q(switched_off=None) | models.Q(next_run=_NEVER),
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                name="pgjobs_schedule_edited_rule_holds",
                condition=models.Q(edited_interval=None, edited_cron="")
                | models.Q(edited_interval=models.F("interval"), edited_cron="", cron="")
                | models.Q(edited_cron=models.F("cron"), edited_interval=None, interval=None),
            ),
        ),
        migrations.CreateModel(
            name="WorkerOrder",
            fields=[
                ("worker_id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("drain", "Drain"), ("restart", "Restart")], max_length=10
                    ),
                ),
                ("given", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "db_table": "pgjobs_order",
                "constraints": [
                    models.CheckConstraint(
                        name="pgjobs_order_kind",
                        condition=models.Q(kind__in=["drain", "restart"]),
                    ),
                    models.CheckConstraint(
                        name="pgjobs_order_moment_in_range",
                        condition=models.Q(given__gte=_FIRST, given__lt=_END),
                    ),
                ],
            },
        ),
        rights_as_on("pgjobs_worker", "pgjobs_order"),
        *extend("views/schedules.0002", "views/schedules"),
        *extend(
            "views/workers.0009",
            "views/workers.0016",
            readers=("views/queues", "views/running.0009"),
        ),
        *create(_NAMES),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
