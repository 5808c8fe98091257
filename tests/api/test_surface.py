"""The interface as a whole: its description, docs/api.md, throttling, and the extra."""

from __future__ import annotations

import re
import shlex
import sys
from base64 import b64encode
from importlib import reload
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from tests.apps.testapp.jobs import Charging
from tests.support.markdown import DOCS
from tests.support.rows import a_job

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]

PAGE = (DOCS / "api.md").read_text()


def described(client: Client) -> dict[str, Any]:
    response = client.get("/api/pgjobs/schema/?format=json")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


# The description --------------------------------------------------------------------------


def test_the_description_is_made_without_a_warning(
    operator: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.validation import validate_schema

    document = described(operator)

    validate_schema(document)
    assert document["servers"] == [{"url": "/api/pgjobs"}]
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache
    assert "warning" not in capsys.readouterr().err.lower()


def test_the_description_of_a_whole_project_holds_the_interface_without_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from drf_spectacular.generators import SchemaGenerator

    document = SchemaGenerator(urlconf="tests.api.urls").get_schema(public=True)

    assert "/api/pgjobs/jobs/{id}/why/" in document["paths"]
    assert "warning" not in capsys.readouterr().err.lower()


def test_the_description_is_for_users_who_are_signed_in() -> None:
    assert Client().get("/api/pgjobs/schema/").status_code == 403


# docs/api.md ------------------------------------------------------------------------------


def test_each_endpoint_stands_in_the_table_with_its_methods(operator: Client) -> None:
    table = PAGE.partition("| Endpoint |")[2].partition("\n\n")[0]
    said = set()
    for path, cells in re.findall(r"^\| `([^`]+)` \|(.*)\|$", table, re.M):
        methods = zip(("get", "post", "delete"), cells.split("|"), strict=True)
        said |= {(f"/{path.lstrip('/')}", method) for method, cell in methods if cell.strip()}

    document = described(operator)

    assert said - {("/schema/", "get")} == {
        (path, method) for path, methods in document["paths"].items() for method in methods
    }


def test_each_filter_stands_in_the_table() -> None:
    from pgjobs.api.filters import JobFilterDocument, JobFilters

    table = PAGE.partition("| filter |")[2].partition("\n\n")[0]
    names = set(re.findall(r"^\| `(\w+)` \|", table, re.M))

    assert names == set(JobFilters.base_filters) == set(JobFilterDocument().fields)


def test_each_example_with_curl_works() -> None:
    User.objects.create_superuser("operator", password="secret")
    job = a_job()
    examples = re.findall(r"^curl ((?:.*\\\n)*.*)$", PAGE, re.M)
    assert len(examples) >= 5

    for example in examples:
        answer = curl(example.replace("/jobs/1/", f"/jobs/{job.pk}/"))
        assert answer.status_code in (200, 201), (example, answer.content)


def curl(words: str) -> Any:
    """Make the request that `curl` would make for these words."""
    options = {"-X": "GET", "-d": "", "-u": "", "-H": "Content-Type: application/json"}
    words = words.replace("network.jobs.SyncSite", Charging.path).replace("SyncSite", "Charging")
    given = shlex.split(words.replace("\\\n", " "))
    while given[:1] and given[0] in options:
        name, value, *given = given
        options[name] = value
    (address,) = given
    return Client().generic(
        options["-X"],
        address.removeprefix("http://localhost:8000"),
        options["-d"],
        options["-H"].partition(": ")[2] if options["-d"] else "",
        headers={"Authorization": f"Basic {b64encode(options['-u'].encode()).decode()}"},
    )


# Throttling -------------------------------------------------------------------------------


@pytest.fixture
def throttled(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.settings import api_settings
    from rest_framework.throttling import ScopedRateThrottle

    from pgjobs.api.views import View

    rates = {"pgjobs-change": "1/min"}
    monkeypatch.setattr(View, "throttle_classes", [ScopedRateThrottle])
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", rates)
    monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates, raising=False)
    cache.clear()


@pytest.mark.usefixtures("throttled")
def test_a_scope_with_a_rate_is_throttled_and_one_without_is_not(operator: Client) -> None:
    pause = "/api/pgjobs/queues/low/pause/"

    paused = [operator.post(pause, {}, "application/json").status_code for _ in range(2)]
    read = [operator.get("/api/pgjobs/queues/").status_code for _ in range(3)]

    assert (paused, read) == ([200, 429], [200, 200, 200])


# Numbers ----------------------------------------------------------------------------------


def test_a_span_that_does_not_exist_is_refused_by_name(operator: Client) -> None:
    answer = operator.get("/api/pgjobs/stats/throughput/?span=year")

    assert answer.status_code == 400
    assert "hour, day, week" in answer.json()["span"][0]


# The extra --------------------------------------------------------------------------------


def test_without_the_extra_the_import_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import pgjobs.api

    monkeypatch.setitem(sys.modules, "drf_spectacular", None)

    with pytest.raises(ImportError, match=r"pip install 'django-pgjobs\[api\]'"):
        reload(pgjobs.api)
