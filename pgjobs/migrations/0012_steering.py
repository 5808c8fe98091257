"""Adds the functions that enqueue and steer jobs from SQL, and the table of names that they read.

Workers of an older release do not write the new table; the functions then know no job class.
"""

from __future__ import annotations

import datetime
from typing import Final

from django.db import migrations, models
from django.db.models.functions import Now

from pgjobs.sql import load
from pgjobs.sql.schema import create

_NAMES: Final = (
    "functions/registered",
    "functions/refuse",
    "functions/row_for.0012",
    "functions/free_place",
    "functions/enqueue",
    "functions/enqueue_once",
    "functions/cancel.0012",
    "functions/retry.0012",
    "functions/pause.0012",
    "functions/resume.0012",
    "functions/ring_waiting",
    "functions/why.0012",
)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0011_room_on_pages")]

    operations = [
        migrations.CreateModel(
            name="RegistryEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=255)),
                ("options", models.JSONField()),
                ("seen", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "db_table": "pgjobs_registry",
                "constraints": [
                    models.UniqueConstraint(fields=["kind", "name"], name="pgjobs_registry_name"),
                    models.CheckConstraint(
                        name="pgjobs_registry_moment_in_range",
                        condition=models.Q(
                            seen__gte=datetime.datetime(2, 1, 1, tzinfo=datetime.UTC),
                            seen__lt=datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC),
                        ),
                    ),
                ],
            },
        ),
        *create(_NAMES),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
