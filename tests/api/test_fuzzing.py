"""Random requests, made from the interface's own description: no error of the server, and no answer
that the description does not have."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from pgjobs.access import launchable
from pgjobs.models import Job, Schedule
from tests.apps.testapp.jobs import Charging, Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_site, a_worker

EXAMPLES: Final = int(os.environ.get("API_EXAMPLES", "5"))
"""Random requests to each operation."""

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.api.urls"),
    pytest.mark.timeout(120 + 3 * EXAMPLES),
    # Of libraries that the tool uses.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the connection of the test open at the beginning and end of each request."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_random_requests_get_answers_of_the_schema_and_no_error_of_the_server(
    settings: Any,
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    User.objects.create_superuser("root", password="x")
    header = {"Authorization": "Basic " + base64.b64encode(b"root:x").decode()}
    api = schemathesis.openapi.from_wsgi(
        "/api/pgjobs/schema/?format=json", get_wsgi_application(), headers=header
    )
    checks = schemathesis.checks
    wanted = [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    operations = [result.ok() for result in api.get_all_operations()]
    assert len(operations) > 20

    for operation in operations:

        def call(case: Any) -> None:
            case.call_and_validate(headers=header, checks=wanted)

        _fuzz(operation, call)


def _fuzz(operation: Any, call: Callable[[Any], None]) -> None:
    """Make random requests of an operation."""
    from hypothesis import HealthCheck, Phase, given, settings

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def requests(case: Any) -> None:
        _make_rows()
        _aim(case)
        call(case)

    requests()


def _make_rows() -> None:
    if Job.objects.count() < 20:
        for status in ("pending", "running", "completed", "errored", "scheduled"):
            a_job(status, kwargs={"a": 1}, worker=a_worker(), object=a_site())
            a_job(status, kwargs={"to": "a"}, job_class=Charging.path)
    if not Schedule.objects.exists():
        Schedule.objects.create(job_class=Noop.path, interval=60, next_run=ago(hours=-1))


def _aim(case: Any) -> None:
    """Let every other request be about a row that exists."""
    if "id" in (case.path_parameters or {}) and random.random() < 0.5:
        rows = Schedule.objects if "schedules" in case.path else Job.objects
        newest = rows.order_by("-pk").values_list("pk", flat=True)[:5]
        case.path_parameters["id"] = random.choice(list(newest) or [1])
    if isinstance(case.body, dict) and "job_class" in case.body and random.random() < 0.7:
        case.body["job_class"] = random.choice(list(launchable()))
