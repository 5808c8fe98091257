"""The database of the jobs, its clock, and verbs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from django.db import connections, router, transaction

from pgjobs.models.job import Job
from pgjobs.rows.rivalry import alone
from pgjobs.sql import load

P = ParamSpec("P")
T = TypeVar("T")


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


def tried_again(verb: Callable[P, T]) -> Callable[P, T]:
    """Call ``verb``, which opens a transaction, again if PostgreSQL ended this one for another one.

    If the caller has opened the transaction, only the caller can begin it again.
    """

    @wraps(verb)
    def act(*args: P.args, **kwargs: P.kwargs) -> T:
        return alone(job_database(), partial(verb, *args, **kwargs))

    return act
