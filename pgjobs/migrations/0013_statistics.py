"""Adds statistics: the tables, the triggers that count the ends of jobs, and the views.

Code of an older release does not know that its jobs are counted: the trigger for single rows counts
them. New code beside an older schema ends jobs as before, and nothing counts them.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations
from django.db.migrations.operations.special import RunSQL

from pgjobs.sql import load
from pgjobs.sql.schema import create, rights_as_on

_NAMES: Final = (
    "functions/bucket",
    "functions/bucket_time",
    "functions/count_end.0013",
    "functions/count_ends.0013",
    "views/ended",
    "views/throughput.0013",
    "views/latency.0013",
    "views/failure_kinds",
)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0012_steering")]

    operations = [
        RunSQL(
            load("statistics/tables"),
            "DROP TABLE pgjobs_ends, pgjobs_statistics, pgjobs_failure_statistics",
        ),
        *(
            rights_as_on("pgjobs_worker", table)
            for table in ("pgjobs_ends", "pgjobs_statistics", "pgjobs_failure_statistics")
        ),
        *create(_NAMES),
        RunSQL(load("functions_of_roles"), RunSQL.noop),
        RunSQL(
            load("statistics/triggers"),
            "DROP TRIGGER pgjobs_count_end ON pgjobs_job; "
            "DROP TRIGGER pgjobs_count_ends ON pgjobs_job",
        ),
    ]
