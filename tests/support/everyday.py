"""What a project does on any day, in a process with settings of its own, beside a living worker."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import setup_test_environment
from django.utils import timezone

from pgjobs.models import Job, Pause
from tests.apps.testapp import jobs
from tests.support.eventually import eventually
from tests.support.pages import at

A_DAY: Final = timedelta(days=1)
LONG: Final = 60


def live() -> None:
    """Use every surface once. Raises AssertionError where something does not work."""
    setup_test_environment()
    user = get_user_model().objects.create_superuser("boss", "boss@example.com", "x")
    running = enqueue_and_wait(user)
    watch_and_cancel(running)
    steer()
    ask_by_sql()
    ask_by_commands(running)
    look_at_pages(user)


def enqueue_and_wait(user: Any) -> Job:
    """Enqueue in every way, and return a job that runs until it is cancelled."""
    running = jobs.SlowlyTelling.enqueue(user=user)
    with transaction.atomic():
        inside = jobs.Tracing.enqueue(label="inside", user=user)
    outside = jobs.Logging.enqueue()
    many = jobs.Noop.enqueue_many([{"number": n, "at": timezone.now()} for n in range(3)])
    first = jobs.Noop.enqueue_once(schedule_at=timezone.now() + A_DAY)
    assert jobs.Noop.enqueue_once(interval=5).pk != first.pk
    for job in (inside, outside, *Job.objects.filter(pk__in=many)):
        assert job.wait(LONG).status == "completed", job.error
    assert outside.log_entries.count() > 2
    assert inside.user == user
    here = jobs.Noop.enqueue(immediate=True, moment=timezone.now())
    assert here.status == "completed", here.error
    failed = jobs.Raising.enqueue(message="dür")
    assert failed.wait(LONG).status == "errored"
    assert "dür" in failed.error
    assert jobs.Coroutine.enqueue().wait(LONG).result == "awaited"
    with transaction.atomic():
        failed.retry()
    assert failed.wait(LONG).status == "errored"
    return running


def watch_and_cancel(running: Job) -> None:
    """See the log and the progress of a running job, and end it."""

    def has_told() -> bool:
        running.refresh_from_db()
        return running.progress is not None and running.log_entries.exists()

    eventually(has_told)
    running.cancel()
    assert running.wait(LONG).status == "cancelled", running.status


def steer() -> None:
    """Pause, resume, cancel in bulk, retry in bulk, delete and prune."""
    Pause.objects.pause(queue="low")
    Pause.objects.resume(queue="low")
    later = timezone.now() + A_DAY
    waiting = [jobs.Noop.enqueue(schedule_at=later) for _ in range(3)]
    those = Job.objects.filter(pk__in=[job.pk for job in waiting])
    assert those.cancel() == 3
    assert those.retry() == 3
    those.cancel()
    those.delete()
    Job.objects.all().prune(days=1)


def ask_by_sql() -> None:
    """Use the functions and read the views."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgjobs_enqueue(%s)", [jobs.Noop.path])
        (key,) = cursor.fetchone()
        cursor.execute("SELECT pgjobs_ring()")
        assert Job.objects.get(pk=key).wait(LONG).status == "completed"
        for view in ("jobs", "running", "queues", "workers", "schedules", "failures", "blockers"):
            cursor.execute(f"SELECT * FROM pgjobs_{view}")
            cursor.fetchall()
        cursor.execute("SELECT state FROM pgjobs_workers WHERE stopped IS NULL")
        assert "alive" in [state for (state,) in cursor.fetchall()]


def ask_by_commands(job: Job) -> None:
    """Run the commands that look."""
    for words in (["list"], ["show", str(job.pk)], ["why", str(job.pk)], ["workers"]):
        call_command("pgjobs", *words, stdout=io.StringIO())
    with suppress(SystemExit, CommandError):  # it may find something
        call_command("pgjobs", "doctor", stdout=io.StringIO())


def look_at_pages(user: Any) -> None:
    """Look at pages, and steer by one of them."""
    client = Client()
    client.force_login(user)
    job = jobs.Noop.enqueue(schedule_at=timezone.now() + A_DAY, user=user)
    done = Job.objects.filter(status="errored")[0]
    for address in (
        at("overview"),
        "/jobs/jobs/",
        f"/jobs/jobs/{job.pk}/",
        f"/jobs/jobs/{done.pk}/",
        at("queues"),
        at("workers"),
        at("schedules"),
        at("failures"),
    ):
        assert client.get(address).status_code == 200, address
    assert client.post(f"/jobs/jobs/{job.pk}/cancel/").status_code == 302
    job.refresh_from_db()
    assert job.status == "cancelled"
