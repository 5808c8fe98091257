"""The one guard around every verb of the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.test import RequestFactory

from pgjobs.exceptions import InvalidArgument, PgJobsError
from pgjobs.models import Job
from pgjobs.pages.orders import refusals_told
from tests.support.sql import query


class Messages:
    """Keeps the messages of a request, as the middleware of Django does."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def add(self, level: int, message: str, extra_tags: str) -> None:
        self.said.append(message)


@pytest.fixture
def request_of_a_user() -> Any:
    request = RequestFactory().post("/")
    request._messages = Messages()  # type: ignore[attr-defined]
    return request


def refuse(error: Exception) -> None:
    raise error


@pytest.mark.django_db(transaction=True)
def test_a_verb_without_a_transaction_of_the_request_has_its_own(request_of_a_user: Any) -> None:
    with refusals_told(request_of_a_user) as refusal:
        assert not connection.in_atomic_block
    assert not refusal.is_told


@pytest.mark.django_db
def test_a_refusal_does_not_break_the_transaction_of_the_request(request_of_a_user: Any) -> None:
    with transaction.atomic():
        with refusals_told(request_of_a_user) as refusal:
            query("SELECT 1 / 0")
        assert query("SELECT 1 AS one") == [{"one": 1}]
    assert refusal.is_told
    (said,) = request_of_a_user._messages.said
    assert said == "PostgreSQL refused the change: division by zero"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Job.DoesNotExist(), "The job was deleted meanwhile."),
        (InvalidArgument("n must be 1"), "n must be 1"),
        (PgJobsError("no worker"), "no worker"),
        (LookupError("no such class"), "no such class"),
        (IntegrityError("refused\nDETAIL: secret"), "PostgreSQL refused the change: refused"),
        (DataError("refused"), "PostgreSQL refused the change: refused"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_refusal_becomes_one_message_without_the_row(
    error: Exception, said: str, request_of_a_user: Any
) -> None:
    with refusals_told(request_of_a_user) as refusal:
        refuse(error)
    assert refusal.is_told
    assert request_of_a_user._messages.said == [said]


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError("gone"), ValueError("a fault of the code")])
def test_an_error_that_is_no_refusal_is_raised(error: Exception, request_of_a_user: Any) -> None:
    with pytest.raises(type(error)), refusals_told(request_of_a_user):
        refuse(error)
