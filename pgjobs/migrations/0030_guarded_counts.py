"""Lets a job end although something that a project put on the table of counts refuses its count.

Batches of a worker did so before, except for a deferred trigger. Each other end did so only for a
lock on the table.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import create, replace

_OLD: Final = ("functions/may_count.0024", "functions/count_end.0024", "functions/count_ends.0013")
_NEW: Final = ("functions/may_count.0030", "functions/count_end", "functions/count_ends")


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0029_schemas")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *create(["functions/count_guarded"]),
        *replace(_OLD, _NEW),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
