"""Lets SQL name the model of an object by its class in a database of any locale."""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import replace


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0033_unguarded_counts")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *replace(["functions/row_for.0019"], ["functions/row_for"]),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
