"""Jobs from SQL reach real workers, and the callers' transactions hold up no other job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import connection

from pgjobs.models import Job, RegistryEntry
from pgjobs.worker.liveness import registering
from tests.apps.testapp.jobs import Noop
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.rows import a_job
from tests.support.sql import idle_workers
from tests.support.worker_process import RunningWorker, run_burst_here

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def psql() -> Iterator[psycopg.Connection[tuple[int]]]:
    """A session that knows nothing of Django."""
    with closing(psycopg.connect(**connection.get_connection_params())) as opened:
        opened.execute("SET statement_timeout = '20s'")
        opened.commit()
        yield opened


def enqueue(psql: psycopg.Connection[tuple[int]], *, once: bool = False) -> Job:
    function = "pgjobs_enqueue_once" if once else "pgjobs_enqueue"
    cursor = psql.execute(f"SELECT {function}(%s, '{{\"a\": 1}}')", [Noop.path])
    (job_id,) = cursor.fetchone() or (0,)
    return Job(pk=job_id)


def test_a_worker_tells_sql_what_it_knows_and_runs_what_sql_enqueues(
    child_environment: Environment, psql: psycopg.Connection[tuple[int]]
) -> None:
    with RunningWorker(child_environment):
        eventually(lambda: RegistryEntry.objects.filter(name=Noop.path).exists())
        job = enqueue(psql)
        psql.commit()
        until_status(job, "completed")
        job.refresh_from_db()
        assert job.result == {"a": 1}

        eventually(idle_workers)
        rung = enqueue(psql)
        psql.commit()
        psql.execute("SELECT pgjobs_ring()")
        psql.commit()
        until_status(rung, "completed")


def test_an_open_transaction_that_steers_holds_up_no_other_job(
    child_environment: Environment, psql: psycopg.Connection[tuple[int]]
) -> None:
    failed = a_job("failed")
    with RunningWorker(child_environment):
        eventually(lambda: RegistryEntry.objects.filter(name=Noop.path).exists())
        eventually(idle_workers)
        held = [enqueue(psql), enqueue(psql, once=True)]
        psql.execute("SELECT pgjobs_retry(%s)", [failed.pk])

        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '5s'")
        for _ in range(5):
            until_status(Noop.enqueue(), "completed")
        assert not Job.objects.filter(pk__in=[job.pk for job in held]).exists()

        psql.commit()
        for job in [*held, failed]:
            until_status(job, "completed")


def test_a_job_class_that_sql_cannot_be_told_of_does_not_keep_a_worker_from_its_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def odd_entries() -> Iterator[Any]:
        raise ValueError("no signature found")

    monkeypatch.setattr(registering, "entries", odd_entries)
    job = Noop.enqueue()

    run_burst_here()

    until_status(job, "completed")
