"""Waiting for the end of a job: woken by a bell, and in vain only with a clear error."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError

from pgjobs.execution import waiting
from pgjobs.models import Job
from tests.apps.testapp.jobs import Held, Noop, Raising, leave_trace
from tests.support.elsewhere import elsewhere
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.sql import query
from tests.support.worker_process import RunningWorker

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = (3600.0,)


def waiters() -> int:
    (row,) = query("SELECT count(*) AS n FROM pgjobs_waiter")
    return int(row["n"])


@pytest.fixture
def only_by_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a wait look once, and never again unless the bell rings."""
    monkeypatch.setattr(waiting, "_LOOKS", NEVER)
    monkeypatch.setattr(waiting, "_SLOW", NEVER[0])


@pytest.mark.usefixtures("only_by_bell")
def test_the_end_of_a_job_wakes_those_who_wait(child_environment: Environment) -> None:
    job = Held.enqueue()
    with RunningWorker(child_environment, "default"):
        until_status(job, "running")
        ended = [elsewhere(lambda: Job.objects.get(pk=job.pk).wait(60).status) for _ in range(2)]
        eventually(lambda: waiters() == 2)
        leave_trace("release")
        assert [each.result(60) for each in ended] == ["completed"] * 2
    assert waiters() == 0


@pytest.mark.usefixtures("only_by_bell")
def test_a_failure_wakes_them_too(child_environment: Environment) -> None:
    job = Raising.enqueue()
    ended = elsewhere(lambda: Job.objects.get(pk=job.pk).wait(60))
    eventually(lambda: waiters() == 1)
    with RunningWorker(child_environment, "default"):
        assert ended.result(60).status == "errored"


@pytest.mark.usefixtures("only_by_bell")
def test_a_job_that_ends_in_the_process_of_its_caller_wakes_them() -> None:
    job = Noop.enqueue(n=7)
    ended = elsewhere(lambda: Job.objects.get(pk=job.pk).wait(60))
    eventually(lambda: waiters() == 1)
    job.run_here()
    assert ended.result(60).result == {"n": 7}


def test_a_coroutine_waits_without_a_thread(child_environment: Environment) -> None:
    jobs = [Noop.enqueue(n=n) for n in range(5)]

    async def wait_for_all() -> list[Any]:
        try:
            return await asyncio.gather(*(job.await_(60) for job in jobs))
        finally:
            await sync_to_async(connections.close_all)()

    with RunningWorker(child_environment, "default"):
        ended = asyncio.run(wait_for_all())
    assert [job.result for job in ended] == [{"n": n} for n in range(5)]
    assert waiters() == 0


def test_a_job_that_has_ended_is_returned_at_once() -> None:
    job = Noop.enqueue()
    job.run_here()
    assert Job.objects.get(pk=job.pk).wait(0).status == "completed"


def test_a_wait_sees_an_end_without_a_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_SLOW", 0.05)
    job = Noop.enqueue()
    ended = elsewhere(lambda: Job.objects.get(pk=job.pk).wait(60).status)
    eventually(lambda: waiters() == 1)
    job.cancel()
    assert ended.result(60) == "cancelled"


def test_a_wait_ends_after_its_timeout() -> None:
    job = Noop.enqueue()
    before = time.monotonic()
    with pytest.raises(TimeoutError, match=rf"Job {job.pk} has not finished in 0.2 s"):
        job.wait(0.2)
    assert time.monotonic() - before >= 0.2
    with pytest.raises(TimeoutError):
        asyncio.run(job.await_(0))
    assert waiters() == 0


def test_a_job_of_this_very_transaction_is_not_waited_for() -> None:
    with transaction.atomic():
        job = Noop.enqueue()
        with pytest.raises(TransactionManagementError, match="has not committed"):
            job.wait(60)
    assert Job.objects.filter(pk=job.pk).exists()


def test_a_deleted_job_is_not_waited_for() -> None:
    job = Noop.enqueue()
    Job.objects.get(pk=job.pk).delete()
    with pytest.raises(Job.DoesNotExist):
        job.wait(60)

    async def wait() -> None:
        try:
            await job.await_(60)
        finally:
            await sync_to_async(connections.close_all)()

    with pytest.raises(Job.DoesNotExist):
        asyncio.run(wait())


@pytest.mark.parametrize("timeout", [-1, float("nan"), True, "1"])
def test_a_timeout_must_be_seconds(timeout: Any) -> None:
    with pytest.raises(ValueError, match="timeout must be seconds"):
        Noop.enqueue().wait(timeout)


def test_the_rows_of_dead_waiters_go() -> None:
    query("INSERT INTO pgjobs_waiter (job_id, seen) VALUES (1, now() - interval '2 minutes')")
    with pytest.raises(TimeoutError):
        Noop.enqueue().wait(0)
    assert waiters() == 0


def test_a_job_ends_although_somebody_locks_the_table_of_callers() -> None:
    with transaction.atomic():
        query("LOCK TABLE pgjobs_waiter")
        ended = elsewhere(lambda: Noop.enqueue(immediate=True).status)
        assert ended.result(20) == "completed"
