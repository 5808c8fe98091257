"""/health answers probes as ``manage.py pgjobs health`` does, in JSON."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.metrics.conftest import TOKEN
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker

pytestmark = pytest.mark.django_db


def health(query: str = "") -> tuple[int, Any]:
    response = Client().get(f"/jobs/health{query}", headers={"authorization": f"Bearer {TOKEN}"})
    return response.status_code, response.json()


def test_jobs_that_a_worker_serves_are_healthy() -> None:
    a_worker(has_session_lock=False)
    a_job()

    assert health() == (200, {"healthy": True, "faults": []})


def test_a_queue_without_a_worker_is_a_fault() -> None:
    a_job()

    assert health() == (
        503,
        {"healthy": False, "faults": ["No living worker serves the queue default."]},
    )


def test_the_parameters_name_queues_that_need_a_worker_and_the_longest_wait() -> None:
    a_worker(has_session_lock=False, queues=["default"])
    a_job(created=ago(minutes=5))

    assert health("?queue=default&max_wait=600")[0] == 200
    assert health("?queue=low")[1]["faults"] == ["No living worker serves the queue low."]
    (fault,) = health("?max_wait=60")[1]["faults"]
    assert fault.startswith("A job of the queue default has waited for 5 min")


@pytest.mark.parametrize("wait", ["", "15m", "-1", "1e3", "٣", "1000001", "9" * 5000])
def test_a_longest_wait_that_is_no_number_of_seconds_is_refused(wait: str) -> None:
    assert health(f"?max_wait={wait}") == (
        400,
        {"error": "max_wait must be a whole number of seconds up to 1000000."},
    )


def test_a_database_that_is_away_is_a_fault(database_away: None) -> None:
    status, body = health()

    assert status == 503
    assert body["faults"][0].startswith("The jobs can't be read: ")
