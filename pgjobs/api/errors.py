"""The refusals of this interface, and the errors that become refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError

from pgjobs import stats
from pgjobs.exceptions import InvalidArgument

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
    try:
        with stats.bounded(using, LONGEST_QUERY):
            yield
    except stats.TooSlow:
        raise TooSlow from None


def printable(text: str) -> str:
    """Return ``text`` with a question mark for each lone surrogate, which UTF-8 can't hold."""
    return text.encode(errors="replace").decode()
