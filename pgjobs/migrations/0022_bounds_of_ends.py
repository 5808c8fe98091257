"""Bounds for counted ends, so that no row by hand keeps the others from being merged.

Rows beyond the bounds that have not been merged yet are deleted: they never stood for jobs. The
constraint comes last, because it locks the table until the migration ends.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql import load

_FITS: Final = load("statistics/fits")


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0021_counted_pace")]

    operations = [
        migrations.RunSQL(
            f"DELETE FROM pgjobs_ends WHERE ({_FITS}) IS NOT TRUE", migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            f"ALTER TABLE pgjobs_ends ADD CONSTRAINT pgjobs_ends_fit CHECK ({_FITS}) NOT VALID",
            "ALTER TABLE pgjobs_ends DROP CONSTRAINT pgjobs_ends_fit",
        ),
    ]
