"""Adds the view of sessions and tables that hold up claims or VACUUM."""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql.schema import create


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0017_alerts")]

    operations = create(["views/blockers.0018"])
