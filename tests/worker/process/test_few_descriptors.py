"""A worker whose jobs keep nearly all of its descriptors open harms no job until it is replaced."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgjobs import events
from pgjobs.models import Job
from pgjobs.worker.process.child import EXIT_BROKEN
from tests.apps.testapp.jobs import Coroutine, Held, Tracing
from tests.apps.unruly.jobs import KeepsFilesOpen
from tests.support import traces
from tests.support.environment import Environment
from tests.support.job_status import until_status
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.worker_process import supervised_unruly_worker

END_CLAIMS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'pgjobs claims' AND datname = current_database()
"""


def last_chance() -> Job:
    return a_job("pending", job_class=Tracing.path, interruptions=2)


def test_the_outcome_of_a_first_job_that_takes_all_descriptors_is_recorded(
    child_environment: Environment,
) -> None:
    job = KeepsFilesOpen.enqueue()
    with supervised_unruly_worker(child_environment, "-c", "1"):
        until_status(job, "completed")
    job.refresh_from_db()
    assert (job.epoch, job.interruptions) == (1, 0)


@pytest.mark.parametrize("spare", [0, 1])
@pytest.mark.parametrize("enqueue", [Coroutine.enqueue, last_chance])
def test_a_job_that_finds_no_descriptor_for_its_start_goes_back_and_its_neighbour_goes_on(
    child_environment: Environment, spare: int, enqueue: Callable[[], Job]
) -> None:
    with supervised_unruly_worker(child_environment, "-c", "3") as worker:
        held = Held.enqueue()
        traces.until("started")
        until_status(KeepsFilesOpen.enqueue(spare=spare), "completed")
        job = enqueue()
        interruptions = job.interruptions
        worker.until_told(events.JobNotStarted, job=job.pk)
        worker.until_told(events.FilesExhausted)
        traces.release()
        until_status(held, "completed")
        until_status(job, "completed")
        assert not worker.told(events.ChildEnded, code=EXIT_BROKEN)
    job.refresh_from_db()
    held.refresh_from_db()
    assert (held.interruptions, job.interruptions) == (0, interruptions)


def test_a_connection_that_is_lost_while_there_is_no_descriptor_costs_no_job_its_worker(
    child_environment: Environment,
) -> None:
    with supervised_unruly_worker(child_environment, "-c", "2") as worker:
        held = Held.enqueue()
        traces.until("started")
        until_status(KeepsFilesOpen.enqueue(), "completed")
        query(END_CLAIMS)  # leaves one descriptor, and a connection needs two
        worker.until_told(events.FilesExhausted)
        traces.release()
        until_status(held, "completed")
        until_status(Tracing.enqueue(), "completed")
        assert not worker.told(events.ChildEnded, code=EXIT_BROKEN)
    held.refresh_from_db()
    assert held.interruptions == 0
