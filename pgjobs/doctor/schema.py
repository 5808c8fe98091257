"""Looks at the schema: its migrations, its indexes, and the rights to its functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.indexes import State, checkup
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


def indexes_to_repair(using: str) -> Iterator[Finding]:
    """Find indexes that were dropped, that are not valid, or that are bloated."""
    for index in checkup(using):
        evidence = f"The index {index.name} is {index.state}."
        remedy = f"Run manage.py pgjobs checkup --repair, or: {index.repair}"
        if index.state == State.BLOATED:
            yield Finding(Severity.WARNING, "bloated index", evidence, remedy)
        elif index.state != State.SOUND:
            yield Finding(Severity.CRITICAL, "missing index", evidence, remedy)


def open_functions(using: str) -> Iterator[Finding]:
    """Find functions that act in the rights of their owner, and that everybody may execute."""
    for (function,) in read(using, "doctor/open_functions"):
        yield Finding(
            Severity.CRITICAL,
            "open function",
            f"Everybody who may connect can execute {function} in the rights of its owner, as "
            "after a restore without access rights.",
            f"Run: REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC; Then grant it again to the "
            "roles that need it: manage.py pgjobs roles.",
        )
