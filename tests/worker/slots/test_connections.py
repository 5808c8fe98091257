"""A job that misuses its database connection does not hurt the next job."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apps.testapp.jobs import (
    AsksWhoItIs,
    Careless,
    CarelessCoroutine,
    HeldInThread,
    Noop,
    Tracing,
    TracingCoroutine,
)
from tests.support import traces
from tests.support.environment import Environment
from tests.support.job_status import status_of, until_status
from tests.support.sessions import ROLE, backends, terminate
from tests.support.sql import query
from tests.support.worker_process import RunningWorker, run_burst

WAYS = {
    "leave_autocommit_off": "errored",  # its writes are undone
    "leave_a_block_open": "errored",
    "leave_a_bare_transaction_open": "errored",
    "leave_a_broken_transaction": "errored",
    "close_it": "completed",
    "lose_it": "completed",
    "replace_it": "completed",
    "lose_it_with_a_driver_that_minds": "completed",
}


@pytest.mark.parametrize("how", WAYS)
def test_the_job_after_one_that_misused_its_connection_has_a_sound_one(
    child_environment: Environment, how: str
) -> None:
    careless, next_one = Careless.enqueue(how=how), Tracing.enqueue(label="next")
    run_burst(child_environment, "-c", "1")
    assert status_of(careless) == WAYS[how]
    assert status_of(next_one) == "completed"
    assert traces.labels() == ["next"]


@pytest.mark.parametrize("how", WAYS)
def test_the_coroutine_after_one_that_misused_its_connection_has_a_sound_one(
    child_environment: Environment, how: str
) -> None:
    careless = CarelessCoroutine.enqueue(how=how)
    next_one = TracingCoroutine.enqueue(label="next")
    run_burst(child_environment, "-c", "1")
    assert status_of(careless) == WAYS[how]
    assert status_of(next_one) == "completed"
    assert traces.labels() == ["next"]


def test_a_coroutine_does_not_wait_for_the_queries_of_another(
    child_environment: Environment,
) -> None:
    held = HeldInThread.enqueue()
    with RunningWorker(child_environment, "-c", "2"):
        traces.until("started")
        other = TracingCoroutine.enqueue()
        until_status(other, "completed")
        traces.release()
        until_status(held, "completed")


def test_a_worker_whose_connections_are_all_ended_goes_on(child_environment: Environment) -> None:
    with RunningWorker(child_environment, "-c", "1") as worker:
        for label in ("before", "after", "long after"):
            job = Tracing.enqueue(label=label)
            until_status(job, "completed")
            terminate(backends())
        assert worker.stop() == 0
    assert traces.labels() == ["before", "after", "long after"]


def test_slots_share_a_pool_that_has_fewer_connections_than_there_are_slots(
    child_environment: Environment,
) -> None:
    url = f"{child_environment['DATABASE_URL']}?pool=true"  # four connections
    jobs = [Tracing.enqueue(seconds=0.2) for _ in range(12)]
    run_burst({**child_environment, "DATABASE_URL": url}, "-c", "6")
    assert [status_of(job) for job in jobs] == ["completed"] * 12


@pytest.fixture
def assumed_role(child_environment: Environment) -> Iterator[Environment]:
    """The environment of processes whose connections are set up with one statement: SET ROLE."""
    query(f"CREATE ROLE {ROLE} SUPERUSER")
    url = f"{child_environment['DATABASE_URL']}?assume_role={ROLE}"
    yield {**child_environment, "DATABASE_URL": url}
    query(f"DROP ROLE {ROLE}")


def test_a_connection_that_failed_during_its_setup_is_not_kept(
    assumed_role: Environment,
) -> None:
    with RunningWorker(assumed_role, "-c", "1"):
        # The engine's own connections assume the role as well. This job opens the recorder's, and
        # none in its slot.
        until_status(Noop.enqueue(), "completed")
        query(f"ALTER ROLE {ROLE} RENAME TO {ROLE}_away")
        failed = AsksWhoItIs.enqueue()
        until_status(failed, "errored")
        query(f"ALTER ROLE {ROLE}_away RENAME TO {ROLE}")
        job = AsksWhoItIs.enqueue()
        until_status(job, "completed")
    failed.refresh_from_db()
    job.refresh_from_db()
    assert f'role "{ROLE}" does not exist' in failed.error
    assert job.result == ROLE
