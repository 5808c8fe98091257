"""A site under ASGI: views enqueue and wait in the event loop, and the pages answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.conf import settings

from tests.apps.testapp.jobs import Noop
from tests.support import traces
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.pages import EVERYTHING, at
from tests.support.served_site import served_by_asgi
from tests.support.sessions import backends
from tests.support.staff import signed_in
from tests.support.whole_project import with_variant
from tests.support.worker_process import NEVER_POLLS, RunningWorker

DATABASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "pool": {"options": {"pool": True}},
    "CONN_MAX_AGE": {"database": {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}},
}


@pytest.fixture(params=DATABASES)
def environment(request: pytest.FixtureRequest, child_environment: Environment) -> Environment:
    variant = DATABASES[request.param]
    changed = {"ROOT_URLCONF": "tests.support.async_views", "ALLOWED_HOSTS": ["127.0.0.1"]}
    return with_variant(child_environment, **variant, settings=changed)


@pytest.fixture
def site(environment: Environment) -> Iterator[str]:
    with served_by_asgi(environment, "tests.support.asgi_application:application") as address:
        yield address


def get(address: str, cookie: str = "") -> str:
    with urlopen(Request(address, headers={"Cookie": cookie}), timeout=90) as response:
        return str(response.read().decode())


def test_views_enqueue_and_wait_at_the_same_time(site: str, environment: Environment) -> None:
    labels = [f"request-{n}" for n in range(12)]
    with RunningWorker({**environment, "PGJOBS": json.dumps(NEVER_POLLS)}, "-c", "2") as worker:
        worker.until_started()
        with ThreadPoolExecutor(len(labels)) as visitors:
            answers = list(visitors.map(lambda each: get(f"{site}/run/{each}/"), labels))
        assert [json.loads(each)["status"] for each in answers] == ["completed"] * len(labels)
        assert sorted(traces.labels()) == sorted(labels)
        eventually(lambda: not backends("pgjobs wait"))

        (first, *others) = json.loads(get(f"{site}/once/"))["ids"]
        assert set(others) == {first}
        assert json.loads(get(f"{site}/here/")) == {"result": "awaited"}


def test_the_pages_answer_and_are_fetched_again(site: str) -> None:
    client = signed_in(*EVERYTHING)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
    job = Noop.enqueue()

    with ThreadPoolExecutor(8) as visitors:
        for _ in range(2):
            addresses = [at(name) for name in ("overview", "queues", "workers", "schedules")]
            addresses += ["/jobs/jobs/", f"/jobs/jobs/{job.pk}/"]
            pages = visitors.map(lambda path: get(f"{site}{path}", cookie), addresses)
            assert all("pgj-live" in page for page in pages)
