"""Jobs whose process died while it ran them itself, outside any worker."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from pgjobs import events
from pgjobs.models import Job
from pgjobs.worker.liveness import lost_jobs
from pgjobs.worker.liveness.lost_jobs import LostJobs
from pgjobs.worker.liveness.orphans import Orphans
from pgjobs.worker.recording.announcer import tell_rescued
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

REFUSING, SOUND = 110, 500


@pytest.fixture
def orphans(empty_queue: None) -> Iterator[None]:
    """Orphans, of which the first refuse every end."""
    Noop.enqueue_many([{}] * (REFUSING + SOUND))
    (first,) = Job.objects.order_by("pk").values_list("pk", flat=True)[:1]
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$; "
        "UPDATE pgjobs_job "
        "SET status = 'running', started = now() - interval '1 minute', epoch = 1; "
        "CREATE TRIGGER refuse BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        f"WHEN (NEW.id < {first + REFUSING}) EXECUTE FUNCTION refuse()"
    )
    yield
    query("DROP FUNCTION refuse CASCADE")


@pytest.mark.usefixtures("orphans")
def test_thousands_of_orphans_end_in_one_look_behind_orphans_that_refuse(
    open_connection: OpenConnection, told: ToldSoFar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_jobs, "_LONGEST_APART", 60.0)  # one look, on any machine
    engine, looks = open_connection(), Orphans(LostJobs(tell_rescued))
    began = time.monotonic()
    while looks._next_look < began:
        looks.turn(engine)

    assert Job.objects.filter(status="errored").count() == SOUND
    assert Job.objects.filter(status="running").count() == REFUSING
    assert sum(lost["count"] for lost in told(events.ImmediateJobsLost)) == SOUND
    assert len(told(events.RescueRefused)) == REFUSING
