"""The clock of the server is set back: what was written before must not hold up the work after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from pgjobs import alerts
from pgjobs.models import AlertState, Job, JournalEntry
from pgjobs.steering import bulk
from pgjobs.steering.actor import Actor
from pgjobs.steering.selection import Selection
from pgjobs.worker.liveness.bulk_actions import BulkActions
from pgjobs.worker.liveness.lost_jobs import LostJobs
from pgjobs.worker.liveness.orphans import Orphans
from pgjobs.worker.recording.announcer import tell_rescued
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection, a_janitor
from tests.support.eventually import eventually
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")

AN_HOUR = timedelta(hours=1)
DEAD = "process 1 on a machine that is gone"

told: list[bool] = []


def notify(alert: alerts.Alert) -> None:
    told.append(alert.is_raised)


def test_a_worker_that_died_before_the_clock_was_set_back_is_dead_after_a_lease(
    open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = {"HEARTBEAT_TIMEOUT": 2, "HEARTBEAT_INTERVAL": 0.5}
    engine, janitor = open_connection(), a_janitor()
    dead = a_worker(has_session_lock=False, heartbeat=Now() + AN_HOUR)
    living = a_worker(has_session_lock=False, heartbeat=Now() + AN_HOUR)
    job, job_of_living = (
        a_job("running", worker=each, epoch=1, attempt=1) for each in (dead, living)
    )
    janitor.turn(engine)

    def is_rescued() -> bool:
        type(living).objects.filter(pk=living.pk).update(heartbeat=Now())
        janitor.turn(engine)
        return Job.objects.filter(pk=job.pk, status="pending").exists()

    assert not is_rescued()
    eventually(is_rescued)
    job_of_living.refresh_from_db()
    assert job_of_living.status == "running"


def test_an_immediate_job_whose_process_died_before_the_clock_was_set_back_is_ended(
    open_connection: OpenConnection,
) -> None:
    job = a_job("running", epoch=1, started=Now() + AN_HOUR)
    Orphans(LostJobs(tell_rescued)).turn(open_connection())

    job.refresh_from_db()
    assert job.status == "errored"


def test_a_bulk_action_whose_carrier_died_before_the_clock_was_set_back_is_carried_on(
    open_connection: OpenConnection,
) -> None:
    jobs = [a_job("errored").pk for _ in range(3)]
    entry = bulk.enter("retry", Selection(ids=tuple(jobs)), by=Actor.python("ann"), carrier=DEAD)
    JournalEntry.objects.filter(pk=entry.pk).update(updated=Now() + AN_HOUR)
    actions = BulkActions()
    actions.start()
    actions.look(open_connection(), 7)
    eventually(lambda: actions.is_free)
    actions.stop(5)

    assert Job.objects.filter(status="pending").count() == 3


def test_alerts_are_told_although_the_clock_was_set_back(settings: Any) -> None:
    told.clear()
    off = dict.fromkeys(("failure_rate", "no_worker", "late_schedule"))
    watched = {**off, "notifier": f"{__name__}.notify", "oldest_wait": 300}
    settings.PGJOBS = {**settings.PGJOBS, "ALERTS": watched}
    alerts.look_and_tell(unless_just_done=True)
    job = Noop.enqueue()
    query("UPDATE pgjobs_job SET created = now() - interval '10 minutes' WHERE id = %s", job.pk)
    AlertState.objects.filter(kind="turn").update(claimed_until=Now() + AN_HOUR)
    query(
        "INSERT INTO pgjobs_alert (kind, subject, message, active, told, claimed_until) "
        "VALUES ('oldest_wait', 'default', '', true, false, now() + interval '1 hour')"
    )
    alerts.look_and_tell(unless_just_done=True)

    assert told == [True]
