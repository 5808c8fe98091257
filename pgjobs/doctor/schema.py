"""Looks at the schema: its migrations and its indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections, models
from django.db.migrations.executor import MigrationExecutor

from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.reading import read


def unapplied_migrations(using: str) -> Iterator[Finding]:
    """Find migrations of pgjobs that the code has and the database lacks."""
    executor = MigrationExecutor(connections[using])
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "pgjobs"]
    missing = [migration.name for migration, _ in executor.migration_plan(targets)]
    missing = [name for name in missing if ("pgjobs", name) in executor.loader.graph.nodes]
    if missing:
        yield Finding(
            Severity.CRITICAL,
            "schema older than code",
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
                    f"Drop what is left of it, and make it anew: {_sql(index, table, using)}",
                )


def _indexes(table: type[models.Model]) -> Iterator[Any]:
    yield from table._meta.indexes
    for constraint in table._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            yield constraint


def _sql(index: Any, table: type[models.Model], using: str) -> str:
    with connections[using].schema_editor(collect_sql=True) as editor:
        return str(index.create_sql(table, editor))
