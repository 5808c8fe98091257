"""Lets ends be counted without a guard again after a project's additions to the table are gone."""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql.schema import replace

_OLD: Final = ("functions/may_count.0030",)
_NEW: Final = ("functions/may_count",)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0032_full_queue")]

    operations = replace(_OLD, _NEW)
