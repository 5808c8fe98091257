"""Lets a job end although somebody locks the table that counts it: its end is not counted then."""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import create, replace


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0023_hidden_progress")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *create(["functions/may_count.0024"]),
        *replace(["functions/count_end.0013"], ["functions/count_end.0024"]),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
