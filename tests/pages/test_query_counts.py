"""Each page asks a fixed number of queries, however many rows there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pgjobs.models import JobLogEntry, JournalEntry, Schedule
from tests.support.moments import ago
from tests.support.pages import EVERYTHING, at
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.sql import query
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db

OF_DJANGO = 4
"""The session, the user, and the permissions of the user and of the groups."""

COUNTS = {
    "overview": 14,
    "queues": 6,
    "queue": 9,
    "workers": 3,
    "worker": 8,
    "schedules": 4,
    "schedule": 9,
    "failures": 2,
    "failure": 6,
    "retry-failures": 7,
    "logs": 5,
    "journal": 4,
    "entry": 1,
}


def fill(number: int) -> dict[str, Any]:
    for each in range(number):
        worker = a_worker(name=f"w{each}", has_session_lock=False)
        for status in ("pending", "scheduled", "completed"):
            a_job(status, queue_name=f"q{each}", worker=worker)
        job = a_job("running", worker=worker)
        a_job("errored", errors=[a_failure(exception=f"e{each}")])
        a_job("errored", errors=[a_failure()])
        schedule = Schedule.objects.create(
            job_class=f"a.B{each}", interval=60, next_run=ago(hours=-1), last_job=job
        )
        JobLogEntry.objects.create(job=job, timestamp=ago(minutes=1), level="info", message="x")
        entry = JournalEntry.objects.create(who="x", surface="admin", verb="retry")
        query(
            "INSERT INTO pgjobs_ends (job_class, queue, outcome, jobs, exception, job_id) "
            "VALUES ('a', 'b', 'errored', 1, %s, %s)",
            f"e{each}",
            job.pk,
        )
    return {
        "queue": "default",
        "worker": worker.pk,
        "schedule": schedule.pk,
        "entry": entry.pk,
    }


@pytest.mark.parametrize("number", [1, 12])
@pytest.mark.parametrize("name", COUNTS)
def test_a_page_asks_so_many_queries(name: str, number: int) -> None:
    rows = fill(number)
    client: Client = signed_in(*EVERYTHING)
    args = [rows[name]] if name in rows else []
    is_kind = name in ("failure", "retry-failures")
    kind = {"class": "tests.apps.testapp.jobs.Noop", "exception": "builtins.ValueError"}
    with CaptureQueriesContext(
        connection,
    ) as asked:
        shown(client, at(name, *args, **(kind if is_kind else {})))
    texts = [each["sql"] for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]]
    assert len(texts) - OF_DJANGO == COUNTS[name], "\n".join(texts)
