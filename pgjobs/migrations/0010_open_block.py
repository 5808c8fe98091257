"""Adds the function that opens a block for a claim and says where its ready jobs begin.

Workers of an older release go on with `pgjobs_enter_block`, which takes the same locks.
"""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql.schema import create


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0009_views_on_a_standby")]

    operations = [*create(["functions/open_block.0010"])]
