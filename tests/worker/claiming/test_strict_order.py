"""The order in which one worker starts jobs."""

from __future__ import annotations

import pytest
from django.db import transaction

from pgjobs.models import Job
from tests.apps.testapp.jobs import Held, Noop, Tracing
from tests.support import traces
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.worker_process import RunningWorker, run_burst


@pytest.mark.parametrize(
    ("queues", "expected"),
    [
        ((), ["high", "default", "low"]),
        (("low", "default", "high"), ["low", "default", "high"]),
        (("default", "high", "low"), ["default", "high", "low"]),
    ],
)
def test_an_earlier_queue_is_emptied_before_a_later_one(
    child_environment: Environment, queues: tuple[str, ...], expected: list[str]
) -> None:
    for queue in ("low", "high", "default") * 20:
        Tracing.enqueue(queue_name=queue, label=queue)
    run_burst(child_environment, "-c", "1", *queues)
    assert traces.labels() == [queue for queue in expected for _ in range(20)]


def test_an_urgent_job_passes_a_backlog_that_a_worker_has_begun(
    child_environment: Environment,
) -> None:
    Held.enqueue(queue_name="low")
    for _ in range(5):
        Tracing.enqueue(queue_name="low", label="backlog")
    with RunningWorker(child_environment, "-c", "1", "--max-jobs", "7") as worker:
        traces.until("started")
        Tracing.enqueue(queue_name="high", label="urgent")
        traces.release()
        assert worker.wait() == 0
    assert traces.labels() == ["started", "release", "ended", "urgent", *["backlog"] * 5]


def test_jobs_of_one_queue_start_by_priority_before_age(child_environment: Environment) -> None:
    for priority in (0, -5, 10, 0, 10):
        Tracing.enqueue(priority=priority, label=str(priority))
    run_burst(child_environment, "-c", "1")
    assert traces.labels() == ["10", "10", "0", "0", "-5"]


def test_jobs_of_one_priority_start_by_age(child_environment: Environment) -> None:
    Tracing.enqueue_many({"label": str(number)} for number in range(200))
    run_burst(child_environment, "-c", "1")
    assert traces.labels() == [str(number) for number in range(200)]


def test_jobs_of_a_later_queue_start_later_whatever_their_priority(
    child_environment: Environment,
) -> None:
    Tracing.enqueue(queue_name="low", priority=32767, label="low")
    Tracing.enqueue(queue_name="high", priority=-32768, label="high")
    run_burst(child_environment, "-c", "1")
    assert traces.labels() == ["high", "low"]


def test_jobs_claimed_behind_a_long_job_go_to_a_worker_with_a_free_slot(
    child_environment: Environment,
) -> None:
    with RunningWorker(child_environment, "-c", "1").until_started():
        Noop.enqueue_many({} for _ in range(200))  # the worker learns that jobs are short
        eventually(lambda: not Job.objects.exclude(status="completed").exists())
        with transaction.atomic():
            Held.enqueue()
            Tracing.enqueue(label="behind")
        handed_back = Job.objects.filter(status="pending", epoch=1)
        eventually(handed_back.exists)
        with RunningWorker(child_environment, "-c", "1"):
            traces.until("behind", 1)
        assert traces.count("ended") == 0
        traces.release()
