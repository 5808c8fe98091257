"""``manage.py pgjobs``: the verbs that steer system jobs and order workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from pgjobs import BackgroundJob
from pgjobs.clock.synchronizing import synchronize
from pgjobs.models import Job, Schedule, WorkerOrder
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_system_jobs")]

Run = Callable[..., Any]


class Tidies(BackgroundJob):
    class Meta:
        editable_schedule = True

    def run(self) -> None: ...


@pytest.fixture(autouse=True)
def system_jobs(no_system_jobs: None) -> None:
    Noop.setup(interval=60)
    Tidies.setup(cron="15 3 * * *")
    synchronize()


# Schedules -------------------------------------------------------------------------------


def test_a_system_job_is_run_now_by_the_end_of_its_path(pgjobs: Run) -> None:
    first = pgjobs("run-schedule", "Tidies")
    job = Job.objects.get()
    assert first == (0, f"{Tidies.path}: job {job.pk} enqueued\n", "")

    again = pgjobs("run-schedule", "Tidies")
    assert again == (1, f"{Tidies.path}: job {job.pk} is pending already\n", "")
    assert pgjobs("run-schedule", "Tidies", "--json").json == [
        {"schedule": Tidies.path, "job": job.pk, "status": "pending", "new": False}
    ]


def test_system_jobs_are_switched_off_and_on(pgjobs: Run) -> None:
    assert pgjobs("switch-off", "Tidies", "Noop").out == (
        f"{Tidies.path} switched off\n{Noop.path} switched off\n"
    )
    assert pgjobs("switch-off", "Noop").out == f"{Noop.path} was switched off already\n"
    assert Schedule.objects.exclude(switched_off=None).count() == 2
    assert pgjobs("health").code == 0, "no clock is needed"
    assert pgjobs("schedules").code == 0

    assert pgjobs("switch-on", "Tidies").out == f"{Tidies.path} switched on\n"
    assert pgjobs("switch-on", "Tidies", "--json").json == [
        {"schedule": Tidies.path, "changed": False}
    ]


def test_a_rule_is_edited_and_taken_back(pgjobs: Run) -> None:
    ran = pgjobs("edit-schedule", "Tidies", "--interval", 90)
    assert ran.out.startswith(f"{Tidies.path}: every 90 minutes, next ")
    assert pgjobs("edit-schedule", "Tidies", "--cron", "0 4 * * *", "--json").json["edited"]

    ran = pgjobs("edit-schedule", "Tidies", "--by-code")
    assert ran.out.startswith(f"{Tidies.path}: cron 15 3 * * *, next ")
    pgjobs("switch-off", "Tidies")
    ran = pgjobs("edit-schedule", "Tidies", "--interval", 60)
    assert ran.out == f"{Tidies.path}: every hour, switched off\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run-schedule", "Nothing"], "There is no system job 'Nothing'. There are: "),
        (["switch-off", "Noop", "Nothing"], "There is no system job 'Nothing'."),
        (["edit-schedule", "Noop", "--interval", "5"], "its Meta does not set editable_schedule"),
        (["edit-schedule", "Tidies", "--interval", "0"], "interval must be"),
        (["edit-schedule", "Tidies", "--cron", "x"], "is not a cron expression"),
    ],
)
def test_what_cannot_be_done_with_a_system_job_is_refused(
    words: list[str], said: str, pgjobs: Run
) -> None:
    ran = pgjobs(*words)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.errors
    assert not Schedule.objects.exclude(switched_off=None).exists()


# Workers ---------------------------------------------------------------------------------


def test_a_worker_that_takes_its_order_is_named(pgjobs: Run) -> None:
    worker = a_worker(has_session_lock=False, draining=True)

    assert pgjobs("drain", worker.pk) == (0, f"worker {worker.pk} (worker-1) drains\n", "")
    assert pgjobs("restart", "worker-1").out == f"worker {worker.pk} (worker-1) restarts\n"
    assert WorkerOrder.objects.get().kind == "restart"


def test_a_worker_that_does_not_take_its_order_is_named_with_exit_code_1(pgjobs: Run) -> None:
    worker = a_worker(has_session_lock=False)

    ran = pgjobs("restart", "--all", "--wait", "1s")
    assert ran.code == 1
    assert "has not taken the order within 1 s; it may be frozen, or run an older" in ran.out
    assert pgjobs("restart", "--queue", "low", "--wait", "0s", "--json").json == [
        {"worker": worker.pk, "name": "worker-1", "ordered": True, "taken": None}
    ]
    assert pgjobs("restart", "--queue", "reports").code == 1


def test_a_worker_that_is_gone_gets_no_order_and_is_named(pgjobs: Run) -> None:
    dead, stopped = a_worker(heartbeat=ago(minutes=1)), a_worker(stopped=timezone.now())

    ran = pgjobs("drain", dead.pk, stopped.pk)

    assert ran.code == 1
    assert ran.out == (
        f"worker {dead.pk} (worker-1) is dead\nworker {stopped.pk} (worker-1) has stopped\n"
    )


@pytest.mark.parametrize("words", [[], ["4711"], ["nobody"], ["worker-1", "--all"]])
def test_an_order_without_a_worker_is_refused(words: list[str], pgjobs: Run) -> None:
    a_worker(has_session_lock=False)

    assert pgjobs("drain", *words).code == 2
    assert not WorkerOrder.objects.exists()
