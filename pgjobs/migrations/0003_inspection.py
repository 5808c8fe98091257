"""The index that the view of failures reads. The views themselves come with a later migration."""

from __future__ import annotations

from django.db import migrations, models


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
    ]
