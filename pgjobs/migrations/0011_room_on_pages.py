"""Leaves room on each page of the table of jobs for the next versions of its rows.

A claim and an outcome each write a new version of the row. On the page of the old version it takes
fewer bytes of WAL: PostgreSQL leaves out the parts that both versions share, and one page is
written where it were three. Old pages stay as they are.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0010_open_block")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE pgjobs_job SET (fillfactor = 50)",
            "ALTER TABLE pgjobs_job RESET (fillfactor)",
        )
    ]
