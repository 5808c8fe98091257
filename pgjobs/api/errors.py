"""The refusals of this interface, and the errors that become refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import OperationalError, connections, transaction
from psycopg.errors import QueryCanceled
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError

from pgjobs.exceptions import InvalidArgument
from pgjobs.sql import load

LONGEST_QUERY: Final = 2000
"""Milliseconds that a statement of a list may take."""


class Refused(APIException):
    """The state of a job or of a worker forbids the verb."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "refused"


class TooSlow(APIException):
    """The filters make PostgreSQL read too many rows."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = (
        f"PostgreSQL found no answer within {LONGEST_QUERY / 1000:g} seconds. Narrow the filters: "
        "id, object, user_id, ended, and a status other than completed have an index."
    )
    default_code = "too_slow"


@contextmanager
def bad_input(name: str = "non_field_errors") -> Iterator[None]:
    """Turn the refusal of an argument into the answer 400, under ``name``."""
    try:
        yield
    except InvalidArgument as error:
        raise ValidationError({name: [printable(str(error))]}) from None


@contextmanager
def bounded(using: str) -> Iterator[None]:
    """Let no statement of the block take longer than `LONGEST_QUERY`. Raises TooSlow."""
    connection = connections[using]
    is_inside = connection.in_atomic_block
    try:
        with transaction.atomic(using=using):
            before = _set(connection, "api/patience", longest=LONGEST_QUERY)
            yield
            if is_inside:  # the rest of the caller's transaction has its own limit
                _set(connection, "api/end_patience", before=before)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from None
        raise


def printable(text: str) -> str:
    """Return ``text`` with a question mark for each lone surrogate, which UTF-8 can't hold."""
    return text.encode(errors="replace").decode()


def _set(connection: Any, name: str, **params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(load(name), params)
        return cursor.fetchone()[-1]
