"""Pausing queues and job classes: in all workers, within a second, until resumed."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from pgjobs.models import Job, Pause, WorkerProcess
from tests.apps.testapp.jobs import Held, Noop, Tracing
from tests.support import traces
from tests.support.elsewhere import elsewhere
from tests.support.environment import Environment, with_settings
from tests.support.eventually import SOON, eventually
from tests.support.job_status import status_of, until_status
from tests.support.sql import idle_workers, transactions
from tests.support.worker_process import RunningWorker, run_burst_here, until_next_beat


def says(command: str, *arguments: str) -> list[str]:
    output = StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue().splitlines()


def pause_queue() -> None:
    assert Pause.objects.pause(queue="default")


def pause_class() -> None:
    assert Pause.objects.pause(job_class=Tracing)


def until_seen() -> None:
    """Wait until a worker has looked again: a job that it may take has run."""
    marker = Noop.enqueue(queue_name="high")
    until_status(marker, "completed")


@pytest.mark.parametrize("pause", [pause_queue, pause_class])
def test_a_running_worker_stops_claiming_and_goes_on_when_resumed(
    child_environment: Environment, pause: Callable[[], None]
) -> None:
    with RunningWorker(child_environment):
        Tracing.enqueue(label="before")
        traces.until("before")
        pause()
        # An idle worker looks at least every second or so; these jobs make it look, and count the
        # looks.
        eventually(idle_workers)
        for _ in range(3):
            until_seen()
        held_back = Tracing.enqueue(label="held back")
        for _ in range(3):
            until_seen()
        held_back.refresh_from_db()
        assert held_back.status == "pending"
        Pause.objects.all().delete()
        traces.until("held back", timeout=SOON)


def test_a_running_job_goes_on_through_a_pause(child_environment: Environment) -> None:
    job = Held.enqueue()
    with RunningWorker(child_environment):
        traces.until("started")
        pause_queue()
        traces.release()
        until_status(job, "completed")


@pytest.mark.usefixtures("empty_queue")
def test_a_pause_outlives_a_worker_and_other_jobs_are_served() -> None:
    Pause.objects.pause(queue="high")
    Pause.objects.pause(job_class=Noop)
    paused = [Tracing.enqueue(queue_name="high"), Noop.enqueue()]
    served = Tracing.enqueue(queue_name="low")

    run_burst_here()

    assert set(Job.objects.filter(status="pending")) == set(paused)
    assert Job.objects.get(status="completed") == served
    Pause.objects.all().delete()
    run_burst_here()
    assert Job.objects.filter(status="completed").count() == 3


@pytest.mark.usefixtures("empty_queue")
def test_a_job_behind_paused_ones_is_claimed() -> None:
    Pause.objects.pause(job_class=Noop)
    Noop.enqueue_many({} for _ in range(50))
    behind = Tracing.enqueue()

    run_burst_here()

    assert Job.objects.get(status="completed") == behind


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ({"queue": "nowhere"}, "queue_name 'nowhere' is not a queue"),
        ({"job_class": "no.such.Class"}, "'no.such.Class' is not a registered job class"),
        ({"job_class": str}, "is not a registered job class"),
        ({}, "Name either a queue or a job class"),
        ({"queue": "high", "job_class": Noop}, "Name either a queue or a job class"),
    ],
)
@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.django_db
def test_a_pause_of_an_unknown_queue_or_class_is_refused(
    verb: str, name: dict[str, Any], why: str
) -> None:
    with pytest.raises((LookupError, TypeError), match=why):
        getattr(Pause.objects, verb)(**name)
    assert not Pause.objects.exists()


# The commands ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_commands_name_each_queue_and_class_with_its_new_state() -> None:
    assert says("pgjobs_pause", "high", "low") == ["high paused", "low paused"]
    assert says("pgjobs_pause", "high", "--job-class", Noop.path) == [
        "high was paused already",
        f"{Noop.path} paused",
    ]
    assert says("pgjobs_resume", "high", "default") == ["high resumed", "default was not paused"]
    assert says("pgjobs_resume", "--job-class", Noop.path) == [f"{Noop.path} resumed"]
    assert [pause.name for pause in Pause.objects.all()] == ["low"]


@pytest.mark.parametrize("command", ["pgjobs_pause", "pgjobs_resume"])
@pytest.mark.parametrize(
    ("arguments", "why", "code"),
    [
        ([], "Name a queue", 2),
        (["nowhere"], "'nowhere' is not a queue", 1),
        (["--job-class", "no.such.Class"], "not a registered job class", 1),
    ],
)
@pytest.mark.django_db
def test_the_commands_refuse_an_unknown_queue_or_class_with_an_exit_code(
    command: str, arguments: list[str], why: str, code: int
) -> None:
    with pytest.raises(CommandError, match=why) as refused:
        call_command(command, *arguments)
    assert refused.value.returncode == code


# Not spinning ------------------------------------------------------------------------------


def spent_until_two_beats() -> int:
    """Return the number of transactions that the database has seen while its worker beat twice."""
    before = elsewhere(transactions).result(5)
    for _ in range(2):
        until_next_beat(WorkerProcess.objects.get(stopped=None))
    return elsewhere(transactions).result(5) - before


def test_a_worker_whose_next_job_is_paused_does_not_spin(child_environment: Environment) -> None:
    with RunningWorker(with_settings(child_environment, HEARTBEAT_INTERVAL=2)).until_started():
        pause_class()
        Tracing.enqueue()
        with transaction.atomic():
            assert spent_until_two_beats() < 200


def test_a_worker_whose_next_job_is_locked_when_resumed_does_not_spin(
    child_environment: Environment,
) -> None:
    pause_class()
    job = Tracing.enqueue()
    with RunningWorker(with_settings(child_environment, HEARTBEAT_INTERVAL=2)).until_started():
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=job.pk)
            elsewhere(Pause.objects.all().delete).result(5)
            assert spent_until_two_beats() < 200
            assert status_of(job) == "pending"
        traces.until("ran", timeout=SOON)


@pytest.mark.usefixtures("empty_queue")
def test_two_who_pause_and_resume_the_same_queue_see_no_error() -> None:
    def again_and_again() -> None:
        for _ in range(300):
            Pause.objects.pause(queue="default")
            Pause.objects.resume(queue="default")

    others = [elsewhere(again_and_again) for _ in range(2)]
    for other in others:
        other.result(60)


@pytest.mark.usefixtures("empty_queue")
def test_a_second_pause_of_the_same_says_so() -> None:
    assert Pause.objects.pause(queue="default")
    assert not Pause.objects.pause(queue="default")
    assert Pause.objects.resume(queue="default")
    assert Pause.objects.pause(queue="default")
