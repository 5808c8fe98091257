"""Lets SQL refuse arguments that run() does not take, and leaves arguments out of its refusals.

Until a worker of this release has told of a job class, the arguments of its jobs are not checked.
"""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import replace


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0018_blockers")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *replace(["functions/row_for.0012"], ["functions/row_for.0019"]),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
