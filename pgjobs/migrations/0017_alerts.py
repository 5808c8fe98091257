"""Adds the table of alerts. Workers of an older release do not read it."""

from __future__ import annotations

import datetime

from django.db import migrations, models
from django.db.models.functions import Now

from pgjobs.sql.schema import rights_as_on


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0016_orders")]

    operations = [
        migrations.CreateModel(
            name="AlertState",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20)),
                ("subject", models.CharField(max_length=255)),
                ("message", models.TextField(db_default="")),
                ("active", models.BooleanField(db_default=False)),
                ("told", models.BooleanField(db_default=False)),
                ("since", models.DateTimeField(db_default=Now())),
                ("claimed_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "pgjobs_alert",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["kind", "subject"], name="pgjobs_alert_subject"
                    ),
                    models.CheckConstraint(
                        name="pgjobs_alert_moments_in_range",
                        condition=models.Q(
                            since__gte=datetime.datetime(2, 1, 1, tzinfo=datetime.UTC),
                            since__lt=datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC),
                        )
                        & models.Q(
                            claimed_until__gte=datetime.datetime(2, 1, 1, tzinfo=datetime.UTC),
                            claimed_until__lt=datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC),
                        ),
                    ),
                ],
            },
        ),
        rights_as_on("pgjobs_worker", "pgjobs_alert"),
    ]
