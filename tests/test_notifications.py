"""The user of a job hears of its end, if the job says so."""

from __future__ import annotations

import logging

import pytest
import pytest_django
from django.contrib.auth.models import User
from django.db import transaction

from pgjobs import JobNotification, job_end
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.listening import listening

pytestmark = pytest.mark.django_db(transaction=True)

told: list[tuple[str, str]] = []


def remember(job: Job) -> None:
    assert job.user is not None
    told.append((job.user.get_username(), job.status))


def refuse(job: Job) -> None:
    raise ValueError("the mail server is away")


@pytest.fixture(autouse=True)
def notifier(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"NOTIFIER": "tests.test_notifications.remember"}
    told.clear()


def ended(status: JobStatus, notifications: str | None = None) -> Job:
    job = Noop.enqueue(user=User.objects.create_user("ann"), notifications=notifications)
    job.terminate(status)
    return job


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.ERRORED])
@pytest.mark.parametrize("notifications", [None, JobNotification.ALWAYS])
def test_a_user_who_wants_every_notification_hears_of_every_end(
    status: JobStatus, notifications: str | None
) -> None:
    ended(status, notifications)

    assert told == [("ann", status)]


@pytest.mark.parametrize(
    ("status", "hears"),
    [(JobStatus.COMPLETED, False), (JobStatus.FAILED, True), (JobStatus.ERRORED, True)],
)
def test_a_user_who_wants_failures_hears_of_failures_alone(status: JobStatus, hears: bool) -> None:
    ended(status, "on_failure")

    assert told == ([("ann", status)] if hears else [])


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.ERRORED])
def test_a_user_who_wants_no_notification_hears_of_no_end(status: JobStatus) -> None:
    ended(status, "never")

    assert told == []


def test_a_job_without_a_user_notifies_no_user() -> None:
    Noop.enqueue(notifications="always").terminate()

    assert told == []


def test_a_user_whose_job_is_ended_twice_hears_once() -> None:
    ended(JobStatus.COMPLETED).terminate(JobStatus.FAILED)

    assert told == [("ann", "completed")]


def test_a_user_hears_nothing_of_an_end_that_is_rolled_back() -> None:
    with transaction.atomic():
        ended(JobStatus.COMPLETED)
        transaction.set_rollback(True)

    assert told == []


def test_a_notifier_that_raises_is_logged_and_leaves_the_job_completed(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PGJOBS = {"NOTIFIER": "tests.test_notifications.refuse"}

    with listening(job_end) as received:
        ended(JobStatus.COMPLETED)

    assert (Job.objects.get().status, len(received)) == ("completed", 1)
    (record,) = [record for record in caplog.records if record.name == "pgjobs.notifications"]
    assert record.exc_info is not None


def test_a_notifier_that_does_not_exist_leaves_the_job_completed(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"NOTIFIER": "tests.nowhere"}

    assert ended(JobStatus.COMPLETED).status == "completed"


def test_a_project_without_a_notifier_has_the_notification_in_its_log(
    settings: pytest_django.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PGJOBS = {}

    with caplog.at_level(logging.INFO, "pgjobs.notifications"):
        job = ended(JobStatus.FAILED)

    assert f"user={job.user_id} job={job.pk} name='Noop' ended failed" in caplog.messages
