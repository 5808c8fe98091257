"""``Job`` and the registries of RQ over rows in every status."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from pgjobs import models
from pgjobs.compat import rq
from pgjobs.exceptions import InvalidArgument, NotSerializable
from pgjobs.netbox import JobRunner
from tests.apps.ported_rq import jobs
from tests.support.moments import ago
from tests.support.rows import a_job

pytestmark = pytest.mark.django_db

STATUSES = [
    ("pending", {}, "queued"),
    ("scheduled", {}, "scheduled"),
    ("running", {}, "started"),
    ("running", {"cancel_requested": ago()}, "stopped"),
    ("completed", {}, "finished"),
    ("errored", {}, "failed"),
    ("failed", {}, "failed"),
    ("cancelled", {"cancel_requested": ago()}, "stopped"),
    ("cancelled", {"started": None}, "canceled"),
]
PROPERTIES = {
    "is_queued": "queued",
    "is_scheduled": "scheduled",
    "is_deferred": "deferred",
    "is_started": "started",
    "is_finished": "finished",
    "is_failed": "failed",
    "is_stopped": "stopped",
    "is_canceled": "canceled",
}
REGISTRIES = {
    "pending": None,
    "scheduled": "scheduled_job_registry",
    "running": "started_job_registry",
    "completed": "finished_job_registry",
    "errored": "failed_job_registry",
    "failed": "failed_job_registry",
    "cancelled": "canceled_job_registry",
}


def fetched(row: models.Job) -> rq.Job:
    return rq.Job.fetch(row.pk)


@pytest.mark.parametrize(("status", "columns", "word"), STATUSES)
def test_a_status_has_the_word_of_rq(status: str, columns: dict[str, Any], word: str) -> None:
    job = fetched(a_job(status, **columns))
    assert job.get_status() == job.get_status(refresh=False) == rq.JobStatus(word)
    assert [name for name in PROPERTIES if getattr(job, name)] == [
        name for name, each in PROPERTIES.items() if each == word
    ]


@pytest.mark.parametrize("status", REGISTRIES)
def test_a_job_stands_in_the_registry_of_its_status(status: str) -> None:
    job = fetched(a_job(status))
    a_job(status, queue_name="low")
    queue = rq.get_queue("default")
    names = {name for name in REGISTRIES.values() if name} | {"deferred_job_registry"}
    found = [name for name in names if job in getattr(queue, name)]
    assert found == ([] if REGISTRIES[status] is None else [REGISTRIES[status]])
    assert queue.job_ids == ([job.id] if status == "pending" else [])
    for name in found:
        registry = getattr(queue, name)
        assert (registry.get_job_ids(), len(registry), registry.count) == ([job.id], 1, 1)
        assert registry.query_set.get().pk == job.row.pk
        assert registry.get_queue() == queue


def test_ids_of_a_registry_come_in_pages_in_both_orders() -> None:
    ids = [str(a_job("completed", completed=ago(minutes=9 - number)).pk) for number in range(4)]
    registry = rq.FinishedJobRegistry()
    assert registry.get_job_ids(1, 2) == ids[1:3]
    assert registry.get_job_ids(desc=True) == ids[::-1]
    assert registry.get_job_ids(0, 0) == ids[:1]


@pytest.mark.parametrize("job_id", ["", "x", "0", "9" * 5000, str(2**63), None, "²"])
def test_an_unknown_id_is_told(job_id: Any) -> None:
    with pytest.raises(rq.NoSuchJobError, match="No job has the id"):
        rq.Job.fetch(job_id)
    assert not rq.Job.exists(job_id)
    assert rq.Job.fetch_many([job_id]) == [None]
    assert rq.get_queue().fetch_job(job_id) is None
    assert job_id not in rq.StartedJobRegistry()


def test_a_queue_fetches_its_own_jobs_alone() -> None:
    job = jobs.add.delay(1)
    assert rq.get_queue("default").fetch_job(job.id) == job
    assert rq.get_queue("low").fetch_job(job.id) is None


def test_a_job_names_its_function_and_its_moments() -> None:
    job = fetched(jobs.add.delay(1, second=2).row)
    assert job.func is jobs.add
    assert job.func_name == "tests.apps.ported_rq.jobs.add"
    assert (job.args, job.kwargs, job.origin) == ((1,), {"second": 2}, "default")
    assert (job.description, job.timeout) == ("add", int(job.row.time_limit.total_seconds()))
    assert job.created_at == job.enqueued_at
    assert (job.started_at, job.ended_at) == (None, None)


def test_a_result_is_read_when_it_is_asked_for() -> None:
    job = jobs.add.delay(1, second=2)
    assert job.result is None
    models.Job.objects.get(pk=job.id).run_here()
    assert job.return_value() == 3
    assert job.exc_info is None


def test_a_failure_without_an_exception_has_its_error_as_text() -> None:
    earlier = {"attempt": 1, "traceback": "of an earlier attempt"}
    for errors in ([], [earlier]):
        row = a_job("errored", error="lost", attempt=2, errors=errors)
        assert fetched(row).exc_info == "lost"


def test_a_waiting_job_is_cancelled_once() -> None:
    job = jobs.add.delay(1)
    rq.cancel_job(job.id)
    assert job.is_canceled
    with pytest.raises(rq.InvalidJobOperation, match="cancelled already"):
        job.cancel()
    with pytest.raises(rq.InvalidJobOperation, match="does not run"):
        rq.send_stop_job_command(None, job.id)


def test_a_finished_job_stays_as_it_is_if_it_is_cancelled() -> None:
    job = fetched(a_job("completed"))
    job.cancel()
    assert job.is_finished


@pytest.mark.parametrize("status", ["pending", "running", "completed", "cancelled"])
def test_only_a_failed_job_is_requeued(status: str) -> None:
    with pytest.raises(rq.InvalidJobOperation, match="only a failed job"):
        rq.requeue_job(a_job(status).pk)


def test_a_registry_requeues_and_deletes() -> None:
    job = fetched(a_job("failed"))
    registry = rq.FailedJobRegistry()
    assert registry.requeue(job.id).is_queued
    with pytest.raises(InvalidArgument, match="delete_job=True"):
        registry.remove(job)
    registry.remove(job, delete_job=True)
    with pytest.raises(rq.InvalidJobOperation, match="was deleted"):
        job.get_status()
    with pytest.raises(rq.NoSuchJobError):
        job.refresh()


def test_meta_is_stored_by_save_alone_and_read_again_on_request() -> None:
    job = jobs.add.delay(1)
    other = fetched(job.row)
    job.meta["a"] = timezone.now()
    assert fetched(job.row).meta == {}
    job.save()
    assert fetched(job.row).meta == job.meta
    assert other.get_meta(refresh=False) == {}
    assert other.get_meta() == job.meta
    job.meta = {"b": 1}
    job.save_meta()
    other.refresh()
    assert other.meta == {"b": 1}


def test_meta_that_json_cannot_hold_is_refused() -> None:
    job = jobs.add.delay(1)
    job.meta["a"] = object()
    with pytest.raises(NotSerializable, match=r"meta\['a'\]"):
        job.save_meta()


def test_meta_of_a_deleted_job_is_told() -> None:
    job = jobs.add.delay(1)
    fetched(job.row).delete()
    with pytest.raises(rq.NoSuchJobError, match="was deleted"):
        job.save_meta()


def test_an_attribute_that_a_job_does_not_have_is_told_when_it_is_read_and_when_it_is_set() -> None:
    job = jobs.add.delay(1)
    with pytest.raises(AttributeError, match=r"job\.return_value\(\)"):
        _ = job.latest_result
    with pytest.raises(AttributeError):
        job.result_ttl = 5  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"queue\.enqueue\("):
        _ = rq.get_queue().create_job


def test_an_option_of_another_call_is_refused() -> None:
    job = jobs.add.delay(1)
    with pytest.raises(InvalidArgument, match="enqueue_dependents=True"):
        job.cancel(enqueue_dependents=True)
    with pytest.raises(InvalidArgument, match="serializer"):
        rq.Job.fetch(job.id, serializer=object())
    job.cancel(enqueue_dependents=False)


def test_outside_of_a_job_there_is_no_current_one() -> None:
    assert rq.get_current_job() is None


def test_an_immediate_job_inside_another_is_the_current_one_until_it_ends() -> None:
    row = Outer.enqueue(immediate=True)
    seen = models.Job.objects.get(pk=row.pk).result
    assert seen["before"] == seen["after"] == str(row.pk)
    assert seen["inside"] == seen["expected"] != seen["before"]
    assert rq.get_current_job() is None


class Outer(JobRunner):
    class Meta:
        name = "Outer"

    def run(self) -> dict[str, Any]:
        before = rq.get_current_job()
        inside = rq.get_queue("default", is_async=False).enqueue(jobs.name_the_process)
        after = rq.get_current_job()
        assert before is not None
        assert after is not None
        result = inside.return_value()
        ids = {"before": before.id, "after": after.id}
        return {**ids, "inside": result["id"], "expected": inside.id}
