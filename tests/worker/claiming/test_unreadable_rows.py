"""A row with a value that Python can't hold ends as errored and holds up no other row."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pgjobs import events
from pgjobs.models import Job
from pgjobs.rows.columns import WIDE
from tests.apps.testapp.jobs import Noop
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import run_burst_here

MOMENTS = "pgjobs_job_moments_in_range"

DEEP = "[" * 5000 + "]" * 5000
LONG = '{"a": 1e5000}'
# Since 3.12 Python reads JSON of this depth.
UNREADABLE = [LONG] if sys.version_info >= (3, 12) else [LONG, DEEP]


@pytest.fixture(autouse=True)
def quiet(empty_queue: None, no_system_jobs: None) -> None:
    """No system job beside the jobs of a test."""


@pytest.fixture
def unbounded() -> Iterator[None]:
    """The table without its bounds for moments, as an older version made it."""
    (row,) = query(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = %s", MOMENTS
    )
    query(f"ALTER TABLE pgjobs_job DROP CONSTRAINT {MOMENTS}")
    yield
    query("DELETE FROM pgjobs_job")
    query(f"ALTER TABLE pgjobs_job ADD CONSTRAINT {MOMENTS} {row['text']}")


def run_beside(odd: Job) -> Job:
    """Return the odd job after a worker has run it between other jobs."""
    Noop.enqueue_many({} for _ in range(5))
    run_burst_here("-c", "2")
    others = Job.objects.filter(name="Noop")
    assert set(others.values_list("status", "interruptions")) == {("completed", 0)}
    return Job.objects.defer("created", "scheduled", *WIDE).get(pk=odd.pk)


@pytest.mark.parametrize("column", ["args", "kwargs", "data", "meta"])
@pytest.mark.parametrize("value", UNREADABLE)
def test_a_job_with_json_that_python_cannot_read_is_errored(
    told: ToldSoFar, column: str, value: str
) -> None:
    Noop.enqueue_many({} for _ in range(5))
    odd = a_job(name="odd")
    query(f"UPDATE pgjobs_job SET {column} = %s WHERE id = %s", value, odd.pk)
    job = run_beside(odd)
    assert (job.status, job.interruptions, job.epoch) == ("errored", 0, 1)
    assert f"can't be read. {column}: " in job.error
    assert len(told(events.JobUnreadable, job=odd.pk)) == 1
    assert told(events.DatabaseAway) == []


@pytest.mark.parametrize("column", ["created", "scheduled"])
@pytest.mark.parametrize("value", ["infinity", "-infinity", "12000-01-01", "0044-03-15 BC"])
def test_a_job_with_a_moment_that_python_cannot_read_is_errored(
    unbounded: None, column: str, value: str
) -> None:
    odd = a_job(name="odd")
    query(f"UPDATE pgjobs_job SET {column} = %s WHERE id = %s", value, odd.pk)
    job = run_beside(odd)
    assert (job.status, job.interruptions) == ("errored", 0)
    assert f"can't be read. {column}: " in job.error
