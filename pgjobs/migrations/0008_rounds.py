"""Adds the table by which workers take turns in looking after the cluster.

A worker of an older release does not read it and looks by itself, as before.
"""

from __future__ import annotations

from django.db import migrations
from django.db.migrations.operations.special import RunSQL

from pgjobs.sql import load


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0007_more_bounds")]

    operations = [RunSQL(load("rounds/table"), "DROP TABLE pgjobs_round")]
