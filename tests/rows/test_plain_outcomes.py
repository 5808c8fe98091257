"""Jobs that completed and have no successor are recorded by a statement of their own."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record, record_any, record_plain
from tests.apps.testapp.jobs import Noop
from tests.support.rows import a_worker
from tests.support.sql import job_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> int:
    return a_worker().pk


def running(worker: int, **options: Any) -> Job:
    job = Noop.enqueue(**options)
    moment = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        status="running", worker=worker, started=moment, epoch=1, attempt=1
    )
    return Job.objects.get(pk=job.pk)


def completed(job: Job, **details: Any) -> Outcome:
    now = time.monotonic()
    return Outcome(
        job_id=job.pk,
        epoch=job.epoch,
        worker_id=job.worker_id,
        status=JobStatus.COMPLETED,
        began=now - 2,
        ended=now - 1,
        **details,
    )


def written(*outcomes: Outcome) -> list[int]:
    with connection.cursor() as cursor:
        return sorted(record(cursor, outcomes))


@pytest.mark.parametrize(
    "details", [{}, {"result": "[1]"}, {"data": '{"a": 1}'}, {"result": "null", "data": "2"}]
)
def test_a_plain_outcome_leaves_the_row_that_the_general_statement_would_leave(
    worker: int, details: dict[str, Any]
) -> None:
    plain, general = running(worker), running(worker)
    with connection.cursor() as cursor:
        assert record_plain(cursor, [completed(plain, **details)], moments=False)
        assert record_any(cursor, [completed(general, **details)], moments=False)
    rows = [
        job_row(job.pk, without="id position created started completed") for job in (plain, general)
    ]
    assert rows[0] == rows[1]
    durations = [Job.objects.get(pk=job.pk).duration for job in (plain, general)]
    assert durations == ["0 minutes, 1.00 seconds"] * 2


def test_a_batch_of_plain_outcomes_is_written_by_one_statement(worker: int) -> None:
    jobs = [running(worker) for _ in range(3)]
    with CaptureQueriesContext(connection) as statements:
        assert written(*map(completed, jobs)) == [job.pk for job in jobs]
    assert len(statements) == 1


def test_a_recurring_and_a_stale_job_in_a_batch_of_plain_outcomes_end_as_by_themselves(
    worker: int,
) -> None:
    plain, recurring, stale = running(worker), running(worker, interval=60), running(worker)
    Job.objects.filter(pk=stale.pk).update(epoch=2)
    outcomes = list(map(completed, (plain, recurring, stale)))
    assert written(*outcomes) == [plain.pk, recurring.pk]
    assert written(*outcomes) == []
    (successor,) = Job.objects.filter(status="scheduled")
    assert successor.interval == 60
    assert Job.objects.get(pk=stale.pk).status == "running"
