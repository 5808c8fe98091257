"""Adds the table of the callers that wait for the end of a job.

A worker of an older release does not wake them: then they see the end by a look every two seconds.
"""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import rights_as_on


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0025_saved_views")]

    operations = [
        # UNLOGGED: a server crash ends the sessions of the callers too.
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE pgjobs_waiter (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                job_id bigint NOT NULL,
                seen timestamptz NOT NULL DEFAULT statement_timestamp()
            )
            """,
            "DROP TABLE pgjobs_waiter",
        ),
        rights_as_on("pgjobs_worker", "pgjobs_waiter"),
        migrations.RunSQL(migrations.RunSQL.noop, "DROP FUNCTION pgjobs_tell_waiters"),
        migrations.RunSQL(load("functions/tell_waiters.0026"), migrations.RunSQL.noop),
        migrations.RunSQL(
            load("waiting/trigger"), "DROP TRIGGER pgjobs_tell_waiters ON pgjobs_job"
        ),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
