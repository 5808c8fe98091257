"""Workers and enqueuers that reach PostgreSQL through a pgbouncer in transaction mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from tests.apps.testapp.jobs import FailsAfterWriting, Held, Tracing
from tests.support import traces
from tests.support.elsewhere import in_another_process
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.eventually import PATIENCE, eventually
from tests.support.job_status import has_status, until_status
from tests.support.pgbouncer import ANY, PROGRAM, PgBouncer
from tests.support.requirements import skip_or_fail
from tests.support.sql import advisory_locks, query
from tests.support.worker_process import NERVOUS, NEVER_POLLS, RunningWorker

LOCKS_ALONE = {"HEARTBEAT_TIMEOUT": 3600}


@pytest.fixture
def bouncer(empty_queue: None) -> Iterator[PgBouncer]:
    if PROGRAM is None:
        skip_or_fail("pgbouncer is not installed")
    ours: dict[str, Any] = connection.get_connection_params()
    way = ("host", "port", "user", "password")
    server = {key: value for key, value in ours.items() if key in way}
    with PgBouncer({ANY: server}) as bouncer:
        yield bouncer


@pytest.fixture
def pooler_url(bouncer: PgBouncer) -> str:
    """The URL of the test's database through the pooler."""
    return bouncer.url(str(connection.settings_dict["NAME"]))


@pytest.fixture
def pooled(child_environment: Environment, pooler_url: str) -> Environment:
    """The environment of a process with the pooler as its ``default`` database."""
    return {
        **child_environment,
        "DATABASE_URL": pooler_url,
        "DIRECT_URL": child_environment["DATABASE_URL"],
        "DJANGO_SETTINGS_MODULE": "tests.settings.pooled",
    }


def test_a_worker_behind_a_pooler_says_so_and_runs_jobs_without_a_session(
    pooled: Environment,
) -> None:
    with RunningWorker(pooled).until_started() as worker:
        Tracing.enqueue_many({} for _ in range(200))
        traces.until("ran", 200)
        eventually(lambda: Job.objects.filter(status="completed").count() == 200)
        assert len(worker.told(events.PoolerFound)) == 1
        row = WorkerProcess.objects.get(pid=worker.pid)
        assert not row.has_session_lock
        assert worker.stop() == 0
    row.refresh_from_db()
    assert row.stopped is not None


def test_an_idle_worker_behind_a_pooler_polls_and_does_not_register_for_the_doorbell(
    pooled: Environment,
) -> None:
    silently = "INSERT INTO pgjobs_job (job_class, name, queue_name) VALUES (%s, 'x', 'default')"
    with RunningWorker(pooled):
        for count in (1, 2, 3):
            query(silently, Tracing.path)
            traces.until("ran", count)
        assert query("SELECT * FROM pgjobs_doorbell") == []


def test_a_killed_worker_behind_a_pooler_is_noticed_by_its_heartbeat(pooled: Environment) -> None:
    environment = with_settings(pooled, **NERVOUS)
    job = Held.enqueue()
    with RunningWorker(environment) as victim:
        traces.until("started", 1)
        with RunningWorker(environment).until_started() as rescuer:
            victim.kill()
            rescuer.until_told(events.JobRescued, job=job.pk)
            traces.release()
            until_status(job, "completed")
    job.refresh_from_db()
    assert (job.epoch, job.interruptions) == (2, 1)


def test_rivals_for_one_place_behind_a_pooler_share_one_live_job(pooled: Environment) -> None:
    code = "[Noop.enqueue_once() for _ in range(25)]"
    with ExitStack() as stack:
        rivals = [stack.enter_context(in_another_process(pooled, code)) for _ in range(3)]
        assert [rival.wait(60) for rival in rivals] == [0, 0, 0]
    assert Job.objects.count() == 1


def test_the_clock_and_procrastinates_tasks_go_on_behind_a_pooler(pooled: Environment) -> None:
    environment = with_apps(pooled, "clockapp", "taskapp")
    defer = "from tests.apps.taskapp.tasks import trace; trace.defer(label='task')"
    with RunningWorker(environment).until_started():
        traces.until("tick", 1)
        with in_another_process(environment, defer) as deferring:
            assert deferring.wait(PATIENCE) == 0
        traces.until("task", 1)
        query("UPDATE pgjobs_schedule SET next_run = statement_timestamp()")
        traces.until("tick", 2)


@pytest.mark.parametrize("settings", [{}, {"DIRECT_DATABASE": "direct"}])
def test_an_immediate_job_behind_a_pooler_is_given_up_only_with_its_process(
    pooled: Environment, settings: dict[str, str]
) -> None:
    environment = with_settings(pooled, **settings)
    code = "Held.enqueue(immediate=True)"
    with in_another_process(environment, code) as living:
        traces.until("started", 1)
        lives = Job.objects.get()
        with in_another_process(environment, code) as dying:
            traces.until("started", 2)
            dies = Job.objects.exclude(pk=lives.pk).get()
            dying.kill()
        # Past the first ten seconds, in which a job may not have taken its lock yet.
        Job.objects.update(started=Now() - timedelta(minutes=1))
        with RunningWorker(environment):
            until_status(dies, "errored")
        assert has_status(lives, "running")
        traces.release()
        assert living.wait(PATIENCE) == 0
    assert has_status(lives, "completed")
    assert advisory_locks() == []


def test_a_session_of_the_pooler_keeps_nothing_of_the_engine_for_other_clients(
    pooled: Environment, pooler_url: str
) -> None:
    environment = with_apps(pooled, "clockapp", "taskapp")
    with RunningWorker(environment).until_started() as worker:
        Tracing.enqueue_many({} for _ in range(50))
        traces.until("ran", 50)
        traces.until("tick", 1)
        with ExitStack() as stack:  # simultaneous transactions have separate sessions
            untouched = what_is_set(stack.enter_context(psycopg.connect(pooled["DIRECT_URL"])))
            for _ in range(20):
                client = stack.enter_context(psycopg.connect(pooler_url))
                assert what_is_set(client) == untouched
        assert worker.stop() == 0
    assert advisory_locks() == []


def what_is_set(client: psycopg.Connection) -> dict[str, object]:
    names = "enable_seqscan enable_hashjoin synchronous_commit lock_timeout".split()
    return {
        **{name: client.execute(f"SHOW {name}").fetchone() for name in names},
        "listening": client.execute("SELECT pg_listening_channels()").fetchall(),
        "prepared": client.execute("SELECT name FROM pg_prepared_statements").fetchall(),
    }


def test_a_worker_with_a_direct_database_is_woken_by_the_doorbell(pooled: Environment) -> None:
    environment = with_settings(pooled, DIRECT_DATABASE="direct", **NEVER_POLLS)
    with RunningWorker(environment).until_started() as worker:
        eventually(lambda: query("SELECT * FROM pgjobs_doorbell"))
        with in_another_process(environment, "Tracing.enqueue()") as enqueuing:
            assert enqueuing.wait(PATIENCE) == 0
        traces.until("ran", 1)
        assert not worker.told(events.PoolerFound)


def test_a_killed_worker_with_a_direct_database_is_noticed_by_its_session_lock(
    pooled: Environment,
) -> None:
    environment = with_settings(pooled, DIRECT_DATABASE="direct", **LOCKS_ALONE)
    job = Held.enqueue()
    with RunningWorker(environment) as victim:
        traces.until("started", 1)
        assert WorkerProcess.objects.get().has_session_lock
        with RunningWorker(environment).until_started() as rescuer:
            victim.kill()
            rescuer.until_told(events.JobRescued, job=job.pk)


def test_an_atomic_job_that_writes_through_the_pooler_is_atomic(
    pooled: Environment,
) -> None:
    environment = with_settings(pooled, DIRECT_DATABASE="direct")
    job = FailsAfterWriting.enqueue()
    with RunningWorker(environment):
        until_status(job, "errored")
    assert traces.labels() == []


# Waiting for the end of a job -------------------------------------------------------------

IN_A_THREAD = "assert job.wait(60).status == 'completed'"
IN_A_COROUTINE = "import asyncio; assert asyncio.run(job.await_(60)).status == 'completed'"
ONLY_BY_BELL = (
    "from pgjobs.execution import waiting; waiting._LOOKS, waiting._SLOW = (3600.0,), 3600.0; "
)
HAS_LOOKED = (
    "SELECT FROM pg_stat_activity WHERE application_name = 'pgjobs wait' AND state = 'idle' "
    "AND datname = current_database() AND query LIKE '%SELECT status FROM pgjobs_job%'"
)


@pytest.mark.parametrize("wait", [IN_A_THREAD, IN_A_COROUTINE])
def test_a_caller_behind_a_pooler_sees_the_end_of_a_job_without_a_bell(
    pooled: Environment, pooler_url: str, wait: str
) -> None:
    with in_another_process(pooled, f"job = Held.enqueue(); {wait}") as caller:
        eventually(lambda: query("SELECT FROM pgjobs_waiter"))
        with RunningWorker(pooled):
            traces.until("started", 1)
            traces.release()
            assert caller.wait(PATIENCE) == 0
    assert query("SELECT FROM pgjobs_waiter") == []
    with psycopg.connect(pooled["DIRECT_URL"]) as direct, psycopg.connect(pooler_url) as client:
        assert what_is_set(client) == what_is_set(direct)


@pytest.mark.parametrize("wait", [IN_A_THREAD, IN_A_COROUTINE])
def test_a_caller_with_a_direct_database_is_woken_by_the_bell(
    pooled: Environment, wait: str
) -> None:
    environment = with_settings(pooled, DIRECT_DATABASE="direct")
    code = f"{ONLY_BY_BELL} job = Held.enqueue(); {wait}"
    with RunningWorker(environment), in_another_process(environment, code) as caller:
        traces.until("started", 1)
        eventually(lambda: query(HAS_LOOKED))  # it looks no second time, so only the bell is left
        traces.release()
        assert caller.wait(PATIENCE) == 0
    assert query("SELECT FROM pgjobs_waiter") == []
