"""Lets the views of workers and of running jobs tell the truth on a standby.

A standby knows no locks of its primary, and so each living worker looked dead there.
"""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql.schema import replace


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0008_rounds")]

    operations = replace(
        ["views/workers.0002", "views/running.0002"], ["views/workers.0009", "views/running.0009"]
    )
