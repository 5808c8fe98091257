"""Where PostgreSQL puts the versions of a job's row."""

from __future__ import annotations

import pytest

from pgjobs.worker.claiming.claimer import Claimer
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection
from tests.support.rows import a_worker
from tests.support.sql import query


def pages() -> list[int]:
    """Return the page of each job's row, in the order of the jobs."""
    return [
        row["page"]
        for row in query("SELECT (ctid::text::point)[0]::int AS page FROM pgjobs_job ORDER BY id")
    ]


@pytest.mark.usefixtures("empty_queue")
def test_a_claimed_job_stays_on_its_page_because_half_of_it_was_free(
    open_connection: OpenConnection,
) -> None:
    # A new table, because the free space of old pages is used first.
    query("TRUNCATE pgjobs_job CASCADE")
    Noop.enqueue_many({} for _ in range(500))
    before = pages()
    assert len(set(before)) > 10

    claimed = Claimer(open_connection(), ("default",)).claim(limit=500, worker=a_worker().pk)

    assert len(claimed) == 500
    assert sum(old == new for old, new in zip(before, pages(), strict=True)) > 450
