"""The announced job has all values that its row has after the end."""

from __future__ import annotations

import asyncio

import pytest

from pgjobs import BackgroundJob, events, job_end
from pgjobs.models import Job
from tests.apps.testapp.jobs import Coroutine, Failing, Noop, Raising
from tests.support.listening import listening
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue")


class Atomic(BackgroundJob):
    class Meta:
        atomic = True

    def run(self) -> None: ...


@pytest.mark.parametrize("job_class", [Noop, Coroutine, Failing, Raising, Atomic])
def test_a_receiver_of_job_end_sees_the_values_of_the_row(job_class: type[BackgroundJob]) -> None:
    job_class.enqueue()

    with listening(job_end) as received:
        run_burst_here()

    (told,) = received
    row = Job.objects.get()
    for name in ("status", "error", "started", "completed"):
        assert getattr(told["job"], name) == getattr(row, name), name
    assert row.completed is not None


class Exits(BaseException):
    """Ends no thread of the worker, as SystemExit or a cancellation of asyncio."""


@pytest.mark.parametrize("error", [SystemExit(1), Exits(), asyncio.CancelledError()])
def test_a_receiver_of_job_end_that_exits_ends_no_thread_of_the_worker(
    error: BaseException, told: ToldSoFar
) -> None:
    Noop.enqueue()
    Noop.enqueue()
    with listening(job_end, error=error) as received:
        run_burst_here()
    assert len(received) == 2
    assert len(told(events.AnnouncementFailed)) == 2
