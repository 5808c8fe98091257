"""Adds the view of what stands in the way of claims and of VACUUM."""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql.schema import create


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0017_alerts")]

    operations = create(["views/blockers"])
