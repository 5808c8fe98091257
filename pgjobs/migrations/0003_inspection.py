"""The SQL views for inspection, and the index that the view of failures reads.

The views' text is in ``pgjobs/sql/views``, as it is now. So a later change to a view, or
to a column that one shows, is a new migration with ``forget_views()`` and then
``create_views()``, and here ``create_views()`` becomes ``[]``: a fresh database takes the
views from the newest migration, when all that they show is there.
"""

from __future__ import annotations

from django.db import migrations, models

from pgjobs.sql.views import create_views


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0002_pause")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=["completed"],
                name="pgjobs_job_unsuccessful",
                condition=models.Q(status__in=["errored", "failed"]),
            ),
        ),
        *create_views(),
    ]
