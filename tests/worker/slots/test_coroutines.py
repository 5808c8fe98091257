"""Coroutine jobs share one event loop, on which no call blocks, and do not affect each other."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async

from pgjobs import BackgroundJob, JobFailed, events, job_start, register
from pgjobs.exceptions import Snooze
from pgjobs.execution.coroutine import is_all_coroutine
from pgjobs.models import Job
from tests.apps.testapp.jobs import Careless, TracingCoroutine, leave_trace
from tests.apps.testapp.models import Site, Trace
from tests.support.job_status import status_of
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue")

ON_THE_LOOP, IN_A_SLOT = "pgjobs-loop", "pgjobs-slot-0"
_mark: ContextVar[str] = ContextVar("mark")


class Thread(BackgroundJob):
    """Returns the name of the thread that ran it."""

    ran: ClassVar[list[int]] = []

    def run(self) -> str:
        self.ran.append(self.job.pk)
        return threading.current_thread().name


class Loop(BackgroundJob):
    """Returns the name of the thread that ran it, as a coroutine."""

    async def run(self) -> str:
        Thread.ran.append(self.job.pk)
        await asyncio.sleep(0)
        return threading.current_thread().name


@register
async def loop_function(job: Job) -> str:
    return await Loop(job).run()


class LeavesAMark(BackgroundJob):
    """Returns the value that another job left in its context."""

    def run(self) -> str | None:
        found = _mark.get(None)
        _mark.set("left behind")
        return found


class LeavesAMarkOnTheLoop(LeavesAMark):
    async def run(self) -> str | None:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().run()


class Names(BackgroundJob):
    async def run(self, site: Site, more: list[Any]) -> list[str]:
        return [site.name, more[0]["site"].name]


class LooksBefore(BackgroundJob):
    """Queries the database before its coroutine has begun."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.count = Site.objects.count()

    async def run(self) -> int:
        return self.count


class LastChance(BackgroundJob):
    """Returns the interruptions of its row."""

    async def run(self) -> int:
        return (await Job.objects.aget(pk=self.job.pk)).interruptions


class Tells(BackgroundJob):
    async def run(self) -> list[int]:
        self.logger.info("on its way")
        self.progress(1, 2, "half")
        self.job.data = {"kept": True}
        return [1, 2]


class Ends(BackgroundJob):
    """Ends in the way that its argument names."""

    async def run(self, how: str) -> None:
        await getattr(self, how)()

    async def fails(self) -> None:
        raise JobFailed("no good")

    async def raises(self) -> None:
        raise ValueError("boom")

    async def raises_in_a_transaction(self) -> None:
        await sync_to_async(Careless(self.job).leave_a_bare_transaction_open)()
        raise ValueError("boom")

    async def snoozes(self) -> None:
        raise Snooze(until=timedelta(hours=1))

    async def cancels_itself(self) -> None:
        raise asyncio.CancelledError

    async def terminates_itself(self) -> None:
        await sync_to_async(self.job.terminate)("failed", "by itself")


class BeginsInItsThread(BackgroundJob):
    """An endless coroutine that only the call of ``run()`` returns."""

    class Meta:
        timeout = 1

    def run(self) -> Any:
        return asyncio.sleep(600)


class ReplacesItsError(BackgroundJob):
    class Meta:
        timeout = 1

    async def run(self) -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            raise ValueError("something else") from None


class EndsAtItsLimit(BackgroundJob):
    class Meta:
        timeout = 1

    async def run(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await sync_to_async(leave_trace)("lasted", self.job.pk)


def run_all(*, concurrency: int = 1) -> None:
    run_burst_here("--concurrency", str(concurrency))


def ended(job: Job) -> Job:
    """Return the job after a worker with one slot has run it, and another coroutine after it."""
    after = Loop.enqueue()
    run_all()
    job.refresh_from_db()
    after.refresh_from_db()
    assert (after.status, after.result) == ("completed", ON_THE_LOOP)
    return job


def test_a_slot_runs_coroutines_on_the_loop_and_functions_in_its_thread_in_order() -> None:
    jobs = [kind.enqueue() for kind in (Loop, Loop, Thread, Loop, Thread, Thread, Loop)]
    jobs.append(Job.enqueue(loop_function, name="a function"))
    Thread.ran.clear()

    run_all()

    assert Thread.ran == [job.pk for job in jobs]
    for job in jobs:
        job.refresh_from_db()
        assert job.result == (IN_A_SLOT if job.job_class == Thread.path else ON_THE_LOOP)


@pytest.mark.parametrize("job_class", [LeavesAMark, LeavesAMarkOnTheLoop])
def test_a_context_variable_set_by_one_job_is_unset_for_the_next(
    job_class: type[BackgroundJob],
) -> None:
    job_class.enqueue_many({} for _ in range(5))

    run_all()

    assert list(Job.objects.values_list("status", "result")) == [("completed", None)] * 5


def test_objects_among_the_arguments_of_a_coroutine_are_loaded() -> None:
    site = Site.objects.create(name="here")

    job = ended(Names.enqueue(site=site, more=[{"site": site}]))

    assert (job.error, job.result) == ("", ["here", "here"])


def test_a_coroutine_with_very_deep_arguments_is_decoded_in_the_thread() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]

    assert is_all_coroutine(Job(job_class=Loop.path))
    assert not is_all_coroutine(Job(job_class=Loop.path, kwargs={"deep": deep}))


def test_a_class_may_query_the_database_before_its_coroutine_begins() -> None:
    job = ended(LooksBefore.enqueue())

    assert (job.error, job.result) == ("", 0)


def test_a_receiver_of_job_start_may_query_the_database() -> None:
    found = []

    def look(job: Job, **_: Any) -> None:
        found.append((status_of(job), threading.current_thread().name))

    job_start.connect(look)
    try:
        ended(Loop.enqueue())
    finally:
        job_start.disconnect(look)

    assert found == [("running", IN_A_SLOT)] * 2


def test_the_last_chance_of_a_coroutine_is_counted_before_it_runs() -> None:
    job = LastChance.enqueue()
    Job.objects.filter(pk=job.pk).update(interruptions=2)

    job = ended(job)

    assert (job.error, job.result, job.interruptions) == ("", 3, 2)


def test_the_log_progress_data_and_result_of_a_coroutine_are_kept() -> None:
    job = ended(Tells.enqueue())

    assert (job.status, job.result, job.data) == ("completed", [1, 2], {"kept": True})
    assert job.progress == {"done": 1, "total": 2, "message": "half"}
    assert job.log_entries.get().message == "on its way"


@pytest.mark.parametrize(
    ("how", "status", "error"),
    [
        ("fails", "failed", "no good"),
        ("raises", "errored", "ValueError('boom')"),
        ("raises_in_a_transaction", "errored", "ValueError('boom')"),
        ("snoozes", "scheduled", ""),
        ("cancels_itself", "errored", "was cancelled from inside"),
        ("terminates_itself", "failed", "by itself"),
    ],
)
def test_a_coroutine_ends_like_any_job(how: str, status: str, error: str, told: ToldSoFar) -> None:
    job = ended(Ends.enqueue(how=how))

    assert (job.status, error in job.error) == (status, True), job.error
    assert not told(events.OutcomeStale)


@pytest.mark.parametrize("job_class", [BeginsInItsThread, ReplacesItsError])
def test_a_coroutine_past_its_timeout_is_errored_by_the_timeout(
    job_class: type[BackgroundJob],
) -> None:
    job = ended(job_class.enqueue())

    assert job.status == "errored"
    assert job.errors[0]["exception"] == "pgjobs.exceptions.JobTimeout"


def test_a_timeout_that_comes_as_a_coroutine_ends_hits_no_other_job() -> None:
    limited = EndsAtItsLimit.enqueue_many({"seconds": 1 + step / 40} for step in range(20))
    after = TracingCoroutine.enqueue_many({} for _ in range(40))

    run_all(concurrency=20)

    statuses = Job.objects.filter(pk__in=limited).values_list("status", "error")
    for status, error in statuses:
        assert status == "completed" or "longer than its timeout" in error
    assert Trace.objects.filter(label="lasted").count() >= len(
        [status for status, _ in statuses if status == "completed"]
    )
    assert Job.objects.filter(pk__in=after, status="completed").count() == 40
