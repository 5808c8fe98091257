"""Adds the function by which large claims of several workers keep to different blocks of a lane."""

from __future__ import annotations

from django.db import migrations

from pgjobs.sql.schema import create


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0005_any_key")]

    operations = [*create(["functions/enter_block"])]
