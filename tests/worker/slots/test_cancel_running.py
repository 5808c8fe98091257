"""Ending a running job: it is told within about a second, however its end was requested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgjobs import BackgroundJob
from pgjobs.models import Job
from tests.apps.testapp.jobs import Held, HeldCoroutine, Noop, Tracing
from tests.apps.unruly.jobs import WaitsForPostgres
from tests.support import traces
from tests.support.environment import Environment
from tests.support.eventually import SOON, eventually
from tests.support.job_status import until_status
from tests.support.sql import query
from tests.support.worker_process import unruly_worker


def cancel(job: Job) -> None:
    assert job.cancel()


def cancel_in_sql(job: Job) -> None:
    query("UPDATE pgjobs_job SET cancel_requested = now() WHERE id = %s", job.pk)


def cancel_all(job: Job) -> None:
    assert Job.objects.all().cancel() == 1


def until_running(*jobs: Job) -> None:
    started = Job.objects.filter(pk__in=[job.pk for job in jobs], status="running")
    eventually(lambda: started.count() == len(jobs), timeout=30)


def until_cancelled(job: Job) -> None:
    until_status(job, "cancelled", timeout=SOON)
    job.refresh_from_db()


@pytest.mark.parametrize("job_class", [Held, HeldCoroutine, WaitsForPostgres])
def test_a_running_job_is_cancelled_and_its_process_goes_on(
    child_environment: Environment, job_class: type[BackgroundJob]
) -> None:
    job = job_class.enqueue()
    with unruly_worker(child_environment, "-c", "1") as worker:
        until_running(job)
        cancel(job)
        until_cancelled(job)
        after = Tracing.enqueue()
        until_status(after, "completed")
        assert worker.process.poll() is None
    assert (job.attempt, job.error, job.errors) == (1, "", [])
    assert job.log_entries.get().message == "The job was cancelled."


@pytest.mark.parametrize("ask", [cancel_in_sql, cancel_all])
def test_a_running_job_is_cancelled_whoever_asks(
    child_environment: Environment, ask: Callable[[Job], None]
) -> None:
    job = Held.enqueue(max_attempts=5)
    with unruly_worker(child_environment):
        until_running(job)
        ask(job)
        until_cancelled(job)
    assert Job.objects.count() == 1


def test_several_jobs_are_cancelled_whether_they_wait_or_run(
    child_environment: Environment,
) -> None:
    running = [Held.enqueue(), Held.enqueue()]
    with unruly_worker(child_environment, "-c", "2"):
        until_running(*running)
        waiting, spared = Noop.enqueue(), Noop.enqueue()
        assert Job.objects.exclude(pk=spared.pk).cancel() == 3
        waiting.refresh_from_db()
        assert waiting.status == "cancelled"
        for job in running:
            until_cancelled(job)
        until_status(spared, "completed")


def test_a_running_job_that_is_deleted_ends_and_frees_its_slot(
    child_environment: Environment,
) -> None:
    job = Held.enqueue(interval=60)
    with unruly_worker(child_environment, "-c", "1") as worker:
        until_running(job)
        job.delete()
        after = Tracing.enqueue()
        until_status(after, "completed", timeout=SOON)
        assert worker.stop() == 0
    assert list(Job.objects.all()) == [after]
    assert traces.labels() == ["started", "ran"]


def test_a_running_recurring_job_that_is_cancelled_ends_its_chain(
    child_environment: Environment,
) -> None:
    job = Held.enqueue(interval=60)
    with unruly_worker(child_environment):
        until_running(job)
        cancel(job)
        until_cancelled(job)
    assert not Job.objects.live().exists()


def test_a_running_recurring_job_cancelled_with_keep_schedule_has_a_successor(
    child_environment: Environment,
) -> None:
    job = Held.enqueue(interval=60)
    with unruly_worker(child_environment):
        until_running(job)
        assert job.cancel(keep_schedule=True)
        until_cancelled(job)
    successor = Job.objects.live().get()
    assert (successor.status, successor.interval) == ("scheduled", 60)
    assert successor.cancel_requested is None
