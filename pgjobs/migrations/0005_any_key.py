"""Lets a project change the types of the keys of users and content types.

The view `pgjobs_jobs` named these columns, and PostgreSQL refuses to change a column that a view
names.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql.schema import create, drop

_OLD: Final = ("views/jobs.0003", "views/running.0002")
_NEW: Final = (
    "functions/has_type",
    "functions/object",
    "functions/user_id",
    "views/jobs.0005",
    "views/running.0002",
)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0004_references")]

    operations = [*drop(_OLD), *create(_NEW)]
