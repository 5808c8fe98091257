"""Sentry: transactions that continue the producer's trace, and errors that are reported once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("sentry_sdk", reason="The extra sentry is not installed.")

import sentry_sdk
from django.db import IntegrityError, transaction
from django.utils import timezone
from sentry_sdk import integrations
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

from pgjobs import BackgroundJob, events, tracing
from pgjobs.events import telling
from pgjobs.models import Job
from pgjobs.sentry import PgJobsIntegration
from tests.apps.traced import jobs
from tests.support.sql import query
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue")

Captured = list[dict[str, Any]]


class Kept(Transport):
    """Keeps what the SDK would send."""

    events: Captured = []

    def capture_envelope(self, envelope: Envelope) -> None:
        for item in envelope.items:
            if (event := item.get_event() or item.get_transaction_event()) is not None:
                self.events.append(dict(event))


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    monkeypatch.setattr(Kept, "events", [])
    monkeypatch.setattr(tracing, "tracers", ())
    subscriptions = telling._subscriptions
    init()
    yield Kept.events
    sentry_sdk.get_global_scope().set_client(None)
    telling._subscribe(subscriptions)


def init(**options: Any) -> None:
    # Sentry sets each integration up once in the life of a process, and tests share a process.
    integrations._processed_integrations.discard(PgJobsIntegration.identifier)
    telling._subscribe(
        tuple(each for each in telling._subscriptions if each[1].__module__ != "pgjobs.sentry")
    )
    tracing.tracers = ()
    sentry_sdk.init(
        "https://key@example.org/1",
        transport=Kept,
        traces_sample_rate=1.0,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(), DedupeIntegration(), PgJobsIntegration(**options)],
    )


def errors(captured: Captured) -> Captured:
    return [event for event in captured if event.get("type") != "transaction"]


def run_of(captured: Captured, job: Job) -> dict[str, Any]:
    (run,) = [
        event
        for event in captured
        if event.get("type") == "transaction"
        and event["contexts"]["trace"]["data"].get("messaging.message.id") == str(job.pk)
    ]
    return run


def test_a_run_is_a_transaction_that_continues_the_trace_of_its_producer(
    captured: Captured,
) -> None:
    with sentry_sdk.start_transaction(name="request"):
        job = jobs.Traced.enqueue(secret="s3cret")
    run_burst_here()

    request = captured[0]
    (publish,) = request["spans"]
    assert publish["op"] == "queue.publish"
    assert publish["data"]["messaging.message.id"] == str(job.pk)
    assert publish["data"]["messaging.destination.name"] == "default"
    run = run_of(captured, job)
    trace = run["contexts"]["trace"]
    assert trace["trace_id"] == request["contexts"]["trace"]["trace_id"]
    assert trace["parent_span_id"] == publish["span_id"]
    assert (trace["op"], trace["status"], trace["origin"]) == (
        "queue.process",
        "ok",
        "auto.queue.pgjobs",
    )
    assert run["transaction"] == jobs.Traced.path
    assert run["transaction_info"] == {"source": "task"}
    data = trace["data"]
    assert data["messaging.system"] == "pgjobs"
    assert data["messaging.destination.name"] == "default"
    assert data["messaging.message.retry.count"] == 0
    assert data["messaging.message.receive.latency"] >= 0
    assert "s3cret" not in str(captured)


def test_an_errored_job_is_reported_once_and_with_its_context(captured: Captured) -> None:
    job = jobs.Raises.enqueue(secret="s3cret")
    run_burst_here()

    (error,) = errors(captured)
    assert error["exception"]["values"][0]["type"] == "ValueError"
    assert error["exception"]["values"][0]["mechanism"] == {"type": "pgjobs", "handled": False}
    described = error["contexts"]["pgjobs job"]
    assert described["id"] == job.pk
    assert described["job_class"] == jobs.Raises.path
    assert error["tags"] == {"pgjobs_class": jobs.Raises.path, "pgjobs_queue": "default"}
    trace = run_of(captured, job)["contexts"]["trace"]
    assert error["contexts"]["trace"]["trace_id"] == trace["trace_id"]
    assert error["contexts"]["trace"]["span_id"] == trace["span_id"]
    assert trace["status"] == "internal_error"
    assert "s3cret" not in str(error["contexts"])


def test_an_errored_immediate_job_is_reported_once(captured: Captured) -> None:
    jobs.Raises.enqueue(immediate=True)

    assert len(errors(captured)) == 1


@pytest.mark.parametrize("job_class", [jobs.SucceedsLater, jobs.AsksAgain, jobs.Fails])
def test_an_attempt_that_did_not_error_for_good_is_not_reported(
    captured: Captured, job_class: type[BackgroundJob]
) -> None:
    job_class.enqueue()
    run_burst_here()

    assert errors(captured) == []


def test_an_attempt_is_reported_if_asked(captured: Captured) -> None:
    init(report_attempts=True)
    jobs.SucceedsLater.enqueue()
    run_burst_here()

    (error,) = errors(captured)
    assert error["contexts"]["pgjobs job"]["attempt"] == 1


def test_each_run_of_a_recurring_job_has_a_trace_of_its_own(captured: Captured) -> None:
    with sentry_sdk.start_transaction(name="request"):
        job = jobs.Traced.enqueue_once(interval=5)
    run_burst_here()

    ids = [event["contexts"]["trace"]["trace_id"] for event in (captured[0], run_of(captured, job))]
    assert len(set(ids)) == 2


def test_headers_given_by_the_caller_stay(captured: Captured) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    job = jobs.Traced.enqueue(meta={"sentry-trace": f"{trace}-{parent}-1"})
    run_burst_here()

    assert job.meta == {"sentry-trace": f"{trace}-{parent}-1"}
    assert run_of(captured, job)["contexts"]["trace"]["parent_span_id"] == parent


def test_the_baggage_of_others_stays_beside_sentrys(captured: Captured) -> None:
    with sentry_sdk.start_transaction(name="request"):
        job = jobs.Traced.enqueue(meta={"baggage": "tenant=acme"})

    assert job.meta["baggage"].startswith("tenant=acme,sentry-")


def test_jobs_of_enqueue_many_share_one_span(captured: Captured) -> None:
    with sentry_sdk.start_transaction(name="request"):
        ids = jobs.Traced.enqueue_many({} for _ in range(3))
    run_burst_here()

    (publish,) = captured[0]["spans"]
    assert publish["data"]["messaging.batch.message_count"] == 3
    parents = {
        run_of(captured, Job(pk=each))["contexts"]["trace"]["parent_span_id"] for each in ids
    }
    assert parents == {publish["span_id"]}


def test_a_process_without_a_client_runs_its_jobs(captured: Captured) -> None:
    sentry_sdk.get_global_scope().set_client(None)
    job = jobs.Traced.enqueue()
    run_burst_here()

    job.refresh_from_db()
    assert (job.status, job.meta) == ("completed", None)
    assert captured == []


def test_a_report_leaves_out_the_values_of_a_refused_row(captured: Captured) -> None:
    job = jobs.Raises.enqueue(secret="s3cret")
    with transaction.atomic():
        query("ALTER TABLE pgjobs_job ADD CONSTRAINT house CHECK (status = 'none') NOT VALID")
        with pytest.raises(IntegrityError, match="s3cret") as caught, transaction.atomic():
            Job.objects.filter(pk=job.pk).update(status="running", started=timezone.now())
        transaction.set_rollback(True)
    events.tell(events.JobErrored(job, caught.value))

    (error,) = errors(captured)
    said = [each["value"] for each in error["exception"]["values"]]
    assert len(said) == 2
    assert all("house" in each and "s3cret" not in each for each in said)
