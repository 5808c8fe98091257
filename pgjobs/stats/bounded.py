"""A limit for queries whose filters no index serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connections, transaction
from psycopg.errors import QueryCanceled

from pgjobs.exceptions import PgJobsError
from pgjobs.sql import load


class TooSlow(PgJobsError):
    """A statement took longer than it was allowed to."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"PostgreSQL found no answer within {seconds:g} s.")
        self.seconds = seconds


@contextmanager
def bounded(using: str, longest: int) -> Iterator[None]:
    """Let no statement of the block take longer than ``longest`` milliseconds. Raises TooSlow."""
    connection = connections[using]
    is_inside = connection.in_atomic_block
    try:
        with transaction.atomic(using=using):
            before = _set(connection, "stats/bounded", longest=longest)
            yield
            if is_inside:  # the rest of the caller's transaction has its own limit
                _set(connection, "stats/end_bounded", before=before)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow(longest / 1000) from None
        raise


def _set(connection: Any, name: str, **params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(load(name), params)
        return cursor.fetchone()[-1]
