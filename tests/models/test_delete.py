"""Deleted jobs stay deleted."""

from __future__ import annotations

import pytest
from django.db import connection

from pgjobs.choices import JobStatus
from pgjobs.models import Job, JobLogEntry
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import Logging, Noop

pytestmark = pytest.mark.django_db


def test_a_deleted_job_is_deleted_with_its_log() -> None:
    job = Logging.enqueue()
    job.run_here()

    job.delete()

    assert (Job.objects.count(), JobLogEntry.objects.count()) == (0, 0)


def test_a_running_job_that_was_deleted_does_not_come_back() -> None:
    job = Noop.enqueue(interval=60)
    job.start()
    Job.objects.all().delete()

    with connection.cursor() as cursor:
        record(cursor, [Outcome(job_id=job.pk, epoch=job.epoch, status=JobStatus.COMPLETED)])

    assert not Job.objects.exists()


def test_a_log_line_for_a_deleted_job_is_dropped() -> None:
    job = Noop.enqueue()
    Job.objects.all().delete()

    job.say(20, "too late")

    assert not JobLogEntry.objects.exists()


def test_the_place_of_a_deleted_job_is_free() -> None:
    Noop.enqueue_once(interval=60).delete()

    assert Noop.enqueue_once(interval=60) == Job.objects.get()
