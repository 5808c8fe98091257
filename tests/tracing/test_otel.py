"""Spans of OpenTelemetry: their names, attributes and parents, on each path of a job."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="The extra otel is not installed.")

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pgjobs import BackgroundJob, events, tracing
from pgjobs.models import Job
from pgjobs.otel import PgJobsInstrumentor
from tests.apps.traced import jobs
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue")

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Spans:
    """The spans that have ended so far."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def of(self, kind: str, job: Job | None = None) -> list[ReadableSpan]:
        """Return the spans of the operation ``kind`` with the id of ``job``, in their order."""
        return [
            span
            for span in self._exporter.get_finished_spans()
            if _of(span).get("messaging.operation.name") == kind
            and (job is None or _of(span).get("messaging.message.id") == str(job.pk))
        ]

    def one(self, kind: str, job: Job | None = None) -> ReadableSpan:
        (span,) = self.of(kind, job)
        return span


@pytest.fixture
def spans() -> Iterator[Spans]:
    """The spans of this process, made while the test runs."""
    spans = Spans()
    PgJobsInstrumentor().instrument(tracer_provider=spans.provider)
    yield spans
    PgJobsInstrumentor().uninstrument()
    assert tracing.tracers == ()


@pytest.fixture
def linking_spans(spans: Spans) -> Spans:
    PgJobsInstrumentor().uninstrument()
    PgJobsInstrumentor().instrument(tracer_provider=spans.provider, propagation_style="link")
    return spans


def _of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def is_child(span: ReadableSpan, parent: ReadableSpan) -> bool:
    return (
        span.parent is not None
        and span.parent.span_id == parent.context.span_id
        and span.context.trace_id == parent.context.trace_id
    )


def links(span: ReadableSpan) -> list[int]:
    return [link.context.span_id for link in span.links]


def id_of(span: ReadableSpan) -> str:
    return format(span.context.span_id, "016x")


def result_of(job: Job) -> Any:
    return Job.objects.get(pk=job.pk).result


def test_a_job_that_completes_has_a_producer_and_a_consumer_in_one_trace(spans: Spans) -> None:
    with spans.provider.get_tracer("request").start_as_current_span("request") as request:
        job = jobs.Traced.enqueue(secret="s3cret")
    run_burst_here()

    sent, run = spans.one("send"), spans.one("process")
    assert (sent.name, sent.kind) == ("send default", trace.SpanKind.PRODUCER)
    assert (run.name, run.kind) == ("process default", trace.SpanKind.CONSUMER)
    assert is_child(sent, request)  # type: ignore[arg-type]
    assert is_child(run, sent)
    assert links(run) == [sent.context.span_id]
    assert result_of(job) == id_of(run)
    assert _of(sent) == {
        "messaging.system": "pgjobs",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "default",
        "messaging.message.id": str(job.pk),
        "messaging.pgjobs.job.class": jobs.Traced.path,
    }
    worker = _of(run).pop("messaging.client.id")
    assert worker == str(Job.objects.get(pk=job.pk).worker_id or worker)
    assert {name: value for name, value in _of(run).items() if name != "messaging.client.id"} == {
        "messaging.system": "pgjobs",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "default",
        "messaging.message.id": str(job.pk),
        "messaging.pgjobs.job.class": jobs.Traced.path,
        "messaging.pgjobs.job.attempt": 1,
        "messaging.pgjobs.job.interruptions": 0,
        "messaging.pgjobs.job.status": "completed",
    }
    assert run.status.status_code == trace.StatusCode.UNSET
    assert "s3cret" not in run.to_json() + sent.to_json()


@pytest.mark.parametrize(
    "job_class",
    [jobs.TracedCoroutine, jobs.TracedInCoroutineOfThread, jobs.TracedAtomic],
)
def test_a_run_of_any_kind_is_inside_its_span(spans: Spans, job_class: type[BackgroundJob]) -> None:
    some = [job_class.enqueue() for _ in range(3)]
    run_burst_here("-c", "1")

    for job in some:
        run = spans.one("process", job)
        assert is_child(run, spans.one("send", job))
        assert result_of(job) == id_of(run)


def test_an_immediate_job_runs_beside_its_producer_and_in_its_trace(spans: Spans) -> None:
    with spans.provider.get_tracer("request").start_as_current_span("request") as request:
        job = jobs.Traced.enqueue(immediate=True)
        assert trace.get_current_span() is request

    sent, run = spans.one("send", job), spans.one("process", job)
    assert is_child(run, sent)
    assert sent.end_time is not None
    assert run.start_time is not None
    assert sent.end_time <= run.start_time
    assert result_of(job) == id_of(run)


def test_a_waiting_job_that_its_caller_runs_belongs_to_its_producer(spans: Spans) -> None:
    job = jobs.Traced.enqueue()
    jobs.Traced.handle(job)

    assert is_child(spans.one("process", job), spans.one("send", job))


def test_a_job_of_sql_begins_a_trace(spans: Spans) -> None:
    run_burst_here()  # it tells SQL which classes there are
    connection.cursor().execute(f"SELECT pgjobs_enqueue('{jobs.Traced.path}')")
    run_burst_here()

    run = spans.one("process")
    assert run.parent is None
    assert run.links == ()


def test_a_trace_context_given_by_the_caller_stays(spans: Spans) -> None:
    job = jobs.Traced.enqueue(meta={"traceparent": GIVEN, "mine": 1})
    run_burst_here()

    assert job.meta == {"traceparent": GIVEN, "mine": 1}
    run = spans.one("process", job)
    assert format(run.context.trace_id, "032x") in GIVEN
    assert format(links(run)[0], "016x") in GIVEN
    assert format(links(spans.one("send"))[0], "016x") in GIVEN


@pytest.mark.parametrize("meta", ['{"traceparent": 7}', '{"traceparent": "nonsense"}', "[1]", "3"])
def test_odd_meta_begins_a_trace(spans: Spans, meta: str) -> None:
    job = jobs.Traced.enqueue()
    connection.cursor().execute("UPDATE pgjobs_job SET meta = %s::jsonb", [meta])
    run_burst_here()

    run = spans.one("process", job)
    assert run.parent is None
    assert result_of(job) == id_of(run)


def test_baggage_reaches_the_run(spans: Spans) -> None:
    token = context.attach(baggage.set_baggage("tenant", "acme"))
    job = jobs.Traced.enqueue()
    context.detach(token)

    assert job.meta["baggage"] == "tenant=acme"
    assert job.meta.keys() == {"traceparent", "baggage"}


def test_jobs_of_enqueue_many_share_one_span_and_link_to_it(spans: Spans) -> None:
    ids = jobs.Traced.enqueue_many({"number": number} for number in range(3))
    run_burst_here()

    sent, runs = spans.one("send"), spans.of("process")
    assert _of(sent)["messaging.batch.message_count"] == 3
    assert "messaging.message.id" not in _of(sent)
    assert {_of(run)["messaging.message.id"] for run in runs} == {str(each) for each in ids}
    assert all(run.parent is None and links(run) == [sent.context.span_id] for run in runs)
    assert len({run.context.trace_id for run in runs}) == 3


def test_enqueue_many_of_nothing_has_no_span(spans: Spans) -> None:
    assert jobs.Traced.enqueue_many([]) == []
    assert spans.of("send") == []


def test_a_place_that_is_taken_is_told_by_the_span(spans: Spans) -> None:
    first = jobs.Traced.enqueue_once()
    assert jobs.Traced.enqueue_once() == first

    one, other = spans.of("send", first)
    assert "messaging.pgjobs.job.existed" not in _of(one)
    assert _of(other)["messaging.pgjobs.job.existed"] is True


def test_each_run_of_a_recurring_job_has_a_trace_that_links_to_the_producer(spans: Spans) -> None:
    jobs.Traced.enqueue_once(interval=5)
    run_burst_here()
    Job.objects.filter(status="scheduled").update(scheduled=timezone.now() - timedelta(hours=1))
    run_burst_here()

    sent, runs = spans.one("send"), spans.of("process")
    assert len(runs) == 2
    assert all(run.parent is None and links(run) == [sent.context.span_id] for run in runs)
    assert len({span.context.trace_id for span in (sent, *runs)}) == 3


def test_each_attempt_has_a_span(spans: Spans) -> None:
    job = jobs.SucceedsLater.enqueue()
    run_burst_here()

    first, second = spans.of("process", job)
    assert [_of(span)["messaging.pgjobs.job.attempt"] for span in (first, second)] == [1, 2]
    assert _of(first)["messaging.pgjobs.job.status"] == "scheduled"
    assert _of(second)["messaging.pgjobs.job.status"] == "completed"
    assert first.status.status_code == trace.StatusCode.ERROR
    assert second.status.status_code == trace.StatusCode.UNSET
    assert all(is_child(run, spans.one("send")) for run in (first, second))


@pytest.mark.parametrize(
    ("job_class", "status", "error"),
    [
        (jobs.Raises, "errored", "builtins.ValueError"),
        (jobs.Fails, "failed", "pgjobs.exceptions.JobFailed"),
        (jobs.TakesTooLong, "errored", "pgjobs.exceptions.JobTimeout"),
        (jobs.TakesTooLongOnLoop, "errored", "pgjobs.exceptions.JobTimeout"),
        (jobs.AsksAgain, "scheduled", "pgjobs.exceptions.Retry"),
    ],
)
def test_a_failed_attempt_has_its_error(
    spans: Spans, job_class: type[BackgroundJob], status: str, error: str
) -> None:
    job = job_class.enqueue()
    run_burst_here()

    run = spans.of("process", job)[0]
    assert _of(run)["messaging.pgjobs.job.status"] == status
    assert _of(run)["error.type"] == error
    assert run.status.status_code == trace.StatusCode.ERROR
    (event,) = run.events
    assert event.name == "exception"
    assert (event.attributes or {})["exception.type"] == error
    assert "Traceback" in str((event.attributes or {})["exception.stacktrace"])


def test_an_attempt_that_snoozes_or_is_cancelled_is_no_error(spans: Spans) -> None:
    slept, cancelled = jobs.Sleeps.enqueue(), jobs.CancelsItself.enqueue()
    run_burst_here()

    for job, status in ((slept, "scheduled"), (cancelled, "cancelled")):
        run = spans.of("process", job)[0]
        assert _of(run)["messaging.pgjobs.job.status"] == status
        assert run.status.status_code == trace.StatusCode.UNSET


@pytest.mark.parametrize(("status", "is_error"), [("completed", False), ("failed", True)])
def test_a_job_that_ends_itself_tells_its_own_end(
    spans: Spans, status: str, is_error: bool
) -> None:
    job = jobs.Terminates.enqueue(status=status)
    run_burst_here()

    run = spans.one("process", job)
    assert _of(run)["messaging.pgjobs.job.status"] == status
    assert (run.status.status_code == trace.StatusCode.ERROR) is is_error


def test_a_job_that_a_job_enqueues_is_in_the_same_trace(spans: Spans) -> None:
    jobs.Enqueues.enqueue()
    run_burst_here()

    first, second = sorted(spans.of("process"), key=lambda span: span.start_time or 0)
    inner = spans.of("send")[-1]
    assert is_child(inner, first)
    assert is_child(second, inner)


def test_the_lines_of_a_job_are_logged_inside_its_span(
    spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "a line":
                seen.append(trace.get_current_span().get_span_context().span_id)

    handler = Notes()
    logging.getLogger("pgjobs").addHandler(handler)
    logging.getLogger().addHandler(handler)
    try:
        job = jobs.Logs.enqueue(immediate=True)
    finally:
        logging.getLogger("pgjobs").removeHandler(handler)
        logging.getLogger().removeHandler(handler)
    assert set(seen) <= {spans.one("process", job).context.span_id}
    assert seen


def test_with_links_only_a_run_begins_a_trace_and_keeps_the_baggage(linking_spans: Spans) -> None:
    job = jobs.Traced.enqueue()
    run_burst_here()

    sent, run = linking_spans.one("send", job), linking_spans.one("process", job)
    assert run.parent is None
    assert links(run) == [sent.context.span_id]


def test_an_unknown_propagation_style_is_refused() -> None:
    with pytest.raises(ValueError, match="propagation_style must be one of child, link, not 'no'"):
        PgJobsInstrumentor().instrument(propagation_style="no")
    assert tracing.tracers == ()


def test_an_insert_that_fails_ends_its_span_with_the_error(spans: Spans) -> None:
    with transaction.atomic():
        connection.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            jobs.Traced.enqueue()

    sent = spans.one("send")
    assert sent.status.status_code == trace.StatusCode.ERROR
    assert _of(sent)["error.type"] == "django.db.transaction.TransactionManagementError"
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_tracer_that_raises_harms_no_job(told: ToldSoFar) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"no {name}")

    uninstall = tracing.install(Broken())
    try:
        job = jobs.Traced.enqueue()
        ids = jobs.Traced.enqueue_many([{}, {}])
        run_burst_here()
        tracing.flush(1)
    finally:
        uninstall()
    assert Job.objects.filter(pk__in=[job.pk, *ids], status="completed").count() == 3
    for call in ("begin_sending", "begin_run", "flush"):
        assert told(events.TracerFailed, error=f"no {call}")


def test_a_refused_row_ends_the_producers_span_without_its_values(spans: Spans) -> None:
    with transaction.atomic():
        query("ALTER TABLE pgjobs_job ADD CONSTRAINT house CHECK (priority < 5)")
        with pytest.raises(IntegrityError, match="s3cret"), transaction.atomic():
            jobs.Traced.enqueue(secret="s3cret", priority=7)
        transaction.set_rollback(True)

    span = spans.one("send")
    assert "house" in str(span.status.description)
    assert span.events[0].name == "exception"
    assert "house" in str(dict(span.events[0].attributes or {})["exception.stacktrace"])
    assert "s3cret" not in span.to_json()
