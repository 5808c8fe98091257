"""Lets workers delete counted ends where all tables are published for logical replication.

PostgreSQL refuses to delete from a published table whose rows have no identity, and the table of
counts has no key.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0030_guarded_counts")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE pgjobs_ends REPLICA IDENTITY FULL",
            "ALTER TABLE pgjobs_ends REPLICA IDENTITY DEFAULT",
        )
    ]
