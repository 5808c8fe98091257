"""``current_job()``: functions, tasks and helpers reach the log and the progress of their job."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest
from asgiref.sync import sync_to_async

import pgjobs
from pgjobs import BackgroundJob, JobFailed, current_job, job_start
from pgjobs.models import Job
from pgjobs.tasks import task
from pgjobs.tasks.framework import AnyContext, task_finished
from tests.apps.isolated.jobs import reports_from_its_process
from tests.support.environment import Environment, with_apps
from tests.support.worker_process import run_burst, run_burst_here


def report(step: int, total: int = 2) -> str:
    """Be a helper that knows nothing of the job it works for."""
    job = current_job()
    if job is None:
        return "no job"
    job.logger.warning("step %d", step)
    job.progress(step, total, f"step {step}")
    return f"{job.job.pk} {job.job.attempt}"


@pgjobs.job
def function() -> str:
    report(1)
    return report(2)


@pgjobs.job
async def coroutine() -> str:
    report(1)
    await asyncio.sleep(0)
    return report(2)


@pgjobs.job
async def calls_of_threads() -> str:
    await sync_to_async(report)(1)
    return await asyncio.to_thread(report, 2)


@pgjobs.job
async def tasks_of_the_loop() -> str:
    await asyncio.gather(asyncio.create_task(asyncio.sleep(0)))
    report(1)
    return await asyncio.create_task(_report_later(2))


async def _report_later(step: int) -> str:
    await asyncio.sleep(0)
    return report(step)


@task
def a_task() -> str:
    report(1)
    return report(2)


@task(takes_context=True)
async def a_task_with_context(context: AnyContext) -> str:
    report(context.attempt)
    await asyncio.sleep(0)
    assert context.task_result.id == report(2).split()[0]
    return report(2)


class AClass(BackgroundJob):
    def run(self) -> str:
        report(1)
        return report(2)


KINDS: dict[str, Any] = {
    "function": function.enqueue,
    "coroutine": coroutine.enqueue,
    "calls of threads": calls_of_threads.enqueue,
    "tasks of the loop": tasks_of_the_loop.enqueue,
    "task": lambda: Job.objects.get(pk=a_task.enqueue().id),
    "task with context": lambda: Job.objects.get(pk=a_task_with_context.enqueue().id),
    "class": AClass.enqueue,
}


def holds_the_reports(job: Job) -> None:
    job.refresh_from_db()
    assert job.status == "completed", job.errors
    assert job.result == f"{job.pk} 1"
    lines = [(line.level, line.message, line.attempt) for line in job.log_entries.all()]
    assert lines[0] == ("warning", "step 1", 1)
    assert lines[-1] == ("warning", "step 2", 1)
    assert job.progress == {"done": 2, "total": 2, "message": "step 2"}


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_worker_reports_through_its_helper(empty_queue: None) -> None:
    jobs = [enqueue() for enqueue in KINDS.values()]

    run_burst_here("-c", "2")

    for job in jobs:
        holds_the_reports(job)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_a_job_that_runs_here_reports_through_its_helper(kind: str) -> None:
    job = KINDS[kind]()

    job.run_here()

    holds_the_reports(job)
    assert current_job() is None


def test_an_isolated_job_reports_from_its_process(child_environment: Environment) -> None:
    job = reports_from_its_process.delay()

    output = run_burst(with_apps(child_environment, "isolated", "unruly"))

    job.refresh_from_db()
    assert job.status == "completed", output
    assert [line.message for line in job.log_entries.all()] == ["in a process"]
    assert job.progress == {"done": 1, "total": None, "message": "half"}


def test_outside_a_job_there_is_none() -> None:
    assert current_job() is None
    assert function() == "no job"


@pgjobs.job
def raises() -> None:
    report(1)
    raise JobFailed("It can't be done.")


@pytest.mark.django_db
def test_the_lines_of_a_job_that_failed_are_stored() -> None:
    job = raises.enqueue(immediate=True)

    assert job.log_entries.values_list("message", flat=True)[0] == "step 1"
    assert current_job() is None


@pgjobs.job
def runs_another() -> list[Any]:
    before = report(1)
    inner = function.enqueue(immediate=True)
    return [before, inner.pk, inner.result, report(2)]


@pytest.mark.django_db
def test_a_job_is_the_current_one_again_after_a_job_inside_it() -> None:
    job = runs_another.enqueue(immediate=True)

    before, inner, of_inner, after = job.result
    assert before == after == f"{job.pk} 1"
    assert of_inner == f"{inner} 1" != before


MAY_LOOK = threading.Event()
LEFT_BEHIND: list[threading.Thread] = []
FOUND: list[Any] = []


@pgjobs.job
def leaves_a_thread_behind() -> None:
    def look() -> None:
        assert MAY_LOOK.wait(120)
        FOUND.append(current_job())

    LEFT_BEHIND.append(threading.Thread(target=copy_context().run, args=(look,), daemon=True))
    LEFT_BEHIND[0].start()


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_outlives_its_job_has_no_current_one(empty_queue: None) -> None:
    leaves_a_thread_behind.delay()
    following = function.delay()

    run_burst_here("-c", "1")
    MAY_LOOK.set()
    LEFT_BEHIND[0].join(120)

    holds_the_reports(following)
    assert FOUND == [None]


@pytest.fixture
def seen() -> Iterator[dict[str, Any]]:
    seen: dict[str, Any] = {}

    def at_start(sender: Any, **_: Any) -> None:
        found = current_job()
        seen["start"] = found and found.job

    def at_finish(**_: Any) -> None:
        seen["finish"] = current_job()

    job_start.connect(at_start)
    task_finished.connect(at_finish)
    yield seen
    job_start.disconnect(at_start)
    task_finished.disconnect(at_finish)


@pytest.mark.django_db(transaction=True)
def test_a_job_is_current_from_its_start_until_its_end(seen: dict[str, Any]) -> None:
    key = a_task.enqueue().id

    Job.objects.get(pk=key).run_here()

    assert seen == {"start": Job.objects.get(pk=key), "finish": None}


@pytest.mark.django_db
def test_the_lines_go_to_the_logger_of_the_function_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pgjobs.jobs.function"):
        function.enqueue(immediate=True)

    assert ("pgjobs.jobs.function", logging.WARNING, "step 1") in caplog.record_tuples


@pgjobs.job
def wrong_progress() -> None:
    job = current_job()
    assert job is not None
    job.progress(float("nan"))


@pytest.mark.django_db
def test_a_progress_that_is_no_number_is_refused_where_it_is_given() -> None:
    job = wrong_progress.enqueue(immediate=True)

    assert "progress can't be nan" in job.error
