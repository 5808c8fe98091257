"""Unusual arguments of ``enqueue()`` that are served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, User
from django.db.migrations.state import ProjectState
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy, override

from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject, Noop, plain_function
from tests.apps.testapp.models import Country, Site
from tests.support.rows import a_site
from tests.support.running import ran

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["target", "func", "cls", "about", "jobs", "job", "options"])
def test_an_argument_of_run_may_have_the_name_of_a_parameter(name: str) -> None:
    arguments: dict[str, Any] = {name: 5}

    assert ran(Noop, **arguments).result == arguments
    assert Noop.enqueue_once(**arguments).kwargs == arguments


@pytest.mark.parametrize("name", ["target", "func", "cls", "about", "self", "args"])
def test_an_argument_of_a_function_may_have_the_name_of_a_parameter(name: str) -> None:
    arguments: dict[str, Any] = {name: 5}
    job = Job.enqueue(plain_function, None, "Send", immediate=True, **arguments)

    assert job.result == {name: 5}


def test_the_function_and_the_object_may_be_given_by_name() -> None:
    site = a_site()

    assert Job.enqueue(func=AboutObject, instance=site).object == site
    assert AboutObject.enqueue_once(instance=site).object == site


def test_a_lazy_object_is_the_object_that_it_wraps() -> None:
    site, user = a_site(), User.objects.create(username="ada")
    lazy_site: Any
    lazy_site, lazy_user = SimpleLazyObject(lambda: site), SimpleLazyObject(lambda: user)

    job = Noop.enqueue(lazy_site, user=lazy_user, given=lazy_user)

    assert (job.object, job.user) == (site, user)
    twice: Any = SimpleLazyObject(lambda: lazy_site)
    assert Noop.enqueue(twice).object == site
    assert job.kwargs == {"given": {"$model": ["auth.user", user.pk]}}
    assert Noop.enqueue(user=SimpleLazyObject(AnonymousUser)).user is None


def test_an_object_of_a_historical_model_is_the_object_of_todays_model() -> None:
    site = a_site()
    historical: Any = ProjectState.from_apps(apps).apps.get_model("testapp", "Site")

    assert Noop.enqueue(historical.objects.get(pk=site.pk)).object == site


@pytest.mark.parametrize("hours", [-23, -16, 16, 23])
def test_a_moment_may_have_any_offset_that_python_has(hours: int) -> None:
    moment = datetime(2030, 1, 31, 12, tzinfo=timezone(timedelta(hours=hours)))

    job = ran(Noop, when=moment)
    assert job.result == {"when": {"$datetime": moment.isoformat()}}
    later = Noop.enqueue(schedule_at=moment)
    assert Job.objects.get(pk=later.pk).scheduled == moment.astimezone(UTC)


def test_a_function_may_have_a_lazy_name() -> None:
    with override("de"):
        lazy: Any = gettext_lazy("Yes")
        assert Job.enqueue(plain_function, name=lazy).name == "Ja"


def test_values_at_their_limits_reach_run() -> None:
    deep: list[Any] = []
    for _ in range(98):
        deep = [deep]

    job = ran(Noop, largest=10**4300 - 1, deep=deep)

    assert job.status == "completed"
    assert job.result == {"largest": 10**4300 - 1, "deep": deep}


def test_bulk_arguments_are_merged_although_one_looks_like_a_type() -> None:
    given = {"$a": 1}
    Job.enqueue_many(Noop, [given, {}], **{"$b": 2})

    first, second = Job.objects.order_by("pk")
    first.run_here()
    second.run_here()

    assert (first.result, second.result) == ({"$a": 1, "$b": 2}, {"$dict": {"$b": 2}})


def test_an_object_with_the_longest_key_has_jobs() -> None:
    country = Country(code="å" * 255)
    country._state.adding = False

    assert Noop.enqueue(country).object_id == country.code
    assert Noop.enqueue_once(country).pk == Noop.enqueue_once(country).pk
    assert Site.objects.count() == 0
