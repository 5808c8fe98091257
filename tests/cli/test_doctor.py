"""The doctor finds each planted fault, and is silent on a sound installation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from pgjobs.doctor import Finding, Severity, examine, reading, server
from pgjobs.models import JournalEntry, Pause, RegistryEntry, Schedule
from tests.support.eventually import eventually
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker, tell_sql
from tests.support.sessions import ROLE
from tests.support.sql import query

pytestmark = pytest.mark.django_db

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def known(nothing_of_other_tests: None) -> None:
    tell_sql()


@pytest.fixture
def other() -> Iterator[psycopg.Connection[Any]]:
    """Another session of the database."""
    with closing(psycopg.connect(**connection.get_connection_params())) as opened:
        yield opened


def examined() -> list[Finding]:
    """Return the findings, without the note that no worker lives."""
    return [each for each in examine() if (each.severity, each.about) != (0, "no worker")]


def found() -> list[tuple[str, str]]:
    return [(finding.severity.name, finding.about) for finding in examined()]


def test_a_sound_installation_has_no_finding(pgjobs: Run) -> None:
    a_worker()
    query("SELECT pg_advisory_lock(%s, id::int) FROM pgjobs_worker", 0x70676A77)
    a_job()
    Schedule.objects.create(job_class="a", interval=5, next_run=ago(minutes=-1))

    assert examine() == []
    assert pgjobs("doctor") == (0, "All is well.\n", "")
    query("SELECT pg_advisory_unlock_all()")


def test_a_queue_with_jobs_and_without_a_worker_is_critical(pgjobs: Run) -> None:
    a_job(queue_name="low")

    ran = pgjobs("doctor", "--json")

    assert ran.code == 3
    assert ran.json[0] == {
        "severity": "critical",
        "about": "unserved queue",
        "evidence": "1 job waits in the queue low, and no living worker serves it.",
        "remedy": "Start one: manage.py pgjobs_worker low.",
    }
    assert pgjobs("doctor").out.startswith("CRITICAL: unserved queue\n  1 job waits")


def test_paused_queues_with_jobs_are_notes(pgjobs: Run) -> None:
    a_worker(has_session_lock=False, queues=["high"])
    a_job(queue_name="low")
    a_job(queue_name="high")
    Pause.objects.create(kind="queue", name="low")
    Pause.objects.create(kind="queue", name="high")

    assert {("NOTE", "unserved queue"), ("NOTE", "paused queue")} <= set(found())
    assert pgjobs("doctor").code == 0


def test_a_cluster_without_a_worker_is_critical_if_a_system_job_will_not_run() -> None:
    assert [(each.severity.name, each.about) for each in examine()] == [("NOTE", "no worker")]
    Schedule.objects.create(job_class="a", interval=60, next_run=ago(minutes=-50))
    assert found() == [("CRITICAL", "no worker")]
    a_worker(has_session_lock=False)
    assert found() == [("NOTE", "worker behind a pooler")]


def test_a_late_system_job_is_critical() -> None:
    Schedule.objects.create(job_class="a", interval=5, next_run=ago(hours=1))
    a_worker(has_session_lock=False)

    finding = examine()[0]

    assert (finding.severity, finding.about) == (Severity.CRITICAL, "late schedule")
    assert finding.evidence.startswith("1 system job is late, a by 1:00:0")
    assert "logs of the workers" in finding.remedy


def test_a_worker_without_a_sign_of_life_is_found() -> None:
    lost = a_worker(has_session_lock=True, heartbeat=ago(minutes=1))
    assert found() == [("WARNING", "lost worker")]

    a_job("running", worker=lost)
    finding = examine()[0]
    assert (finding.severity.name, finding.about) == ("CRITICAL", "lost worker")
    assert finding.remedy.startswith("Start a worker")

    a_worker(has_session_lock=False)
    assert found()[0] == ("WARNING", "lost worker")


def test_a_worker_behind_a_pooler_is_a_note() -> None:
    a_worker(has_session_lock=False)
    a_worker(has_session_lock=False, stopped=timezone.now(), name="gone")

    (finding,) = examine()

    assert (finding.severity.name, finding.about) == ("NOTE", "worker behind a pooler")
    assert finding.evidence.startswith("worker-1 reach")


def test_waiting_jobs_of_an_unknown_class_are_found() -> None:
    a_worker(has_session_lock=False)
    job = a_job(job_class="gone.jobs.Old")

    finding = examine()[0]

    assert (finding.severity.name, finding.about) == ("WARNING", "unknown class")
    assert finding.evidence == (
        f"No worker has registered the class gone.jobs.Old of 1 waiting job, such as {job.pk}."
    )


def test_no_class_is_unknown_as_long_as_no_worker_has_written_any() -> None:
    a_worker(has_session_lock=False)
    a_job()
    RegistryEntry.objects.all().delete()

    assert ("WARNING", "unknown class") not in found()


def test_a_failed_system_check_is_found() -> None:
    with override_settings(PGJOBS={"NOTIFIER": "no.such.function"}):
        assert ("CRITICAL", "check pgjobs.E014") in found()


def test_a_migration_that_is_missing_is_critical() -> None:
    query("DELETE FROM django_migrations WHERE app = 'pgjobs' AND name >= '0012'")
    query("DROP TABLE pgjobs_registry CASCADE")

    (finding,) = examined()

    assert (finding.severity.name, finding.about) == ("CRITICAL", "schema older than code")
    assert finding.evidence.startswith("The database lacks the migrations 0012_steering, ")


def test_migrations_of_other_apps_are_not_named() -> None:
    query("DELETE FROM django_migrations")

    names = examine()[0].evidence

    assert names.count("0001_initial") == 1


def test_a_dropped_index_is_critical_and_its_remedy_makes_it_anew() -> None:
    query("DROP INDEX pgjobs_job_ready; DROP INDEX pgjobs_job_once")
    findings = examined()
    assert {finding.about for finding in findings} == {"missing index"}

    for finding in findings:
        statement = finding.remedy.partition(", or: ")[2]
        assert " CONCURRENTLY " in statement
        query(statement.replace(" CONCURRENTLY ", " "))

    assert examined() == []


def test_functions_that_a_restore_has_opened_are_found_and_the_remedy_closes_them() -> None:
    a_worker()
    query("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC")
    findings = [each for each in examined() if each.about == "open function"]
    assert {each.severity for each in findings} == {Severity.CRITICAL}
    opened = " ".join(each.evidence for each in findings)
    assert "pgjobs_cancel(" in opened
    assert "pgjobs_why(" not in opened  # it acts in the rights of its caller

    for finding in findings:
        query(re.search("REVOKE [^;]*;", finding.remedy)[0])  # type: ignore[index]

    assert "open function" not in {each.about for each in examined()}


def test_a_table_that_is_not_there_leaves_the_other_findings() -> None:
    a_job()
    query("DROP TABLE pgjobs_registry CASCADE")

    assert {("WARNING", "no view"), ("CRITICAL", "unserved queue")} <= set(found())


def test_a_bulk_action_that_nobody_goes_on_with_is_found() -> None:
    a_worker(has_session_lock=False)
    old = {"who": "x", "surface": "python", "verb": "retry", "counted": 9, "ended": None}
    rows = JournalEntry.objects
    waiting = rows.create(**old, state="running")
    lost = rows.create(**old, state="running", carrier="worker 7", done=3)
    rows.create(**{**old, "ended": ago()}, state="done")
    rows.update(created=ago(minutes=3), updated=ago(minutes=2))
    rows.create(**old, state="running")

    evidence = {each.evidence for each in examine() if each.about == "waiting action"}

    assert evidence == {
        f"For a minute no process has gone on with the bulk action {waiting.pk} (retry, 0 of 9 "
        "jobs): no worker has taken it, and a worker of an older release may know no bulk actions.",
        f"For a minute no process has gone on with the bulk action {lost.pk} (retry, 3 of 9 jobs): "
        "worker 7 has it.",
    }


def test_a_table_without_autovacuum_is_found() -> None:
    query("ALTER TABLE pgjobs_job SET (autovacuum_enabled = false)")

    assert found() == [("WARNING", "no autovacuum")]


@pytest.mark.django_db(transaction=True)
def test_many_dead_rows_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MANY_DEAD", 50)
    query("INSERT INTO pgjobs_registry (kind, name, options) VALUES ('job_class', 'a', '{}')")
    query(
        "INSERT INTO pgjobs_log (job_id, attempt, timestamp, level, message) "
        "SELECT %s, 0, now(), 'info', '' FROM generate_series(1, 100)",
        a_job("completed").pk,
    )
    query("DELETE FROM pgjobs_log")

    eventually(lambda: ("WARNING", "dead rows") in found())


@pytest.mark.django_db(transaction=True)
def test_an_old_transaction_is_found_with_its_pid(
    monkeypatch: pytest.MonkeyPatch, other: psycopg.Connection[Any]
) -> None:
    monkeypatch.setattr(server, "_OLD", timedelta(0))
    other.execute("CREATE TEMPORARY TABLE anything ()")

    eventually(lambda: query("SELECT FROM pgjobs_blockers WHERE keeps_dead_rows"))
    (finding,) = (each for each in examine() if each.about == "old snapshot")

    assert f"The idle transaction of pid {other.info.backend_pid} (" in finding.evidence


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["SHARE", "ACCESS EXCLUSIVE"])
def test_a_lock_on_the_table_of_jobs_is_critical_and_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, other: psycopg.Connection[Any], pgjobs: Run, mode: str
) -> None:
    monkeypatch.setattr(server, "_LONG_WAIT", timedelta(0))
    monkeypatch.setattr(reading, "_PATIENCE", "10ms")
    other.execute(f"LOCK TABLE pgjobs_job IN {mode} MODE")

    finding = examine()[0]

    assert (finding.severity.name, finding.about) == ("CRITICAL", "locked table")
    assert f"pid {other.info.backend_pid} " in finding.evidence
    if mode == "ACCESS EXCLUSIVE":
        ran = pgjobs("health")
        assert (ran.code, "lock timeout" in ran.out) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_a_session_that_waits_for_a_lock_is_found_with_its_blocker(
    monkeypatch: pytest.MonkeyPatch, other: psycopg.Connection[Any]
) -> None:
    monkeypatch.setattr(server, "_LONG_WAIT", timedelta(0))
    other.execute("LOCK TABLE pgjobs_log")
    with closing(psycopg.connect(**connection.get_connection_params(), autocommit=True)) as third:
        third.pgconn.send_query(b"SELECT * FROM pgjobs_log")

        def evidence() -> str:
            return " ".join(each.evidence for each in examine() if each.about == "lock wait")

        eventually(evidence)
        assert f"pid {third.info.backend_pid} (" in evidence()
        assert f"waits for pid {other.info.backend_pid} since" in evidence()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "lock", ["SELECT pg_advisory_lock(1, 1)", "SELECT FROM auth_group WHERE id = 1 FOR UPDATE"]
)
def test_a_wait_for_a_lock_of_the_project_is_none_of_ours(
    monkeypatch: pytest.MonkeyPatch, other: psycopg.Connection[Any], lock: str
) -> None:
    monkeypatch.setattr(server, "_LONG_WAIT", timedelta(0))
    query("INSERT INTO auth_group (id, name) VALUES (1, 'a')")
    other.execute(lock.encode())
    with closing(psycopg.connect(**connection.get_connection_params())) as third:
        third.execute("SELECT FROM pgjobs_job")
        third.pgconn.send_query(lock.encode())
        pid = third.info.backend_pid
        eventually(lambda: query("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", pid))

        assert "lock wait" not in {each.about for each in examine()}


def test_a_server_that_is_nearly_full_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_FULL", 0.0)

    assert found() == [("WARNING", "connection limit near")]


def test_notifications_that_nobody_reads_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MANY_NOTIFICATIONS", -1.0)

    assert found() == [("WARNING", "unread notifications")]


def test_clocks_that_differ_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_SKEW", timedelta(days=-1))

    assert found() == [("WARNING", "clock skew")]


@pytest.mark.django_db(transaction=True)
def test_sessions_of_other_roles_are_told_to_a_role_that_can_not_see_them(
    other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other.execute("SELECT 1")
    query(f"CREATE ROLE {ROLE}")
    try:
        with transaction.atomic():
            query(f"SET LOCAL ROLE {ROLE}")
            (finding,) = server.hidden_sessions("default")
            monkeypatch.setattr(server, "_FULL", 0.0)
            (near,) = server.connections_left("default")
    finally:
        query(f"DROP ROLE {ROLE}")

    assert (finding.severity, finding.about) == (Severity.NOTE, "hidden sessions")
    assert f"The sessions of {other.info.user} hide" in finding.evidence
    assert int(near.evidence.split()[0]) >= 2
    assert not list(server.hidden_sessions("default"))


@pytest.mark.django_db(transaction=True)
def test_a_vacuum_is_no_old_snapshot(
    monkeypatch: pytest.MonkeyPatch, other: psycopg.Connection[Any]
) -> None:
    monkeypatch.setattr(server, "_OLD", timedelta(0))
    query("CREATE TABLE large AS SELECT repeat('a', 900) AS a FROM generate_series(1, 20000)")
    query("DELETE FROM large")
    other.autocommit = True
    other.execute("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
    other.pgconn.send_query(b"VACUUM large")
    try:
        pid = other.info.backend_pid
        eventually(lambda: query("SELECT FROM pg_stat_progress_vacuum WHERE pid = %s", pid))

        assert not [each for each in examine() if f"of pid {pid} " in each.evidence]
    finally:
        other.cancel()
        other.close()
        query("DROP TABLE large")
