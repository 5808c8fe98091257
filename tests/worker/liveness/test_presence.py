"""A worker's proof that it lives, step by step, in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db.models.functions import Now

from pgjobs import events
from pgjobs.models import Job, RegistryEntry, WorkerProcess
from pgjobs.signals import job_rescued
from pgjobs.sql.locks import WORKER_LOCK
from pgjobs.worker.liveness import worker_row
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.liveness.presence import Presence
from pgjobs.worker.liveness.worker_row import WorkerRow
from pgjobs.worker.recording.announcer import Announcer
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection, a_janitor, a_pool, some_options
from tests.support.eventually import eventually
from tests.support.rows import a_job, a_worker
from tests.support.sessions import terminate
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

HOLDER = """
SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE datname = current_database() AND locktype = 'advisory'
    AND classid = %s AND objid::bigint = %s AND granted
"""


def test_a_lost_lock_is_taken_again_before_the_next_heartbeat(
    open_connection: OpenConnection, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PGJOBS = {"HEARTBEAT_INTERVAL": 3600, "HEARTBEAT_TIMEOUT": 9000}
    other = open_connection()
    monkeypatch.setattr(Janitor, "next_turn_in", 3600)
    janitor = a_janitor()
    presence = Presence(
        open_connection(),
        some_options(),
        janitor=janitor,
        pool=a_pool([]),
    )
    presence.start()

    def holder() -> int | None:
        row = other.cursor().execute(HOLDER, [WORKER_LOCK, presence.worker_id]).fetchone()
        return row and row[0]

    try:
        first = holder()
        assert first is not None
        terminate([first])
        eventually(lambda: holder() not in (None, first))
        assert WorkerProcess.objects.get(pk=presence.worker_id).stopped is None
    finally:
        presence.stop(5)


REFUSING = """
CREATE SEQUENCE refused_rounds;
CREATE FUNCTION refuse_rounds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('refused_rounds');  -- no rollback takes it back
    RAISE EXCEPTION 'no rounds today';
END $$;
CREATE TRIGGER refuse_rounds BEFORE INSERT OR UPDATE ON pgjobs_round
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rounds();
"""


@pytest.fixture
def refused_rounds(empty_queue: None) -> Iterator[Callable[[], int]]:
    """Says how many rounds a trigger has refused."""
    query(REFUSING)
    yield lambda: query("SELECT last_value - 1 + is_called::int AS n FROM refused_rounds")[0]["n"]
    query("DROP FUNCTION refuse_rounds CASCADE")
    query("DROP SEQUENCE refused_rounds")


def test_a_worker_whose_rounds_are_refused_keeps_the_lock_that_proves_its_life(
    refused_rounds: Callable[[], int],
    open_connection: OpenConnection,
    settings: Any,
    told: ToldSoFar,
) -> None:
    settings.PGJOBS = {"HEARTBEAT_INTERVAL": 0.2}
    other = open_connection()
    presence = Presence(open_connection(), some_options(), janitor=a_janitor(), pool=a_pool([]))
    presence.start()

    def holder() -> tuple[int] | None:
        values = [WORKER_LOCK, presence.worker_id]
        return other.cursor().execute(HOLDER, values).fetchone()

    try:
        first = holder()
        assert first is not None
        eventually(lambda: refused_rounds() >= 3)
        assert holder() == first
        heartbeat = WorkerProcess.objects.get(pk=presence.worker_id).heartbeat
        eventually(
            WorkerProcess.objects.filter(pk=presence.worker_id, heartbeat__gt=heartbeat).exists
        )
        assert len(told(events.PresenceFailed)) == 1
    finally:
        presence.stop(5)


def test_a_worker_with_a_new_id_tells_again_what_it_knows(
    open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = {"HEARTBEAT_INTERVAL": 0.1, "HEARTBEAT_TIMEOUT": 9000}
    presence = Presence(
        open_connection(),
        some_options(),
        janitor=a_janitor(),
        pool=a_pool([]),
    )
    presence.start()
    first = presence.worker_id
    try:
        WorkerProcess.objects.filter(pk=first).update(stopped=Now())
        eventually(lambda: presence.worker_id != first)
        row = WorkerProcess.objects.get(pk=presence.worker_id)

        eventually(RegistryEntry.objects.filter(name=Noop.path, seen__gte=row.started).exists)
    finally:
        presence.stop(5)


def test_a_receiver_of_job_rescued_that_hangs_does_not_stop_the_heartbeat(
    open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = {"HEARTBEAT_INTERVAL": 1, "HEARTBEAT_TIMEOUT": 3}
    job = a_job("running", worker=a_worker(), epoch=1, attempt=1)
    called, may_end = threading.Event(), threading.Event()

    def hang(**_: Any) -> None:
        called.set()
        may_end.wait(30)

    announcer = Announcer()
    janitor = Janitor(announcer.put_rescued)
    presence = Presence(
        open_connection(),
        some_options(),
        janitor=janitor,
        pool=a_pool([]),
    )
    job_rescued.connect(hang)
    announcer.start()
    presence.start()
    try:
        assert called.wait(20)
        assert Job.objects.get(pk=job.pk).status == "pending"
        ours = WorkerProcess.objects.filter(pk=presence.worker_id)
        last = ours.get().heartbeat
        eventually(ours.filter(heartbeat__gt=last, stopped=None).exists)
    finally:
        job_rescued.disconnect(hang)
        may_end.set()
        presence.stop(5)
        announcer.stop(5)


def test_a_worker_whose_next_ids_are_locked_by_another_session_takes_a_later_id(
    open_connection: OpenConnection,
) -> None:
    ours, foreign = open_connection(), open_connection()
    row = WorkerRow(ours, some_options())
    row.register()
    first = row.id
    for taken in (first + 1, first + 2):
        foreign.cursor().execute("SELECT pg_advisory_lock(%s, %s)", [WORKER_LOCK, taken])
    row.register()

    assert row.id == first + 3
    assert list(WorkerProcess.objects.values_list("id", flat=True)) == [first + 3, first]


def test_a_worker_that_finds_no_id_that_it_can_lock_says_so(
    open_connection: OpenConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_row, "_MOST_DRAWS", 2)
    ours, foreign = open_connection(), open_connection()
    row = WorkerRow(ours, some_options())
    row.register()
    for taken in (row.id + 1, row.id + 2):
        foreign.cursor().execute("SELECT pg_advisory_lock(%s, %s)", [WORKER_LOCK, taken])

    with pytest.raises(psycopg.OperationalError, match="the advisory locks of 2 new workers"):
        row.register()
