"""The SQL views for inspection: a worker is silent once the default lease of 15 seconds is over.

The views' text is in ``pgjobs/sql/views``, as it is now. So a later change to a view, or
to a column that one shows, is a new migration with ``forget_views()`` and then
``create_views()``, and here ``create_views()`` becomes ``[]``: a fresh database takes the
views from the newest migration, when all that they show is there.
"""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql.views import create_views, forget_views


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0004_ring")]

    operations = [*forget_views(), *create_views()]
