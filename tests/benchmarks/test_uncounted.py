"""The benchmark's variant without statistics leaves out the count, and nothing else."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from benchmarks import uncounted
from pgjobs import stats
from pgjobs.choices import JobStatus
from pgjobs.rows import record
from pgjobs.rows.outcome import Outcome
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_counted")]


def test_an_uncounted_job_completes_as_any_other_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_PLAIN_IDS", record._PLAIN_IDS)
    job = a_job("running", epoch=1)
    now = time.monotonic()
    outcome = Outcome(
        job_id=job.pk, epoch=1, status=JobStatus.COMPLETED, began=now - 2, ended=now - 1
    )
    with uncounted.workers(), connection.cursor() as cursor:
        uncounted.obey()
        accepted = record.record(cursor, [outcome])

    job.refresh_from_db()
    assert (list(accepted), job.status) == ([job.pk], "completed")
    assert stats.totals() == []
    query("UPDATE pgjobs_job SET status = 'running', completed = NULL")
    query("UPDATE pgjobs_job SET status = 'completed', completed = now()")
    assert [row.jobs for row in stats.totals()] == [1]


def test_a_process_of_counted_jobs_keeps_its_statement() -> None:
    before = record._PLAIN_IDS

    uncounted.obey()

    assert before == record._PLAIN_IDS
