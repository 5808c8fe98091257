"""Jobs that spoil the session of the test in which they run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection

from pgjobs import BackgroundJob
from pgjobs.testing import run_job, run_jobs

pytestmark = pytest.mark.django_db


class Ends(BackgroundJob):
    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


class Closes(BackgroundJob):
    def run(self) -> None:
        connection.close()


class Leads(BackgroundJob):
    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = pg_catalog")


def enqueue_and_run(job_class: type[BackgroundJob]) -> None:
    job_class.enqueue()
    run_jobs(raising=False)


@pytest.mark.parametrize("job_class", [Ends, Closes, Leads])
@pytest.mark.parametrize("run", [run_job, enqueue_and_run])
def test_the_error_says_what_the_job_may_have_done(
    run: Callable[[type[BackgroundJob]], None], job_class: type[BackgroundJob]
) -> None:
    with pytest.raises(DatabaseError) as caught:
        run(job_class)

    (note,) = caught.value.__notes__
    assert f"of {job_class.path} could not be written" in note
    assert "live_worker()" in note
