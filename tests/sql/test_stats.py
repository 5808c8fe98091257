"""`pgjobs.stats`: each dataclass fits its view, so that no column goes missing unseen."""

from __future__ import annotations

from dataclasses import fields

import pytest

from pgjobs import stats
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

pytestmark = pytest.mark.django_db

VIEWS = {
    stats.QueueRow: "pgjobs_queues",
    stats.WorkerRow: "pgjobs_workers",
    stats.ScheduleRow: "pgjobs_schedules",
    stats.FailureKind: "pgjobs_failures",
    stats.JobRow: "pgjobs_jobs",
    stats.Blocker: "pgjobs_blockers",
}


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
def test_a_dataclass_has_the_columns_of_its_view(kind: type) -> None:
    columns = query(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        VIEWS[kind],
    )

    assert {field.name for field in fields(kind)} == {row["attname"] for row in columns}


def test_the_rows_are_those_of_the_views() -> None:
    job, worker = a_job("failed", error="ValueError: boom"), a_worker(has_session_lock=False)
    a_job(queue_name="low")

    assert [row.queue for row in stats.queues()] == ["low", "default", "high"]
    assert [row.id for row in stats.workers()] == [worker.pk]
    assert [row.id for row in stats.jobs([job.pk, 4711])] == [job.pk]
    assert [row.error for row in stats.failures()] == ["ValueError: boom"]
    assert stats.schedules() == []
    assert [row.reason for row in stats.why(job.pk)] == ["finished"]
