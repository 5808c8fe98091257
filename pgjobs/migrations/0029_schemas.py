"""Tells apart the locks and the channels of two sites in one database, each in a schema of its own.

The locks and the channels of tables in the schema ``public`` stay as they are.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import replace

_OLD: Final = (
    "functions/ring.0002",
    "functions/open_block.0010",
    "functions/tell_waiters.0026",
    "views/workers.0028",
    "views/running.0009",
    "views/blockers.0018",
)
_NEW: Final = (
    "functions/ring.0029",
    "functions/open_block",
    "functions/tell_waiters.0029",
    "views/workers",
    "views/running",
    "views/blockers",
)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0028_worker_facts")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *replace(_OLD, _NEW),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
