"""Spans of OpenTelemetry for jobs: a producer's span for sending, a consumer's for each attempt.

Names and attributes follow OpenTelemetry's semantic conventions for messaging, version 1.36, whose
status is "Development". The context travels in ``job.meta``, by the propagators of the process.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NamedTuple

from pgjobs import tracing
from pgjobs.choices import JobStatus
from pgjobs.extras import missing
from pgjobs.rows.failure import Failure

try:
    from opentelemetry import context, propagate, trace
    from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
    from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
except ImportError as error:
    raise missing("otel", error) from error

SCHEMA: Final = "https://opentelemetry.io/schemas/1.36.0"
CHILD: Final = "child"
LINK: Final = "link"
_STYLES: Final = (CHILD, LINK)
_WORKER_LOST: Final = "pgjobs.exceptions.WorkerLost"


class PgJobsInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Switches the spans on by ``instrument()``, and off by ``uninstrument()``.

    ``opentelemetry-instrument`` finds this class by its entry point.

    ``instrument()`` takes ``tracer_provider``, by default the one of the process, and
    ``propagation_style``. With ``"child"`` an attempt belongs to the trace of its producer. With
    ``"link"`` it begins a trace of its own that links to its producer. Recurring jobs and the jobs
    of ``enqueue_many()`` always link.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        return ()

    def _instrument(self, **options: Any) -> None:
        style = options.get("propagation_style", CHILD)
        if style not in _STYLES:
            raise ValueError(
                f"propagation_style must be one of {', '.join(_STYLES)}, not {style!r}."
            )
        provider = options.get("tracer_provider")
        self._end = tracing.install(OpenTelemetry(provider, links_only=style == LINK))

    def _uninstrument(self, **options: Any) -> None:
        self._end()


class _Current(NamedTuple):
    """A span, and the token that restores the context before it."""

    span: Span
    token: Any


class OpenTelemetry:
    """The tracer that pgjobs calls."""

    def __init__(self, provider: Any, *, links_only: bool) -> None:
        self._provider = provider
        self._links_only = links_only
        self._tracer = trace.get_tracer("pgjobs", _version(), provider, schema_url=SCHEMA)

    def begin_sending(self, row: tracing.Row) -> _Current:
        """Begin the span. A context that the caller gave in ``meta`` stays, and is linked to."""
        meta, queue = row["meta"], row["queue_name"]
        is_given = not propagate.get_global_textmap().fields.isdisjoint(meta)
        given = propagate.extract(tracing.texts(meta), context.Context()) if is_given else None
        span = self._tracer.start_span(
            f"send {queue}",
            kind=SpanKind.PRODUCER,
            attributes=_attributes("send", queue, row["job_class"]),
            links=_links(given),
        )
        inside = trace.set_span_in_context(span)
        if not is_given:
            headers: dict[str, str] = {}
            propagate.inject(headers, inside)
            tracing.add_headers(row, headers)
        return _Current(span, context.attach(inside))

    def end_sending(self, current: _Current, sent: tracing.Sent | BaseException) -> None:
        span = current.span
        if isinstance(sent, BaseException):
            _record(span, Failure.of(sent))
        elif sent.count is None:
            span.set_attribute("messaging.message.id", str(sent.id))
            if sent.existed:
                span.set_attribute("messaging.pgjobs.job.existed", True)
        else:
            span.set_attribute("messaging.batch.message_count", sent.count)
        _end(current)

    def begin_run(self, job: Any) -> _Current:
        around = context.get_current()
        inside = propagate.extract(tracing.headers_of(job), around)
        links = _links(inside)
        if self._links_only or tracing.shares_its_trace(job):
            # The baggage stays, and the trace is that of the caller: in a worker there is none.
            inside = trace.set_span_in_context(trace.get_current_span(around), inside)
        span = self._tracer.start_span(
            f"process {job.queue_name}",
            context=inside,
            kind=SpanKind.CONSUMER,
            attributes=_attributes_of_run(job),
            links=links,
        )
        return _Current(span, context.attach(trace.set_span_in_context(span, inside)))

    def end_run(self, current: _Current, job: Any, outcome: Any) -> None:
        span = current.span
        status = job.status if outcome is None else outcome.status
        span.set_attribute("messaging.pgjobs.job.status", str(status))
        if outcome is None:
            if status in (JobStatus.ERRORED, JobStatus.FAILED):
                _fail(span, str(status), job.error)
        elif (failure := outcome.failure) is not None:
            _record(span, failure)
        elif outcome.interruptions:
            _fail(span, _WORKER_LOST, "The worker lost the job.")
        _end(current)

    def flush(self, seconds: float) -> None:
        provider = self._provider or trace.get_tracer_provider()
        if (force_flush := getattr(provider, "force_flush", None)) is not None:
            force_flush(int(seconds * 1000))


def _attributes(operation: str, queue: str, job_class: str) -> dict[str, Any]:
    return {
        "messaging.system": "pgjobs",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": queue,
        "messaging.pgjobs.job.class": job_class,
    }


def _attributes_of_run(job: Any) -> dict[str, Any]:
    """Return the attributes of an attempt: no arguments, because they may be secret."""
    attributes = _attributes("process", job.queue_name, job.job_class)
    attributes |= {
        "messaging.message.id": str(job.pk),
        "messaging.pgjobs.job.attempt": job.attempt,
        "messaging.pgjobs.job.interruptions": job.interruptions,
    }
    if job.worker_id is not None:
        attributes["messaging.client.id"] = str(job.worker_id)
    return attributes


def _record(span: Span, failure: Failure) -> None:
    """Add the ``failure`` to ``span``.

    `Span.record_exception()` would repeat the values of a row that PostgreSQL refused.
    """
    attributes = {
        "exception.type": failure.exception,
        "exception.message": failure.message,
        "exception.stacktrace": failure.traceback,
    }
    span.add_event("exception", attributes)
    _fail(span, failure.exception, failure.message)


def _links(given: context.Context | None) -> Sequence[Link]:
    producer = trace.get_current_span(given).get_span_context()
    return [Link(producer)] if given is not None and producer.is_valid else ()


def _fail(span: Span, kind: str, message: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR, message))


def _end(current: _Current) -> None:
    context.detach(current.token)
    current.span.end()


def _version() -> str:
    try:
        return version("django-pgjobs")
    except PackageNotFoundError:  # pgjobs is a copy inside the project
        return ""
