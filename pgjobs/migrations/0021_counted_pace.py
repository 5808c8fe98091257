"""Lets `pgjobs_why()` estimate the start of a job by the statistics, and count in words.

A role with rights of its own that calls the function must be able to read `pgjobs_statistics` and
`pgjobs_ends` too. `manage.py pgjobs roles` grants both.
"""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import replace


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0020_cheaper_statistics")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *replace(["functions/why.0012"], ["functions/why"]),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
