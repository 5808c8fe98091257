"""Finding jobs by an argument: from the command line and from the list of jobs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from pgjobs.access import with_arguments
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from tests.apps.testapp.jobs import Charging, Noop
from tests.support.environment import ROOT
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.staff import LIST, signed_in

pytestmark = pytest.mark.django_db


def found(client: Client, search: str) -> set[int]:
    response = client.get(LIST, {"q": search})
    return set(response.context["part"].ids)


def test_the_admin_finds_jobs_by_an_argument(looking: Client) -> None:
    job = a_job(kwargs={"invoice": "INV-1", "n": 3})
    named = a_job(kwargs={"invoice": "INV-1"}, name="Another")
    a_job(kwargs={"invoice": "INV-2"})
    a_job()

    assert found(looking, "arg.invoice:INV-1") == {job.pk, named.pk}
    assert found(looking, "arg.invoice:INV-1 arg.n:3") == {job.pk}
    assert found(looking, "arg.invoice:INV-1 anoth") == {named.pk}


@pytest.mark.parametrize("search", ["arg.password:x", 'arg.a:{"secret":1}', "arg.api-key:x"])
def test_the_admin_refuses_a_search_by_a_hidden_argument(search: str) -> None:
    a_job(kwargs={"password": "x", "api-key": "x", "a": {"secret": 1}})
    response = signed_in("view_job").get(LIST, {"q": search})

    assert "rows" not in response.context
    assert "a value is redacted" in response.context["problems"][0]


@pytest.mark.parametrize(
    "lookup",
    [
        "kwargs__password",
        "kwargs__password__startswith",
        "kwargs__contains",
        "args__0",
        "data__a",
        "result__a",
        "meta__a",
        "errors__0__message",
        "progress__message",
        "successor__kwargs",
    ],
)
def test_no_address_of_the_list_filters_by_a_value_that_a_job_holds(
    lookup: str, looking: Client
) -> None:
    a_job(kwargs={"password": "x"})

    response = looking.get(LIST, {lookup: '"x"'})
    assert "rows" not in response.context
    assert f"does not know: {lookup}" in response.context["problems"][0]


def test_jobs_of_a_class_that_hides_the_argument_are_left_out() -> None:
    plain, _hidden, _gone = (
        a_job(job_class=path, kwargs={"card": "1"}) for path in (Noop.path, Charging.path, "a.Gone")
    )

    assert list(Job.objects.filter(with_arguments({"card": "1"}))) == [plain]
    for classes in ([Charging.path], ["a.Gone"], []):
        with pytest.raises(InvalidArgument, match="can't be found by card"):
            with_arguments({"card": "1"}, classes)


def test_the_command_line_refuses_a_search_by_a_hidden_argument(
    pgjobs: Callable[..., Any],
) -> None:
    a_job(kwargs={"password": "x"})
    a_job(job_class=Charging.path, kwargs={"card": "1"})

    for words in (["--arg", "password=x"], ["--arg", "card=1", "--class", "Charging"]):
        for verb in (["list"], ["cancel", "--yes"]):
            ran = pgjobs(*verb, *words)
            assert (ran.code, "a value is redacted" in ran.errors) == (2, True)


def test_a_search_by_an_argument_uses_the_index(looking: Client) -> None:
    (index,) = re.findall(
        r"CREATE INDEX CONCURRENTLY (pgjobs_job_kwargs ON .*?\n?.*?);",
        (ROOT / "docs/sql.md").read_text(),
    )
    query(f"CREATE INDEX {index}")
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, kwargs) "
        f"SELECT '{Noop.path}', 'a', 'default', jsonb_build_object('n', n) "
        "FROM generate_series(1, 20000) AS n; ANALYZE pgjobs_job"
    )
    jobs = Job.objects.filter(with_arguments({"n": 77})).order_by("-pk")[:51]
    assert "pgjobs_job_kwargs" in jobs.explain()
