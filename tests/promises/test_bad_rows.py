"""Bad rows and bad code: each ends as the row of its own job, and the worker goes on with the next
job."""

from __future__ import annotations

from typing import Any

import pytest

from pgjobs import BackgroundJob
from pgjobs.models import Job
from tests.apps.testapp.jobs import Charging, Noop, Tracing, TracingCoroutine
from tests.apps.unruly.jobs import (
    ExitsAsCoroutine,
    Forks,
    ForksAsCoroutine,
    Misbehaves,
    StopsTheLoop,
)
from tests.support import traces
from tests.support.job_status import status_of
from tests.support.worker_process import run_burst_here, unruly_worker

pytestmark = pytest.mark.usefixtures("empty_queue")


def ended(job: Job) -> Job:
    """Return the job after a worker with one slot has run it, and another job after it."""
    after = Tracing.enqueue()
    run_burst_here("--concurrency", "1")
    job.refresh_from_db()
    after.refresh_from_db()
    assert (after.status, traces.labels()) == ("completed", ["ran"])
    return job


def with_row(**columns: Any) -> Job:
    job = Noop.enqueue()
    Job.objects.filter(pk=job.pk).update(**columns)
    return job


def test_a_job_of_an_unknown_class_is_errored_and_the_worker_goes_on() -> None:
    job = ended(with_row(job_class="plugin.that.is.gone"))

    assert job.status == "errored"
    assert "'plugin.that.is.gone' is not registered" in job.error


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"at": {"$datetime": "nonsense"}}, "kwargs['at'] holds a str that is not"),
        ({"at": {"$invented": 1}}, "'$invented', which pgjobs does not know"),
        ({"at": {"$model": ["testapp.site", 404]}}, "kwargs['at'] is a testapp.Site"),
        ({"at": {"$model": "nonsense"}}, "$model"),
        ({"at": {"$timedelta": [1e300, 0, 0]}}, "$timedelta"),
        ([1, 2], "argument"),
        ("text", "argument"),
    ],
)
def test_a_job_whose_arguments_do_not_decode_is_errored_and_the_worker_goes_on(
    kwargs: Any, reason: str
) -> None:
    job = ended(with_row(kwargs=kwargs))

    assert (job.status, reason in job.error) == ("errored", True), job.error


def test_an_argument_that_does_not_decode_is_named_by_its_path_and_its_value_stands_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kwargs = {"payment": {"card": {"$date": "hunter2"}}}

    job = ended(with_row(job_class=Charging.path, kwargs=kwargs))

    assert "kwargs['payment']['card'] holds a str" in job.error
    assert "hunter2" not in f"{job.error} {job.errors} {caplog.text}"


def test_a_job_with_arguments_that_run_does_not_take_is_errored_and_the_worker_goes_on() -> None:
    job = ended(with_row(job_class=Misbehaves.path, kwargs={"what": "nothing"}))

    assert job.status == "errored"
    assert "unexpected keyword argument 'what'" in job.error


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raises_the_unspeakable", "Unspeakable (showing it raised RuntimeError)"),
        ("raises_system_exit", "SystemExit(3)"),
        ("raises_keyboard_interrupt", "KeyboardInterrupt()"),
        ("leaves_a_block_open", "left a transaction open"),
        ("leaves_a_bare_transaction_open", "left a transaction open"),
        ("leaves_autocommit_off", "left a transaction open"),
        ("closes_the_connection_under_django", "the connection is closed"),
        ("ends_its_backend", "terminating connection"),
        ("leaves_data_that_has_no_end", "RecursionError"),
        ("leaves_data_that_fights_back", "Unspeakable"),
        ("sets_what_is_no_number_of_attempts", "can't be judged"),
        ("raises_what_cannot_be_judged", "can't be judged: KeyboardInterrupt"),
    ],
)
def test_a_job_that_misbehaves_is_errored_and_the_worker_goes_on(how: str, reason: str) -> None:
    job = ended(Misbehaves.enqueue(how=how))

    assert (job.status, reason in job.error) == ("errored", True), (job.status, job.error)


def test_a_coroutine_that_exits_is_errored_and_the_worker_goes_on(
    child_environment: dict[str, str],
) -> None:
    job, after = ExitsAsCoroutine.enqueue(), TracingCoroutine.enqueue(label="after")
    with unruly_worker(child_environment, "-c", "1", "--burst") as worker:
        assert worker.wait() == 0
    job.refresh_from_db()
    after.refresh_from_db()
    assert (job.status, job.error) == ("errored", "SystemExit(3)")
    assert (after.status, traces.labels()) == ("completed", ["after"])


@pytest.mark.parametrize("job_class", [Forks, ForksAsCoroutine])
@pytest.mark.parametrize(("how", "code"), [("exits", 7), ("raises", 1), ("returns", 0)])
def test_a_process_that_a_job_forks_ends_with_run_and_runs_no_job(
    child_environment: dict[str, str], job_class: type[BackgroundJob], how: str, code: int
) -> None:
    job = job_class.enqueue(how=how, timeout=60)
    Tracing.enqueue_many([{}] * 200)
    with unruly_worker(child_environment, "-c", "1", "--burst") as worker:
        assert worker.wait(60) == 0
    job.refresh_from_db()
    assert (job.status, job.result, traces.labels()) == ("completed", code, ["ran"] * 200)


def test_a_coroutine_that_stops_the_event_loop_delays_no_other(
    child_environment: dict[str, str],
) -> None:
    jobs = [StopsTheLoop.enqueue(), *(TracingCoroutine.enqueue(timeout=300) for _ in range(3))]
    with unruly_worker(child_environment, "-c", "2", "--burst") as worker:
        assert worker.wait() == 0
    assert [status_of(job) for job in jobs] == ["completed"] * 4


def test_a_job_that_sets_an_error_that_cannot_be_shown_completes_with_a_substitute() -> None:
    job = ended(Misbehaves.enqueue(how="leaves_an_error_that_cannot_be_shown"))

    assert (job.status, job.error) == ("completed", "Unspeakable (showing it raised RuntimeError)")


def test_a_job_that_closes_its_connection_completes_and_the_worker_goes_on() -> None:
    assert ended(Misbehaves.enqueue(how="closes_the_connection")).status == "completed"


def test_a_job_that_sets_what_is_no_timeout_completes_and_the_worker_goes_on() -> None:
    assert ended(Misbehaves.enqueue(how="sets_what_is_no_timeout")).status == "completed"


def test_a_job_that_logs_binary_text_completes_with_an_escaped_log() -> None:
    job = ended(Misbehaves.enqueue(how="logs_binary"))

    assert job.status == "completed"
    assert r"\x00" in job.log_entries.earliest("id").message
    assert r"\udce9" in job.log_entries.latest("id").message


@pytest.mark.parametrize("how", ["returns_50_megabytes", "returns_what_has_no_end"])
def test_a_job_with_an_excessive_result_completes_without_it_and_the_log_says_so(how: str) -> None:
    job = ended(Misbehaves.enqueue(how=how))

    assert (job.status, job.result) == ("completed", None)
    assert job.log_entries.get().message.startswith("Not kept as the job's result")
