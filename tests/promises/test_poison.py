"""Jobs that kill their process: each is given up, and the innocent jobs complete."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.models.functions import Now

from pgjobs import BackgroundJob, events
from pgjobs.exceptions import WorkerLost
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from tests.apps.testapp.jobs import Held, Tracing
from tests.apps.unruly.jobs import EatsAllMemory, Exits, IsNotRepeated, Segfaults
from tests.support import traces
from tests.support.elsewhere import elsewhere
from tests.support.engine import a_pool
from tests.support.environment import Environment, with_settings
from tests.support.eventually import GIVEN_UP, eventually
from tests.support.job_status import has_status, until_status
from tests.support.worker_process import supervised_unruly_worker


@pytest.mark.parametrize("job_class", [Exits, Segfaults])
def test_a_job_that_kills_its_process_is_given_up_and_its_neighbours_complete(
    child_environment: Environment, job_class: type[BackgroundJob]
) -> None:
    beside = Held.enqueue()
    with supervised_unruly_worker(child_environment, "-c", "3", MAX_INTERRUPTIONS=2):
        traces.until("started")
        poison = job_class.enqueue(max_attempts=10)
        behind = [Tracing.enqueue() for _ in range(5)]
        eventually(lambda: has_status(poison, "errored") or _let_go(), timeout=GIVEN_UP)
        traces.release()
        for innocent in (beside, *behind):
            until_status(innocent, "completed", timeout=GIVEN_UP)
    poison.refresh_from_db()
    assert (poison.interruptions, poison.epoch) == (2, 2)
    assert "lost its worker 2 times" in poison.error
    assert not Job.objects.exclude(pk=poison.pk).exclude(attempt=1, errors=[]).exists()


def _let_go() -> bool:
    """Release a held job that runs alone as its last chance: otherwise the other suspect waits for
    it."""
    if Job.objects.filter(status="running", interruptions__gt=0).exists():
        traces.release()
    return False


def test_a_last_chance_starts_once_the_outcome_of_the_one_before_is_stored(
    child_environment: Environment,
) -> None:
    first = Held.enqueue()
    Job.objects.update(interruptions=2)
    with supervised_unruly_worker(child_environment, "-c", "2") as worker:
        traces.until("started")
        with transaction.atomic():
            second = Tracing.enqueue()
            Job.objects.filter(pk=second.pk).update(interruptions=2)
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=first.pk)
            elsewhere(traces.release).result(5)
            worker.until_told(events.OutcomeLocked, job=first.pk)
            assert traces.count("ran") == 0
        until_status(second, "completed")
    first.refresh_from_db()
    assert (first.status, first.interruptions) == ("completed", 2)


def test_a_job_that_must_not_be_repeated_is_errored_when_its_worker_dies(
    child_environment: Environment,
) -> None:
    job = IsNotRepeated.enqueue(interval=60, max_attempts=10)
    with supervised_unruly_worker(child_environment):
        until_status(job, "errored", timeout=GIVEN_UP)
        after = Tracing.enqueue()
        until_status(after, "completed")
    job.refresh_from_db()
    assert (job.epoch, job.interruptions) == (1, 1)
    assert "lost its worker" in job.error
    assert "must not be repeated" in job.error
    assert traces.count("began") == 1
    assert Job.objects.get(status="scheduled").interval == 60


def test_a_job_that_runs_out_of_memory_is_errored_and_its_worker_lives(
    child_environment: Environment,
) -> None:
    job = EatsAllMemory.enqueue()
    after = Tracing.enqueue()
    with supervised_unruly_worker(child_environment, "-c", "1", "--burst") as worker:
        assert worker.wait() == 0
    job.refresh_from_db()
    assert (job.status, job.error) == ("errored", "MemoryError()")
    assert has_status(after, "completed")
    assert job.worker_id == Job.objects.get(pk=after.pk).worker_id


@pytest.mark.parametrize(
    ("interruptions", "is_last_chance"), [(0, False), (1, False), (2, True), (3, True)]
)
def test_a_job_one_interruption_before_the_limit_is_on_its_last_chance(
    interruptions: int, is_last_chance: bool
) -> None:
    assert Job(interruptions=interruptions).is_last_chance is is_last_chance


def test_a_last_chance_that_completes_leaves_the_interruptions_unchanged(
    child_environment: Environment,
) -> None:
    job = Tracing.enqueue()
    Job.objects.filter(pk=job.pk).update(interruptions=2)
    with supervised_unruly_worker(with_settings(child_environment), "--burst") as worker:
        assert worker.wait() == 0
    job.refresh_from_db()
    assert (job.status, job.interruptions) == ("completed", 2)


@pytest.mark.usefixtures("empty_queue")
def test_a_last_chance_that_is_told_to_end_before_it_starts_is_released() -> None:
    job = Tracing.enqueue()
    held = Job.objects.filter(pk=job.pk)
    held.update(status="running", started=Now(), epoch=1, interruptions=2)
    job.refresh_from_db()
    outcomes: list[Outcome | None] = []
    pool = a_pool(outcomes)
    with transaction.atomic():
        held.select_for_update().get()
        pool.submit([job])
        pool.start()
        eventually(lambda: pool.running(longer_than=0.5))
        pool.request_stop(job, WorkerLost("The worker can't reach the database."))
        eventually(lambda: pool.in_hand == 0)
    assert outcomes == [Outcome.released(job.pk, 1)]
    assert pool.slots[0].thread.is_alive()
    pool.stop(10)
