"""Lets jobs end and be rescued while the server's queue of notifications is full."""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import replace

_OLD: Final = ("functions/ring.0029", "functions/tell_waiters.0029")
_NEW: Final = ("functions/ring", "functions/tell_waiters")


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0031_replicated_counts")]

    operations = [
        # A replaced function loses its search path, in both directions.
        migrations.RunSQL(migrations.RunSQL.noop, load("functions_of_roles")),
        *replace(_OLD, _NEW),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
