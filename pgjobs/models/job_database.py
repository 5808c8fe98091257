"""The database of the schedules, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connections, router, transaction

from pgjobs.models.job import Job
from pgjobs.sql import load


def job_database() -> str:
    """Return the alias of the database that jobs are written to."""
    return router.db_for_write(Job)


def database_now() -> datetime:
    """Return the moment of the database, by which due times are judged."""
    with connections[job_database()].cursor() as cursor:
        cursor.execute(load("clock/now"))
        now: datetime = cursor.fetchone()[0]
    return now


@contextmanager
def locked_briefly() -> Iterator[None]:
    """Open a transaction that waits for no lock longer than two seconds."""
    using = job_database()
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute(load("clock/wait_briefly"))
        yield
