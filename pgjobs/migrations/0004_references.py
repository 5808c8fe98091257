"""Lets the database delete the log of a deleted job, and take a deleted user off the user's jobs.

The reasons stand in `pgjobs/sql/references/deletion.sql`. Each operation is a transaction of its
own, so no lock is held while the old rows are checked. If the migration is interrupted, apply it
again.
"""

from __future__ import annotations

from django.db import migrations
from django.db.migrations.operations.special import RunSQL

from pgjobs.sql import load
from pgjobs.sql.schema import on_deletion


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("pgjobs", "0003_bounds")]

    operations = [
        RunSQL(RunSQL.noop, load("references/validate")),
        RunSQL(
            on_deletion(of_job="CASCADE", of_user="SET NULL"),
            on_deletion(of_job="NO ACTION", of_user="NO ACTION"),
        ),
        RunSQL(load("references/validate"), RunSQL.noop),
    ]
