"""One examination: each specialist looks, and an error of one does not keep the others away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from django.db import DatabaseError, connections, router, transaction

from pgjobs.doctor import cluster, own_checks, project, schema, server
from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.reading import be_impatient
from pgjobs.models import Job

_NO_VIEW: Final = "no view"

SPECIALISTS: Final[tuple[Callable[[str], Iterator[Finding]], ...]] = (
    server.table_locks,
    project.failed_checks,
    schema.unapplied_migrations,
    schema.indexes_to_repair,
    schema.open_functions,
    cluster.no_worker,
    cluster.unserved_queues,
    cluster.late_schedules,
    cluster.lost_workers,
    cluster.different_code,
    cluster.unknown_classes,
    cluster.waiting_actions,
    cluster.workers_behind_poolers,
    server.lock_waits,
    server.old_snapshots,
    server.hidden_sessions,
    server.dead_rows,
    server.connections_left,
    server.notifications,
    server.clock_skew,
)


def examine(using: str | None = None) -> list[Finding]:
    """Return the findings about the database ``using``, the worst first.

    The checks that the project has registered are asked, too. By default it is the database that
    jobs are written to. Nothing is changed. Raises OperationalError if the database does not
    answer.
    """
    database = using or router.db_for_write(Job)
    connections[database].ensure_connection()
    found = [finding for look in SPECIALISTS for finding in _ask(look, database)]
    for check in own_checks.registered():
        found += own_checks.asked(check, database)
    if any(finding.about == schema.OLDER for finding in found):
        found = [finding for finding in found if finding.about != _NO_VIEW]
    return sorted(found, key=lambda finding: -finding.severity)


def _ask(look: Callable[[str], Iterator[Finding]], database: str) -> list[Finding]:
    try:
        with transaction.atomic(using=database):
            be_impatient(database)
            return list(look(database))
    except DatabaseError as error:
        return [
            Finding(
                Severity.WARNING,
                _NO_VIEW,
                f"{look.__name__.replace('_', ' ')}: {' '.join(str(error).split())}",
                "Mend what stands above first, or examine as a role that may read the tables.",
            )
        ]
