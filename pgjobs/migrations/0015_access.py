"""Shows the time limit and the arguments of each job in `pgjobs_jobs`, without hidden values.

Until a worker of this release has started, all arguments are hidden and the limits unknown. The
permission to pause and resume queues is new.
"""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql import load
from pgjobs.sql.schema import create, extend


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0014_journal")]

    operations = [
        migrations.AlterModelOptions(
            name="pause",
            options={
                "ordering": ("kind", "name"),
                "permissions": (("manage_queues", "Can pause and resume queues and job classes"),),
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
            },
        ),
        *create(["functions/redacted.0015"]),
        *extend("views/jobs.0005", "views/jobs.0015", ["views/running.0009"]),
        migrations.RunSQL(load("functions_of_roles"), migrations.RunSQL.noop),
    ]
