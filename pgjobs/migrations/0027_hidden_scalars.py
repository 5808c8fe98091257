"""Hides the arguments of a class that no worker has registered also if they are no object."""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import replace


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0026_waiters")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *replace(["functions/redacted.0015"], ["functions/redacted"]),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
