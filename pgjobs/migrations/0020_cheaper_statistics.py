"""Lets the views of statistics read a day and a week by their longest periods.

From this release on, workers keep the days of the last week, whatever `STATISTICS_DAYS` says. A
worker of an older release with fewer `STATISTICS_DAYS` deletes days that the views read.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql.schema import create, replace

_OLD: Final = ("views/throughput.0013", "views/latency.0013")
_NEW: Final = ("views/throughput", "views/latency")


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0019_arguments")]

    operations = [*create(["views/spans"]), *replace(_OLD, _NEW)]
