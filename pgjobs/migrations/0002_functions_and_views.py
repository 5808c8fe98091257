"""Creates the functions and views from the files in `pgjobs/sql/functions` and `pgjobs/sql/views`.

An applied migration must not change its meaning. So a later migration that changes, for example,
the view `pgjobs_jobs` is written like this:

1. Copy `views/jobs.sql` to `views/jobs.0002.sql`, and let this migration name "views/jobs.0002".
   The part behind the dot is not part of the view's name. Then write the new text in
   `views/jobs.sql`.
2. List the changed view and every view that reads it, in the order of their creation:
   `OLD = ("views/jobs.0002", "views/running")` and `NEW = ("views/jobs", "views/running")`.
3. The operations are `[*drop(OLD), ..., *create(NEW)]`, with the changes of tables in between. If
   the columns of a view stay the same, `replace()` alone is enough, and keeps granted rights.

So the migration can be reversed, and a fresh database takes the same way as an old one. The texts
without a dot in their name are the newest; `tests/sql/test_migrations.py` compares them with the
database.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

from pgjobs.sql.schema import create

# `running` and `queues` read other views, so these come first.
_NAMES: Final = (
    "functions/ring.0002",
    "functions/must_ring",
    "views/workers.0002",
    "views/jobs.0002",
    "views/running.0002",
    "views/queues",
    "views/failures",
    "views/schedules.0002",
)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0001_initial")]

    operations = create(_NAMES)
