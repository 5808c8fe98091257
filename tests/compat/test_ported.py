"""The calls of RQ that public plugins make: what runs by imports alone, and what is told."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from pgjobs import models
from pgjobs.compat import rq
from pgjobs.exceptions import InvalidArgument
from tests.apps.ported_rq import jobs
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.markdown import DOCS, table
from tests.support.moments import ago
from tests.support.rows import a_worker
from tests.support.worker_process import RunningWorker, run_burst

RUNS, REFUSED = "runs", "is refused at the call"

CALLS = {
    '`@job("high", timeout="10m")`, `f.delay(1, b=2)`': RUNS,
    "`get_queue(name).enqueue(f, 1, b=2, job_timeout=3600)`": RUNS,
    "`enqueue_in()`, `enqueue_at()`": RUNS,
    "`async def`": RUNS,
    "`get_current_job().meta[…] = …`, `save_meta()`": RUNS,
    "`Job.fetch(str(job.job_id), connection=…).is_stopped` in a `JobRunner`": RUNS,
    "`cancel()`, `send_stop_job_command()`": RUNS,
    "`return_value()`, `exc_info`, `requeue()`": RUNS,
    "`StartedJobRegistry`, `ScheduledJobRegistry`, `DeferredJobRegistry`, "
    "`FailedJobRegistry`": RUNS,
    "`Worker.count(connection, queue=…)`, `get_workers_for_queue()`": RUNS,
    "`except JobTimeoutException`": RUNS,
    "`Retry(max=2, interval=[…])` in `@job`": RUNS,
    "a function without `@job`": REFUSED,
    "the method of an object": REFUSED,
    "an argument that JSON can't hold": REFUSED,
    "`depends_on=`, `job_id=`, `on_failure=`, `ttl=`, `repeat=`": REFUSED,
    "`Retry(interval=…)` in a call": REFUSED,
    "`get_worker().work()`, `get_scheduler()`": REFUSED,
    "a connection to Redis": REFUSED,
}
"""Each call, with what becomes of it. The migration guide has the same table."""


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    return with_apps(child_environment, "ported_rq")


def after_burst(environment: Environment, job: Any) -> rq.Job:
    run_burst(environment)
    return rq.Job.fetch(job.id)


def test_the_migration_guide_has_this_table() -> None:
    rows = table(DOCS / "migrating.md", "Call")
    assert {call: outcome.split(":")[0] for call, outcome, *_ in rows} == CALLS


def test_a_delayed_function_tells_how_far_it_is_and_returns_a_value(
    environment: Environment,
) -> None:
    job = after_burst(environment, jobs.import_rows.delay([1, 2], dry_run=True))
    assert job.is_finished
    assert job.return_value() == {"id": job.id, "dry_run": True, "rows": 2}
    assert (job.meta, job.timeout, job.origin) == ({"rows": 2}, 600, "high")
    assert job.description == "Import rows"


def test_a_function_is_enqueued_unless_its_job_waits(environment: Environment) -> None:
    first = jobs.start_unless_running(1)
    assert first is not None
    assert jobs.start_unless_running(2) is None
    job = after_burst(environment, first)
    assert (job.result, job.args, job.kwargs, job.timeout) == (2, (1,), {"second": 1}, 3600)
    assert jobs.start_unless_running(3) is not None


def test_a_coroutine_knows_its_job(environment: Environment) -> None:
    job = after_burst(environment, jobs.add_later.delay(1, second=2))
    assert job.return_value() == {"sum": 3, "id": job.id}


def test_a_job_of_netbox_finds_itself(environment: Environment) -> None:
    key = jobs.SyncPorts.enqueue().pk
    run_burst(environment)
    row = models.Job.objects.get(pk=key)
    assert row.result == {"stopped": False, "started": True, "own": True}, row.error


def test_a_job_knows_itself_in_a_process_of_its_own(environment: Environment) -> None:
    job = jobs.name_the_process.delay()
    isolated = with_settings(environment, ISOLATION="process")["PGJOBS"]
    result = after_burst({**environment, "PGJOBS": isolated}, job).return_value()
    assert result["id"] == job.id
    assert result["pid"] != os.getpid()


def test_meta_is_seen_in_mid_run_and_a_cancelled_job_is_stopped(
    environment: Environment, tmp_path: Path
) -> None:
    job = jobs.report_slowly.delay(str(tmp_path / "never"))
    with RunningWorker(environment):
        eventually(lambda: job.get_meta().get("progress") == "half")
        assert job.is_started
        assert job in rq.StartedJobRegistry("low")
        rq.send_stop_job_command(rq.get_connection(), job.id)
        assert job.is_stopped
        eventually(lambda: models.Job.objects.get(pk=job.id).is_finished)
    assert job.is_stopped
    assert job.id in job_ids(rq.CanceledJobRegistry("low"))
    with pytest.raises(rq.InvalidJobOperation, match="cancelled already"):
        job.cancel()


def job_ids(registry: Any) -> list[str]:
    ids: list[str] = registry.get_job_ids()
    return ids


def test_a_failed_job_was_tried_again_and_can_be_requeued(
    environment: Environment, tmp_path: Path
) -> None:
    tries = tmp_path / "tries"
    job = after_burst(environment, jobs.fail.delay(str(tries)))
    assert job.is_failed
    assert tries.read_text() == "tried\n" * 3
    assert job.exc_info is not None
    assert "in fail" in job.exc_info
    assert "RuntimeError: the device does not answer" in job.exc_info
    assert job_ids(rq.FailedJobRegistry("default")) == [job.id]
    assert job.requeue().is_queued
    assert job_ids(rq.FailedJobRegistry("default")) == []


def test_a_timeout_can_be_caught_to_end_cleanly(environment: Environment) -> None:
    job = rq.get_queue("default", default_timeout=1).enqueue(jobs.end_cleanly, 0)
    job = after_burst(environment, job)
    assert (job.get_status(), job.meta) == ("failed", {"stopped": "cleanly"})


def test_workers_are_counted_before_a_job_is_enqueued(db: None) -> None:
    a_worker(queues=["default"], has_session_lock=False, heartbeat=ago(hours=1))
    assert jobs.start_if_served(1) == "no worker"
    assert rq.get_workers_for_queue("default") == 0
    a_worker(queues=["default"], has_session_lock=False)
    assert isinstance(jobs.start_if_served(1), rq.Job)
    assert rq.get_workers_for_queue("default") == 1
    [worker] = rq.Worker.all(queue="default")
    assert (worker.queue_names(), worker.state) == (["default"], "idle")
    assert rq.Worker.count(queue="low") == 0


def test_a_job_for_later_is_scheduled(db: None) -> None:
    job = jobs.start_later(1)
    registry = rq.ScheduledJobRegistry(queue=rq.get_queue("low"))
    assert job.is_scheduled
    assert job.enqueued_at is None
    assert job_ids(registry) == [job.id]
    assert registry.get_scheduled_time(job) == job.row.scheduled
    assert rq.DeferredJobRegistry("low").get_job_ids() == []


def test_a_function_without_the_decorator_is_refused_with_the_line_to_write(db: None) -> None:
    for function in (jobs.unknown_to_workers, f"{jobs.__name__}.unknown_to_workers", print):
        with pytest.raises(InvalidArgument, match=r"@pgjobs\.compat\.rq\.job above a def"):
            rq.enqueue(function, 1)
    assert not models.Job.objects.exists()


def test_a_method_of_an_object_is_refused_with_the_line_to_write(db: None) -> None:
    with pytest.raises(InvalidArgument, match="above a def at module level"):
        rq.enqueue(jobs.Device().sync)


def test_an_argument_that_json_cannot_hold_is_refused(db: None) -> None:
    with pytest.raises(InvalidArgument, match=r"args\[0\] is <.*Device object .*> of type Device"):
        jobs.add.delay(jobs.Device())  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=re.escape("{str(key): value for key, value in")):
        jobs.import_rows.delay([{7: "a"}])
    assert not models.Job.objects.exists()


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ({"depends_on": "7"}, "Enqueue the next job at the end"),
        ({"job_id": "x"}, "keep the id of the job"),
        ({"on_failure": print}, "job_end"),
        ({"ttl": 60}, "Let the function look at the time"),
        ({"repeat": 3}, r"enqueue_once\(\) with interval=minutes"),
    ],
)
def test_an_option_without_a_meaning_is_refused_with_what_to_do(
    db: None, option: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(InvalidArgument, match=remedy):
        rq.enqueue(jobs.add, 1, **option)
    assert not models.Job.objects.exists()
    empty: list[Any] = []
    for nothing in (None, False, empty):
        assert rq.enqueue(jobs.add, 1, **dict.fromkeys(option, nothing)).is_queued


def test_waits_of_a_call_are_refused_with_the_line_to_write(db: None) -> None:
    retry = rq.Retry(max=2, interval=[10, 60])
    with pytest.raises(InvalidArgument, match=re.escape("Retry(max=2, interval=[10, 60])) above")):
        rq.enqueue(jobs.add, 1, retry=retry)
    assert rq.enqueue(jobs.add, 1, retry=rq.Retry(max=2)).row.max_attempts == 3


@pytest.mark.parametrize("name", ["get_worker", "get_scheduler"])
def test_what_starts_a_process_in_rq_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(InvalidArgument, match=r"manage.py pgjobs_worker|enqueue_at"):
        getattr(rq, name)("default")
    with pytest.raises(InvalidArgument, match="pgjobs_worker"):
        rq.Worker(["default"])


def test_a_connection_to_redis_is_refused(db: None) -> None:
    for call in (rq.get_queue, rq.FailedJobRegistry, rq.Worker.count):
        with pytest.raises(InvalidArgument, match="Leave connection out"):
            call(connection=object())
    with pytest.raises(AttributeError, match="only serves as connection="):
        rq.get_connection().ping()
