"""The end of ``run()`` if it returns an awaitable, or a generator that would never run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connections, transaction
from django.test import TestCase

from pgjobs import BackgroundJob, JobFailed
from pgjobs.models import Job
from tests.apps.testapp.models import Site
from tests.support.elsewhere import elsewhere
from tests.support.running import ran


class Promise:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[Any, None, str]:
        yield from asyncio.sleep(0).__await__()
        return "kept"


async def nested() -> Awaitable[str]:
    return Promise()


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


class Returns(BackgroundJob):
    """Returns the result of the function that the test names."""

    def run(self, function: str) -> Any:
        return globals()[function]()


class ReturnsAtomically(Returns):
    class Meta:
        atomic = True


class Founds(BackgroundJob):
    """Creates a site as a coroutine."""

    async def run(self, city: str, then_fail: bool = False) -> int:
        await Site.objects.acreate(name=city)
        if then_fail:
            raise JobFailed("no")
        return await Site.objects.acount()


class FoundsAtomically(BackgroundJob):
    """Returns a coroutine, which belongs to the transaction of its job."""

    class Meta:
        atomic = True

    def run(self, **kwargs: Any) -> Any:
        return Founds(self.job).run(**kwargs)


@pytest.mark.django_db
@pytest.mark.parametrize("job_class", [Returns, ReturnsAtomically])
@pytest.mark.parametrize("function", ["Promise", "nested"])
def test_an_awaitable_that_run_returns_is_awaited(
    job_class: type[BackgroundJob], function: str
) -> None:
    job = ran(job_class, function=function)

    assert (job.status, job.result) == ("completed", "kept")


@pytest.mark.django_db
@pytest.mark.parametrize("job_class", [Returns, ReturnsAtomically])
@pytest.mark.parametrize("function", ["generator", "async_generator"])
def test_a_generator_that_run_returns_makes_the_job_errored(
    job_class: type[BackgroundJob], function: str
) -> None:
    job = ran(job_class, function=function)

    assert job.status == "errored"
    assert f"run() returned a generator, {function}, whose body has not run" in job.error


class TestAnImmediateCoroutineInATestCase(TestCase):
    def test_sees_the_rows_of_its_caller_and_is_rolled_back_with_them(self) -> None:
        Site.objects.create(name="Lund")

        with transaction.atomic():
            job = Founds.enqueue(immediate=True, city="Oslo")
            transaction.set_rollback(True)

        assert (job.status, job.result) == ("completed", 2)
        assert [site.name for site in Site.objects.all()] == ["Lund"]

    async def test_runs_from_a_coroutine_too(self) -> None:
        await Site.objects.acreate(name="Lund")

        job = await Founds.aenqueue(immediate=True, city="Oslo")

        assert (job.status, job.result) == ("completed", 2)


@pytest.mark.django_db(transaction=True)
def test_an_immediate_coroutine_runs_from_an_event_loop() -> None:
    async def enqueue() -> Job:
        job = await Founds.aenqueue(immediate=True, city="Oslo")
        await sync_to_async(connections.close_all)()  # in the thread that asgiref keeps
        return job

    job = elsewhere(lambda: asyncio.run(enqueue())).result()

    assert (job.status, job.result) == ("completed", 1)


@pytest.mark.django_db(transaction=True)
def test_a_coroutine_that_an_atomic_job_returns_is_in_its_transaction() -> None:
    job = ran(FoundsAtomically, city="Oslo", then_fail=True)

    assert job.status == "failed"
    assert not Site.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_task_inside_a_coroutine_ends_the_job_and_not_the_caller() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    globals()["cancelled"] = cancelled

    assert async_to_sync(Returns.aenqueue)(immediate=True, function="cancelled").status == "errored"
