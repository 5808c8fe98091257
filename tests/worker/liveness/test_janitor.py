"""Rescue, step by step, in this process."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from pgjobs.models import Job, WorkerProcess
from pgjobs.signals import job_rescued
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness import suspicion
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.liveness.lost_jobs import LostJobs
from pgjobs.worker.liveness.rescue import rescue
from pgjobs.worker.liveness.suspicion import CONFIRMING
from tests.apps.testapp.jobs import Tracing
from tests.support.engine import OpenConnection, a_janitor
from tests.support.eventually import eventually
from tests.support.listening import listening
from tests.support.rows import a_worker
from tests.support.sql import query

LONG_LEASE = {"HEARTBEAT_TIMEOUT": 10**6}
SHORT_LEASE = {"HEARTBEAT_TIMEOUT": 3, "HEARTBEAT_INTERVAL": 1}


def a_silent_worker() -> WorkerProcess:
    return a_worker(has_session_lock=False, heartbeat=Now() - timedelta(minutes=1))


def a_job_of(worker: WorkerProcess) -> Job:
    job = Tracing.enqueue()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pgjobs_job SET status = 'running', started = now(), epoch = 1, attempt = 1, "
            "worker_id = %s WHERE id = %s",
            [worker.pk, job.pk],
        )
    return job


def lose_djangos_connection(engine: EngineConnection) -> None:
    connection.ensure_connection()
    pid = [connection.connection.info.backend_pid]
    engine.cursor().execute("SELECT pg_terminate_backend(%s)", pid)
    lives = "SELECT FROM pg_stat_activity WHERE pid = %s"
    eventually(lambda: engine.cursor().execute(lives, pid).fetchone() is None)


def test_a_rescue_is_announced_although_its_thread_had_lost_djangos_connection(
    open_connection: OpenConnection,
) -> None:
    engine, worker = open_connection(), a_worker()
    job = a_job_of(worker)
    lose_djangos_connection(engine)

    with listening(job_rescued) as received:
        a_janitor().rescue(engine, worker.pk)

    assert [told["job"] for told in received] == [job]


def is_rescued(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, status="pending").exists()


@pytest.fixture
def endless_reconnecting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspicion, "RECONNECTING", 3600)


def a_worker_from_before_the_server_start() -> WorkerProcess:
    worker = a_worker()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pgjobs_worker SET heartbeat = pg_postmaster_start_time() - interval '1 s' "
            "WHERE id = %s",
            [worker.pk],
        )
    return worker


@pytest.mark.usefixtures("endless_reconnecting")
def test_a_missing_lock_counts_against_a_worker_that_beat_since_the_server_started(
    open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = LONG_LEASE
    engine, janitor = open_connection(), a_janitor()
    job, job_of_away = a_job_of(a_worker()), a_job_of(a_worker_from_before_the_server_start())
    janitor.turn(engine)
    assert not is_rescued(job)
    time.sleep(CONFIRMING)
    janitor.turn(engine)

    assert is_rescued(job)
    assert not is_rescued(job_of_away)


def test_a_worker_that_does_not_reconnect_in_time_counts_as_dead(
    open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = LONG_LEASE
    engine, janitor = open_connection(), a_janitor()
    job = a_job_of(a_worker_from_before_the_server_start())

    def has_been_rescued() -> bool:
        janitor.turn(engine)
        return is_rescued(job)

    eventually(has_been_rescued)


@pytest.mark.usefixtures("endless_reconnecting")
def test_the_next_look_is_when_a_missing_lock_begins_to_count(
    open_connection: OpenConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspicion, "CONFIRMING", 7200)
    monkeypatch.setattr(suspicion, "UNSUSPECTING", 0)
    engine, looks = open_connection(), suspicion.Suspicion()
    looks.dead(engine)
    assert looks.next_look_in <= 0
    a_worker()
    looks.dead(engine)
    assert 3500 < looks.next_look_in <= 3600


@pytest.mark.usefixtures("endless_reconnecting")
def test_a_missing_lock_counts_against_a_worker_that_beat_since_the_connections_were_lost(
    open_connection: OpenConnection,
) -> None:
    engine, back, away = open_connection(), a_worker(), a_worker()
    job_of_back, job_of_away = a_job_of(back), a_job_of(away)
    janitor = a_janitor()
    janitor.turn(engine)
    engine.close()
    janitor.turn(engine)  # on another connection, so perhaps all workers have lost theirs
    WorkerProcess.objects.filter(pk=back.pk).update(heartbeat=Now())
    janitor.turn(engine)  # the first look
    assert not is_rescued(job_of_back)

    def has_been_rescued() -> bool:
        janitor.turn(engine)
        return is_rescued(job_of_back)

    # The age of the heartbeat is measured anew at each look. After a slow one it can seem older.
    eventually(has_been_rescued)
    assert not is_rescued(job_of_away)


def test_a_suspicion_from_before_a_loss_of_connections_is_dropped(
    open_connection: OpenConnection,
) -> None:
    engine, worker = open_connection(), a_worker()
    job = a_job_of(worker)
    janitor = a_janitor()
    janitor.turn(engine)
    time.sleep(CONFIRMING)
    engine.close()
    # As if the worker had beaten after the rescuer reconnected.
    later = Now() + timedelta(minutes=1)
    WorkerProcess.objects.filter(pk=worker.pk).update(heartbeat=later)
    janitor.turn(engine)

    assert not is_rescued(job)


def wait_until_silence_counts() -> None:
    time.sleep(SHORT_LEASE["HEARTBEAT_TIMEOUT"] / 3)


def assert_rescued_once_it_had_time_to_be_heard(
    job: Job, janitor: Janitor, engine: EngineConnection
) -> None:
    janitor.turn(engine)
    assert not is_rescued(job)
    wait_until_silence_counts()

    def rescues() -> bool:
        janitor.turn(engine)
        return is_rescued(job)

    eventually(rescues)  # on a slow server one turn may exceed the limit of a short lease


def test_a_silent_worker_counts_as_dead_once_it_had_time_to_be_heard(
    open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = SHORT_LEASE
    engine, job = open_connection(), a_job_of(a_silent_worker())

    assert_rescued_once_it_had_time_to_be_heard(job, a_janitor(), engine)


def test_a_worker_that_beats_again_after_an_outage_of_all_keeps_its_jobs(
    open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = SHORT_LEASE
    engine, janitor = open_connection(), a_janitor()
    janitor.turn(engine)
    wait_until_silence_counts()
    worker = a_silent_worker()
    job = a_job_of(worker)
    engine.close()
    janitor.turn(engine)  # the rescuer is back first
    WorkerProcess.objects.filter(pk=worker.pk).update(heartbeat=Now())
    wait_until_silence_counts()
    janitor.turn(engine)

    assert not is_rescued(job)


def test_a_rescuer_that_was_away_hears_the_others_before_it_judges(
    open_connection: OpenConnection, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PGJOBS = SHORT_LEASE
    monkeypatch.setattr("pgjobs.worker.liveness.suspicion.HEARING", 2.0)
    engine, janitor = open_connection(), a_janitor()
    janitor.turn(engine)
    time.sleep(2.1)  # as if the process had been stopped
    job = a_job_of(a_silent_worker())

    assert_rescued_once_it_had_time_to_be_heard(job, janitor, engine)


def test_a_rescuer_that_freezes_during_a_rescue_makes_way_for_another(
    open_connection: OpenConnection,
) -> None:
    frozen, other, worker = open_connection(), open_connection(), a_silent_worker()
    job = a_job_of(worker)
    frozen.get().execute("BEGIN")
    frozen.cursor().execute("SELECT FROM pgjobs_worker WHERE id = %s FOR UPDATE", [worker.pk])
    janitor = a_janitor()
    janitor.rescue(other, worker.pk)
    assert not is_rescued(job)

    def rescues() -> bool:
        janitor.rescue(other, worker.pk)
        return is_rescued(job)

    eventually(rescues, timeout=20)


@pytest.mark.parametrize("ended", [False, True])
def test_the_job_of_a_worker_whose_row_is_missing_or_has_ended_goes_back_to_its_queue(
    open_connection: OpenConnection, ended: bool
) -> None:
    worker = a_worker()
    job, job_of_a_living_worker = a_job_of(worker), a_job_of(a_worker())
    row = WorkerProcess.objects.filter(pk=worker.pk)
    if ended:
        row.update(stopped=Now())
    else:
        row.delete()
    with listening(job_rescued) as received:
        a_janitor().turn(open_connection())

    assert is_rescued(job)
    assert [told["job"] for told in received] == [job]
    assert not is_rescued(job_of_a_living_worker)
    job.refresh_from_db()
    assert job.interruptions == 1


def test_rows_that_refuse_their_rescue_hold_up_no_other_row_of_the_same_worker(
    open_connection: OpenConnection,
) -> None:
    worker = a_worker()
    query(
        "INSERT INTO pgjobs_job "
        "(job_class, name, queue_name, status, started, worker_id, epoch, attempt) "
        "SELECT 'a.B', CASE WHEN i <= 110 THEN 'refused' ELSE 'sound' END, 'default', "
        "'running', now(), %s, 1, 1 FROM generate_series(1, 120) AS i",
        worker.pk,
    )
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$; "
        "CREATE TRIGGER refuse BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        "WHEN (OLD.name = 'refused') EXECUTE FUNCTION refuse()"
    )
    lost_jobs, connection = LostJobs(lambda ids: None), open_connection()

    def sound_jobs_are_back() -> bool:
        rescue(connection, worker.pk, lost_jobs)
        return Job.objects.filter(name="sound", status="pending").count() == 10

    try:
        eventually(sound_jobs_are_back)
    finally:
        query("DROP FUNCTION refuse CASCADE")
    assert Job.objects.filter(name="refused", status="running").count() == 110


@pytest.mark.parametrize("what", ["pg_advisory_xact_lock(77)", "pg_sleep(30)"])
def test_rows_whose_trigger_takes_long_hold_up_neither_the_heartbeat_nor_other_rows(
    what: str, open_connection: OpenConnection, settings: Any
) -> None:
    settings.PGJOBS = SHORT_LEASE
    worker = a_worker()
    slow, sound = a_job_of(worker), a_job_of(worker)
    query(
        "CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN PERFORM {what}; RETURN NEW; END$$; "
        "CREATE TRIGGER take_long BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        f"WHEN (OLD.id = {slow.pk}) EXECUTE FUNCTION take_long()"
    )
    lost_jobs, engine, other = LostJobs(lambda ids: None), open_connection(), open_connection()
    other.cursor().execute("SELECT pg_advisory_lock(77)")
    longest = 0.0

    def sound_job_is_back() -> bool:
        nonlocal longest
        began = time.monotonic()
        rescue(engine, worker.pk, lost_jobs)
        longest = max(longest, time.monotonic() - began)
        return is_rescued(sound)

    try:
        eventually(sound_job_is_back)
    finally:
        query("DROP FUNCTION take_long CASCADE")
    assert longest < 10
    assert not is_rescued(slow)
