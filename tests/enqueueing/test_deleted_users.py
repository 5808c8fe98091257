"""New jobs for a user who was deleted after the caller had read the user."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WAYS: dict[str, Callable[[User], Any]] = {
    "enqueue": lambda user: Noop.enqueue(user=user),
    "later": lambda user: Noop.enqueue(user=user, schedule_at=timezone.now() + timedelta(1)),
    "enqueue_once": lambda user: Noop.enqueue_once(user=user),
    "immediate": lambda user: Noop.enqueue(user=user, immediate=True),
    "enqueue_many": lambda user: Noop.enqueue_many([{}, {}], user=user),
}


@pytest.fixture
def stale() -> User:
    user = User.objects.create(username="ann")
    User.objects.get().delete()
    return user


@pytest.mark.parametrize("enqueue", WAYS.values(), ids=WAYS)
def test_a_new_job_of_a_deleted_user_has_no_user(
    stale: User, enqueue: Callable[[User], Any]
) -> None:
    with transaction.atomic():
        made = enqueue(stale)
        User.objects.create(username="ben")

    assert User.objects.get().username == "ben"
    assert set(Job.objects.values_list("user", flat=True)) == {None}
    if isinstance(made, Job):
        assert made.user is None


@pytest.mark.parametrize("enqueue", WAYS.values(), ids=WAYS)
def test_a_user_whose_new_job_is_not_committed_is_deleted_after_the_commit(
    enqueue: Callable[[User], Any],
) -> None:
    user = User.objects.create(username="ann")
    with transaction.atomic():
        enqueue(user)
        deleted = elsewhere(User.objects.all().delete)
        eventually(is_waited_for)

    deleted.result(10)
    assert set(Job.objects.values_list("user", flat=True)) == {None}


@pytest.mark.parametrize("enqueue", WAYS.values(), ids=WAYS)
def test_a_user_who_logs_in_during_a_repeatable_read_transaction_can_have_a_new_job(
    enqueue: Callable[[User], Any],
) -> None:
    user = User.objects.create(username="ann")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert User.objects.exists()
        elsewhere(lambda: User.objects.update(last_login=timezone.now())).result(10)
        enqueue(user)

    assert set(Job.objects.values_list("user", flat=True)) == {user.pk}


def test_a_job_without_a_user_is_inserted_without_a_look_at_the_users() -> None:
    with CaptureQueriesContext(transaction.get_connection()) as queries:
        Noop.enqueue()
        Noop.enqueue_many([{}])

    assert "auth_user" not in "".join(query["sql"] for query in queries)


def test_a_job_with_a_user_is_inserted_by_one_statement(
    django_assert_num_queries: Any, settings: Any
) -> None:
    settings.PGJOBS = {"MODE": "manual"}  # no ring follows, for whichever worker
    user = User.objects.create(username="ann")

    with django_assert_num_queries(1):
        Noop.enqueue(user=user)
