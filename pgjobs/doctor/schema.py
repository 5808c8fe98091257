"""Looks at the schema: its migrations and its indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.db import connections, models
from django.db.migrations.executor import MigrationExecutor

from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.reading import read

OLDER: Final = "schema older than code"


def unapplied_migrations(using: str) -> Iterator[Finding]:
    """Find migrations of pgjobs that the code has and the database lacks."""
    executor = MigrationExecutor(connections[using])
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "pgjobs"]
    plan = executor.migration_plan(targets)
    missing = [migration.name for migration, _ in plan if migration.app_label == "pgjobs"]
    if missing:
        yield Finding(
            Severity.CRITICAL,
            OLDER,
            f"The database lacks the migrations {', '.join(missing)}.",
            "Run manage.py migrate pgjobs.",
        )


def missing_indexes(using: str) -> Iterator[Finding]:
    """Find indexes that were dropped, or that are not valid."""
    tables = list(apps.get_app_config("pgjobs").get_models())
    names = [table._meta.db_table for table in tables]
    there = {index for (index,) in read(using, "doctor/indexes", tables=names)}
    for table in tables:
        for index in _indexes(table):
            if index.name not in there:
                yield Finding(
                    Severity.CRITICAL,
                    "missing index",
                    f"The index {index.name} of {table._meta.db_table} is missing or not valid.",
                    f"Drop the rest of it, and make it anew: {_sql(index, table, using)}",
                )


def _indexes(table: type[models.Model]) -> Iterator[Any]:
    yield from table._meta.indexes
    for constraint in table._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            yield constraint


def _sql(index: Any, table: type[models.Model], using: str) -> str:
    with connections[using].schema_editor(collect_sql=True) as editor:
        made = str(index.create_sql(table, editor))
    return made.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
