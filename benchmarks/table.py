"""The table of jobs: filling it before a case, and reading it afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from benchmarks.app.jobs import Nothing
from pgjobs.enqueueing.row import row_for
from pgjobs.models import Job, WorkerProcess

_LIVE = """
SELECT EXISTS (SELECT FROM pgjobs_job WHERE status = 'pending')
    OR EXISTS (SELECT FROM pgjobs_job WHERE status = 'running')
"""
_COPIES = """
INSERT INTO pgjobs_job (
    status, scheduled, started, completed,
    job_class, name, queue_name, args, kwargs, notifications, max_attempts
)
SELECT
    {values},
    job_class, name, queue_name, args, kwargs, notifications, max_attempts
FROM pgjobs_job, generate_series(1, %s) AS number
WHERE id = %s
"""
_FINISHED = (
    "'completed', NULL, now() - number * '1 ms'::interval, now() - number * '1 ms'::interval"
)
_SCHEDULED = "'scheduled', now() + '1 year'::interval + number * '1 s'::interval, NULL, NULL"


def clear() -> None:
    _execute("TRUNCATE pgjobs_job CASCADE")


def is_drained() -> bool:
    """Return whether no job is pending or running."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE)
        return not cursor.fetchone()[0]


def fill_with_finished(count: int) -> None:
    """Replace all jobs by so many completed jobs."""
    _fill(_FINISHED, count)


def fill_with_scheduled(count: int) -> None:
    """Replace all jobs by so many scheduled jobs, due in a year and later."""
    _fill(_SCHEDULED, count)


def settle() -> None:
    """Vacuum the table, as autovacuum would have done while so many rows were inserted."""
    _execute("VACUUM (ANALYZE) pgjobs_job")


def checkpoint() -> None:
    """Write all changes to the disk, so that no checkpoint is due for a while."""
    _execute("CHECKPOINT")


def megabytes() -> tuple[float, float]:
    """Return the size of the table and the size of its indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_table_size('pgjobs_job'), pg_indexes_size('pgjobs_job')")
        table, indexes = cursor.fetchone()
    return table / 1e6, indexes / 1e6


def add_worker() -> WorkerProcess:
    """Add the row of a worker, for the claims of a benchmark."""
    return WorkerProcess.objects.create(
        name="benchmark", hostname="", pid=0, queues=[], concurrency=1
    )


def _fill(values: str, count: int) -> None:
    clear()
    model = Job.objects.create(**row_for(Nothing))
    _execute(_COPIES.format(values=values), [count, model.pk])
    model.delete()
    settle()


def _execute(sql: str, parameters: Sequence[int] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
