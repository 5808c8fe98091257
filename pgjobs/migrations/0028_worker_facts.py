"""Adds what workers tell of themselves: the version of their code, and their memory.

A worker of an older release tells nothing, and one of this release goes on without the table.
"""

from __future__ import annotations

import datetime
from typing import Final

from django.db import migrations, models
from django.db.models.functions import Now

from pgjobs.sql.schema import extend, rights_as_on

_FIRST: Final = datetime.datetime(2, 1, 1, tzinfo=datetime.UTC)
_END: Final = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0027_hidden_scalars")]

    operations = [
        migrations.CreateModel(
            name="WorkerFacts",
            fields=[
                ("worker_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("code_version", models.CharField(max_length=200)),
                ("pgjobs_version", models.CharField(max_length=200)),
                ("memory", models.PositiveIntegerField()),
                ("told", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "db_table": "pgjobs_worker_facts",
                "constraints": [
                    models.CheckConstraint(
                        name="pgjobs_worker_facts_moment_in_range",
                        condition=models.Q(told__gte=_FIRST, told__lt=_END),
                    ),
                ],
            },
        ),
        rights_as_on("pgjobs_worker", "pgjobs_worker_facts"),
        *extend("views/workers.0016", "views/workers.0028", ("views/queues", "views/running.0009")),
    ]
