"""The query of docs/scaling.md, and the refusals of PostgreSQL that the page tells of."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from pgjobs.models import Job
from tests.support.elsewhere import elsewhere
from tests.support.eventually import eventually
from tests.support.markdown import DOCS, block_after
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

PAGE = DOCS / "scaling.md"


@pytest.mark.django_db
def test_the_query_for_keda_counts_the_jobs_that_could_start_and_those_that_run() -> None:
    worker = a_worker()
    for counted in ("pending", "running"):
        a_job(counted, worker=worker if counted == "running" else None)
    a_job("scheduled", scheduled=ago(minutes=1))
    a_job("scheduled")
    a_job("completed")
    a_job(queue_name="other.queue")

    (row,) = query(block_after(PAGE, "keda-query"))

    assert list(row.values()) == [3]
    assert Job.objects.count() == 6


@pytest.fixture
def partitions(empty_queue: None) -> Iterator[None]:
    """A table like that of the jobs, with a partition for each status."""
    query("CREATE TABLE divided (LIKE pgjobs_job) PARTITION BY LIST (status)")
    for status in ("pending", "running", "completed"):
        query(f"CREATE TABLE divided_{status} PARTITION OF divided FOR VALUES IN ('{status}')")
    yield
    query("DROP TABLE divided")


@pytest.mark.usefixtures("partitions")
@pytest.mark.parametrize("columns", ["id", "once_key"])
def test_a_table_in_partitions_by_status_has_no_unique_index_without_the_status(
    columns: str,
) -> None:
    with pytest.raises(Exception, match="must include all partitioning columns"):
        query(f"CREATE UNIQUE INDEX ON divided ({columns})")


@pytest.mark.usefixtures("partitions")
def test_a_rival_of_a_row_that_moves_to_another_partition_gets_the_error_of_the_page() -> None:
    job = a_job("running", worker=a_worker())
    query("INSERT INTO divided SELECT * FROM pgjobs_job")
    message = "tuple to be locked was already moved to another partition due to concurrent update"
    assert message in PAGE.read_text()

    def rival() -> None:
        query("UPDATE divided SET args = '[1]' WHERE id = %s", job.pk)

    with psycopg.connect(**connection.get_connection_params()) as mover:
        mover.execute("UPDATE divided SET status = 'completed' WHERE id = %s", [job.pk])
        waiting = elsewhere(rival)
        waits_for_it = (
            "SELECT pid FROM pg_locks WHERE NOT granted AND %s = ANY (pg_blocking_pids(pid))"
        )
        eventually(lambda: query(waits_for_it, mover.info.backend_pid))
        mover.commit()
        with pytest.raises(Exception, match=message):
            waiting.result(20)
