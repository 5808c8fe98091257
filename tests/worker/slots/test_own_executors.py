"""Coroutine jobs share an event loop, and not the executor in which it calls functions."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pgjobs import BackgroundJob
from tests.support.job_status import status_of
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")

_MORE_THAN_ITS_THREADS = 40
_released = threading.Event()
_of_the_module = ThreadPoolExecutor(1, "module")


def _append_soon(numbers: list[int], number: int) -> None:
    time.sleep(0.01)
    numbers.append(number)


class LeavesCalls(BackgroundJob):
    """Leaves calls behind that do not return."""

    async def run(self) -> None:
        for _ in range(_MORE_THAN_ITS_THREADS):
            asyncio.get_running_loop().run_in_executor(None, _released.wait)


class ShutsDown(BackgroundJob):
    async def run(self) -> None:
        await asyncio.to_thread(int)
        await asyncio.get_running_loop().shutdown_default_executor()


class SetsAnother(BackgroundJob):
    """Returns the name of the thread in an executor of its own."""

    async def run(self) -> str:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, "another"))
        return await asyncio.to_thread(lambda: threading.current_thread().name)


class SetsOneOfTheModule(BackgroundJob):
    """Returns the name of the thread in an executor that outlives the job."""

    async def run(self) -> str:
        asyncio.get_running_loop().set_default_executor(_of_the_module)
        return await asyncio.to_thread(lambda: threading.current_thread().name)


class WaitsForItsCalls(BackgroundJob):
    """Returns how many of its calls have returned once the executor is shut down."""

    async def run(self) -> int:
        returned: list[int] = []
        loop = asyncio.get_running_loop()
        for number in range(_MORE_THAN_ITS_THREADS):
            loop.run_in_executor(None, _append_soon, returned, number)
        await loop.shutdown_default_executor()
        return len(returned)


class Calls(BackgroundJob):
    """Returns the name of the thread in which its call ran."""

    async def run(self) -> str:
        await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        return await asyncio.to_thread(lambda: threading.current_thread().name)


@pytest.mark.parametrize("before", [LeavesCalls, ShutsDown, SetsAnother])
def test_a_call_of_a_coroutine_does_not_depend_on_what_another_did_to_the_executor(
    before: type[BackgroundJob],
) -> None:
    _released.clear()
    first, second = before.enqueue(), Calls.enqueue(timeout=20)
    try:
        run_burst_here("-c", "1")
    finally:
        _released.set()
    assert [status_of(first), status_of(second)] == ["completed", "completed"]
    second.refresh_from_db()
    assert second.result.startswith("pgjobs-coroutine")


def test_an_executor_that_a_coroutine_sets_is_its_own() -> None:
    job = SetsAnother.enqueue()
    run_burst_here()
    job.refresh_from_db()
    assert job.result.startswith("another")


def test_an_executor_of_the_project_that_a_coroutine_sets_works_for_the_next_job_too() -> None:
    jobs = [SetsOneOfTheModule.enqueue() for _ in range(2)]
    run_burst_here("-c", "1")
    for job in jobs:
        job.refresh_from_db()
        assert job.result.startswith("module")


def test_the_shutdown_of_the_executor_waits_for_the_calls_of_the_coroutine() -> None:
    job = WaitsForItsCalls.enqueue()
    run_burst_here("-c", "1")
    job.refresh_from_db()
    assert job.result == _MORE_THAN_ITS_THREADS
