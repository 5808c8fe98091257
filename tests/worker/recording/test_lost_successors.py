"""A successor that can't be inserted does not keep its predecessor from ending."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from pgjobs import BackgroundJob, events
from pgjobs.enqueueing import once
from pgjobs.models import Job
from pgjobs.rows.columns import RULE
from pgjobs.worker.liveness.lost_jobs import LostJobs
from pgjobs.worker.liveness.rescue import rescue
from pgjobs.worker.recording.announcer import tell_rescued
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection
from tests.support.job_status import has_status, until_status
from tests.support.recorder import Claim, RunningRecorder
from tests.support.told_events import ToldSoFar

MALFORMED: list[Any] = [
    "text",
    ["a list"],
    7,
    {"interval": "often"},
    {"interval": 1.5},
    {"interval": 0},
    {"interval": -60},
    {"interval": 2**40},
    {"interval": 60, "scheduled": "never"},
    {"interval": 60, "scheduled": {}},
    {"interval": 60, "priority": 2**20},
    {"interval": 60, "priority": "high"},
    {"interval": 60, "queue_name": None},
    {"interval": 60, "queue_name": "x" * 300},
    {"interval": 60, "name": "x" * 300},
    {"interval": 60, "timeout": -1},
    {"interval": 60, "max_attempts": 2**20},
    {"interval": 60, "notifications": None},
    {"interval": 60, "args": None},
    {"interval": 60, "user_id": "nobody"},
]


def test_a_job_with_a_malformed_successor_ends_as_it_ended_and_says_that_it_does_not_recur(
    running: RunningRecorder, claim: Claim, told: ToldSoFar
) -> None:
    *bad, good = claim(len(MALFORMED) + 1)
    for job, successor in zip(bad, MALFORMED, strict=True):
        Job.objects.filter(pk=job.pk).update(interval=60, successor=successor)
    for job in (*bad, good):
        running.record(job, result='"kept"')
    for job in (*bad, good):
        until_status(job, "completed")
        job.refresh_from_db()
        assert job.result == "kept"
    for job, successor in zip(bad, MALFORMED, strict=True):
        assert "The job does not recur, because" in job.error, successor
        assert len(told(events.SuccessorLost, job_id=job.pk)) == 1
    assert not Job.objects.live().exists()
    assert not told(events.OutcomeUnstorable)


def recurring_for_a_deleted_user(claim: Claim) -> Job:
    """Return a running job with a successor for a user that was deleted since."""
    user = User.objects.create_user("ann")
    Noop.enqueue_once(interval=60)
    (job,) = claim(0)
    assert Noop.enqueue_once(interval=30, user=user) == job
    user.delete()
    return job


def test_the_user_of_a_successor_dies_with_the_user_and_the_chain_goes_on(
    running: RunningRecorder, claim: Claim, told: ToldSoFar
) -> None:
    job = recurring_for_a_deleted_user(claim)

    running.record(job)
    until_status(job, "completed")

    successor = Job.objects.live().get()
    assert (successor.interval, successor.user_id) == (30, None)
    assert Job.objects.get(pk=job.pk).error == ""
    assert not told(events.SuccessorLost)


def test_a_rescuer_gives_up_jobs_whose_successors_cannot_be_inserted(
    open_connection: OpenConnection, claim: Claim, told: ToldSoFar
) -> None:
    for_a_deleted_user = recurring_for_a_deleted_user(claim)
    malformed, other = claim(2)
    Job.objects.filter(pk=malformed.pk).update(interval=60, successor={"interval": "often"})
    Job.objects.exclude(pk=other.pk).update(interruptions=3)

    rescue(open_connection(), other.worker_id or 0, LostJobs(tell_rescued))

    assert has_status(other, "pending")
    assert has_status(for_a_deleted_user, "errored")
    assert has_status(malformed, "errored")
    assert Job.objects.get(status="scheduled").interval == 30
    assert "The job does not recur" in Job.objects.get(pk=malformed.pk).error
    assert [event["job_id"] for event in told(events.SuccessorLost)] == [malformed.pk]
    assert not told(events.RescueRefused)


class LosesItsUser(BackgroundJob):
    """Gives its successor a user, and deletes the user."""

    def run(self) -> None:
        user = User.objects.create_user("ann")
        type(self).enqueue_once(interval=30, user=user)
        user.delete()


@pytest.mark.usefixtures("empty_queue")
def test_a_job_that_runs_here_ends_and_recurs_without_the_user_that_it_deleted() -> None:
    job = LosesItsUser.enqueue_once(interval=60)

    job.run_here()

    assert job.status == "completed"
    successor = Job.objects.live().get()
    assert (successor.interval, successor.user_id) == (30, None)


@pytest.mark.usefixtures("empty_queue")
def test_a_job_that_runs_here_ends_without_its_malformed_successor() -> None:
    job = Noop.enqueue(interval=60)
    job.start()
    Job.objects.filter(pk=job.pk).update(successor={"interval": "often"})

    assert job.terminate()

    assert has_status(job, "completed")
    assert "The job does not recur" in job.error


@pytest.mark.django_db
def test_a_key_of_any_type_names_the_user_of_a_successor() -> None:
    key = UUID("12345678-1234-5678-1234-567812345678")
    row = dict.fromkeys(RULE) | {"user_id": key, "scheduled": None}
    job = Noop.enqueue(interval=60)
    job.start()
    Job.objects.filter(pk=job.pk).update(successor=once._successor(row))

    job.refresh_from_db()
    assert job.successor["user_id"] == str(key)
