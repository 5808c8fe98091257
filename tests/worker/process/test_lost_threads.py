"""A worker process that loses a thread ends: otherwise its jobs would wait for ever."""

from __future__ import annotations

import pytest

from pgjobs import BackgroundJob, events
from pgjobs.worker.process.child import EXIT_BROKEN
from tests.apps.testapp.jobs import Tracing
from tests.apps.unruly.jobs import (
    Dozes,
    LosesAThread,
    SpoilsTheLog,
    SpoilsTheLogOfTheRecorder,
    SpoilsTheLogOnTheLoop,
    TakesTheHookOfThreads,
)
from tests.support import traces
from tests.support.environment import Environment
from tests.support.job_status import until_status
from tests.support.worker_process import supervised_unruly_worker


@pytest.mark.parametrize(
    ("job_class", "line"),
    [
        (SpoilsTheLog, "completed in"),
        (SpoilsTheLogOnTheLoop, "completed in"),
        (SpoilsTheLogOfTheRecorder, "has moved on"),
    ],
)
def test_a_process_that_loses_a_thread_ends_and_is_replaced(
    child_environment: Environment, job_class: type[BackgroundJob], line: str
) -> None:
    spoiling = job_class.enqueue(line=line)
    with supervised_unruly_worker(child_environment, "-c", "1") as worker:
        worker.until_told(events.ChildEnded, code=EXIT_BROKEN)
        after = Tracing.enqueue()
        for job in (spoiling, after):
            until_status(job, "completed")
        assert "Fatal" in worker.output
    assert traces.labels() == ["ran"]
    spoiling.refresh_from_db()
    assert (spoiling.attempt, spoiling.interruptions) == (1, 1)


@pytest.mark.parametrize("job_class", [LosesAThread, TakesTheHookOfThreads])
def test_a_process_outlives_what_a_job_does_to_its_own_threads(
    child_environment: Environment, job_class: type[BackgroundJob]
) -> None:
    with supervised_unruly_worker(child_environment, "-c", "1") as worker:
        for each in (job_class, Dozes, Tracing):  # a coroutine needs another thread: the event loop
            until_status(each.enqueue(), "completed")
        assert not worker.told(events.ChildEnded)
