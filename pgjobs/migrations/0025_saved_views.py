"""Adds the table of saved views. Workers of an older release do not read it."""

from __future__ import annotations

from django.db import migrations, models

from pgjobs.sql.schema import rights_as_on


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0024_counting")]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("user_key", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("query", models.CharField(max_length=4000, verbose_name="query")),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "db_table": "pgjobs_saved_view",
                "db_table_comment": "Queries that users have saved for the list of jobs",
                "ordering": ("id",),
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=["user_key", "name"], name="pgjobs_saved_view_name"
                    ),
                ],
            },
        ),
        rights_as_on("pgjobs_worker", "pgjobs_saved_view"),
    ]
