"""Jobs of a dead worker whose class the rescuer does not know, such as during a deploy."""

from __future__ import annotations

import pytest

from pgjobs.models import RegistryEntry
from tests.apps.unruly.jobs import IsNotRepeated
from tests.support.environment import Environment, with_apps
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.worker_process import run_burst, run_burst_here

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("empty_queue"),
]

ELSEWHERE = "elsewhere.jobs.Charge"


def lost_job(job_class: str = ELSEWHERE) -> int:
    """Insert a job of a dead worker, in a queue that no worker here serves; return its id."""
    job = a_job(
        "running", job_class=job_class, queue_name="other", worker=a_worker(), epoch=1, attempt=1
    )
    return int(job.pk)


def row_of(job: int) -> tuple[str, str]:
    (row,) = query("SELECT status, error FROM pgjobs_job WHERE id = %s", job)
    return row["status"], row["error"]


@pytest.mark.parametrize(
    ("on_interrupt", "status", "words"),
    [("error", "errored", "must not be repeated"), ("requeue", "pending", "")],
)
def test_such_a_job_is_repeated_only_if_its_class_allows_it(
    on_interrupt: str, status: str, words: str
) -> None:
    RegistryEntry.objects.create(
        kind="job_class", name=ELSEWHERE, options={"on_interrupt": on_interrupt}
    )
    job = lost_job()
    run_burst_here()
    found, error = row_of(job)
    assert found == status
    assert words in error


def test_such_a_job_is_rescued_if_no_worker_has_told_of_its_class() -> None:
    job = lost_job()
    run_burst_here()
    assert row_of(job) == ("pending", "")


def test_such_a_job_is_rescued_beside_a_schema_without_the_table() -> None:
    job = lost_job()
    query("ALTER TABLE pgjobs_registry RENAME TO pgjobs_registry_away")
    try:
        run_burst_here()
    finally:
        query("ALTER TABLE pgjobs_registry_away RENAME TO pgjobs_registry")
    assert row_of(job) == ("pending", "")


def test_a_worker_tells_which_of_its_classes_must_not_be_repeated(
    child_environment: Environment,
) -> None:
    run_burst(with_apps(child_environment, "unruly"))
    told = RegistryEntry.objects.get(kind="job_class", name=IsNotRepeated.path)
    assert told.options["on_interrupt"] == "error"
