"""A project whose router reads from a replica: the verbs read where they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections, models

from pgjobs import events
from pgjobs.clock.schedules import fire_due
from pgjobs.clock.synchronizing import synchronize
from pgjobs.models import Job, Pause
from pgjobs.worker.recording.announcer import tell_rescued
from tests.apps.testapp.jobs import AboutObject, Logging, Noop
from tests.apps.testapp.models import Site
from tests.support.rows import a_finished_job, a_site
from tests.support.told_events import ToldSoFar

pytestmark = pytest.mark.django_db

REPLICA = "replica"


class ReadsFromReplica:
    """Sends each read of jobs to a database that no test can reach."""

    def db_for_read(self, model: type[models.Model], **_: Any) -> str:
        return REPLICA if model._meta.app_label == "pgjobs" else "default"

    def db_for_write(self, model: type[models.Model], **_: Any) -> str:
        return "default"

    def allow_relation(self, *_: Any, **__: Any) -> bool:
        return True


class ReadsAllFromReplica(ReadsFromReplica):
    """Sends each read there, as a project's router usually does."""

    def db_for_read(self, model: type[models.Model], **_: Any) -> str:
        return REPLICA


@pytest.fixture
def replica(settings: Any) -> Iterator[None]:
    connections.databases[REPLICA] = {**connections.databases["default"], "HOST": "/nowhere"}
    settings.DATABASE_ROUTERS = [ReadsFromReplica()]
    yield
    settings.DATABASE_ROUTERS = []
    del connections.databases[REPLICA]


def once_again(site: Site) -> None:
    """Ask for a job of another rule than the job that waits, and that runs."""
    first = Noop.enqueue_once(site, interval=60)
    second = Noop.enqueue_once(site, interval=30)
    assert second.pk != first.pk
    assert second.start()
    assert Noop.enqueue_once(site, interval=5).pk == second.pk


ACTS: dict[str, Callable[[Site], Any]] = {
    "enqueue": lambda site: Noop.enqueue(site, user=User.objects.get()),
    "enqueue(immediate=True)": lambda site: AboutObject.enqueue(site, immediate=True),
    "log": lambda site: Logging.enqueue(immediate=True),
    "enqueue_once": lambda site: Noop.enqueue_once(site),
    "enqueue_once with another rule": once_again,
    "enqueue_many": lambda site: Noop.enqueue_many([{"instance": site}]),
    "cancel": lambda site: Noop.enqueue(site).cancel(),
    "cancel(keep_schedule=True)": lambda s: Noop.enqueue(s, interval=5).cancel(keep_schedule=True),
    "cancel in bulk": lambda site: Job.objects.filter(name="Noop").cancel(),
    "cancel the jobs of an object": lambda site: site.jobs.cancel(),
    "retry some jobs of an object": lambda site: site.jobs.filter(priority=0).retry(),
    "pgjobs_cancel": lambda site: call_command(
        "pgjobs_cancel", Noop.enqueue(site).pk, stdout=StringIO()
    ),
    "pause": lambda site: Pause.objects.pause(queue="low"),
    "resume": lambda site: Pause.objects.resume(queue="low"),
    "fire the clock": lambda site: fire_due(),
    "skip in bulk": lambda site: Job.objects.all().cancel(keep_schedule=True),
    "retry": lambda site: a_finished_job().retry(),
    "retry in bulk": lambda site: Job.objects.all().retry(),
    "terminate": lambda site: Noop.enqueue(site).terminate(),
    "handle": lambda site: Noop.handle(Noop.enqueue(site)),
    "delete": lambda site: Noop.enqueue(site).delete(),
    "delete in bulk": lambda site: Job.objects.all().delete(),
    "prune": lambda site: Job.objects.all().prune(days=1),
    "delete the object": lambda site: (
        Noop.enqueue(site),
        a_finished_job(about=site),
        site.delete(),
    ),
    "delete the user": lambda site: User.objects.get().delete(),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_verb_reads_where_it_writes(act: str, replica: None) -> None:
    User.objects.create(username="a")
    site = a_site("Berlin")
    for _ in range(2):
        Noop.enqueue(site, interval=5)

    synchronize()
    ACTS[act](site)


def test_a_rescuer_announces_what_it_has_just_written(
    replica: None, told: ToldSoFar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgjobs.worker.recording.announcer.leave_clean", lambda: None)
    job = Noop.enqueue()

    tell_rescued([job.pk])

    assert told(events.JobRescued)


def test_an_argument_is_read_where_it_was_written(replica: None, settings: Any) -> None:
    job = Noop.enqueue(site=a_site("Berlin"))
    settings.DATABASE_ROUTERS = [ReadsAllFromReplica()]
    Noop.handle(job)
    assert (job.status, job.error) == ("completed", "")


def test_the_jobs_of_an_object_are_read_from_the_replica(replica: None) -> None:
    assert a_site("Berlin").jobs.all().db == REPLICA
