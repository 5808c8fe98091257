"""Hides the values of hidden keys in the progress that `pgjobs_jobs` and `pgjobs_running` show."""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql.schema import replace


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0022_bounds_of_ends")]

    operations = replace(["views/jobs.0015"], ["views/jobs"])
