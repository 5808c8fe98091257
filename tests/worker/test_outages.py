"""Which errors mean that the database is away."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DataError, OperationalError

from pgjobs.worker.errors import is_away


def wrapped(error: psycopg.Error) -> Exception:
    """Return the error of Django that wraps ``error``."""
    outer = DataError() if isinstance(error, psycopg.DataError) else OperationalError()
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("server closed the connection unexpectedly"),
        psycopg.InterfaceError("the connection is closed"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.CannotConnectNow(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.DiskFull(),
        psycopg.errors.ReadOnlySqlTransaction(),
    ],
)
def test_an_error_of_the_connection_or_the_server_means_that_the_database_is_away(
    error: psycopg.Error,
) -> None:
    assert is_away(error)
    assert is_away(wrapped(error))


@pytest.mark.parametrize(
    "error",
    [
        psycopg.DataError("timestamp too large (after year 10K): 'infinity'"),
        psycopg.errors.RaiseException(),
        psycopg.errors.CheckViolation(),
        psycopg.errors.NumericValueOutOfRange(),
        psycopg.errors.InsufficientPrivilege(),
        psycopg.errors.LockNotAvailable(),
        psycopg.errors.DeadlockDetected(),
    ],
)
def test_an_error_of_a_row_or_a_statement_does_not(error: psycopg.Error) -> None:
    assert not is_away(error)
    assert not is_away(wrapped(error))
