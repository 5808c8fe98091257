"""The integration with Sentry: jobs continue the traces of their producers and report errors.

Each attempt is a transaction of the operation ``queue.process``. A job that errored is reported
once, from the attempt that ended it. Arguments are never sent, because they may be secret.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import Any, Final, NamedTuple

from pgjobs import events, tracing
from pgjobs.choices import JobStatus
from pgjobs.error_texts import without_rows
from pgjobs.extras import missing
from pgjobs.log_lines.wording import LINES

try:
    import sentry_sdk
    from sentry_sdk.consts import OP, SPANDATA, SPANSTATUS
    from sentry_sdk.integrations import Integration
    from sentry_sdk.scope import global_event_processors
    from sentry_sdk.tracing import Span, TransactionSource
    from sentry_sdk.types import Event, Hint
    from sentry_sdk.utils import event_from_exception
except ImportError as error:
    raise missing("sentry", error) from error

_ORIGIN: Final = "auto.queue.pgjobs"
_REPORTED: Final = frozenset(
    LINES[kind].text for kind in (events.JobErrored, events.AttemptErrored)
)
"""The log lines that Sentry's integration of ``logging`` would report a second time."""

_SPAN_STATUS: Final = {
    JobStatus.COMPLETED: SPANSTATUS.OK,
    JobStatus.CANCELLED: SPANSTATUS.CANCELLED,
    JobStatus.FAILED: SPANSTATUS.FAILED_PRECONDITION,
    JobStatus.ERRORED: SPANSTATUS.INTERNAL_ERROR,
}


class PgJobsIntegration(Integration):
    """Give an instance to ``sentry_sdk.init(integrations=[…])``."""

    identifier = "pgjobs"
    origin = _ORIGIN

    def __init__(self, *, report_attempts: bool = False) -> None:
        """With ``report_attempts``, an error after which the job is tried again is reported too."""
        self.report_attempts = report_attempts

    @staticmethod
    def setup_once() -> None:
        tracing.install(Sentry())
        events.listen(events.JobErrored, _report)
        events.listen(events.AttemptErrored, _report_attempt)
        # Before the one that drops a second report of an exception: it would take the log line for
        # the first report, so neither would be sent.
        global_event_processors.insert(0, _without_lines_of_reported_errors)


class _Current(NamedTuple):
    """A span, and the calls that end it."""

    span: Span | None
    end: ExitStack


class Sentry:
    """The tracer that pgjobs calls. It does nothing in a process without the integration."""

    def begin_sending(self, row: tracing.Row) -> _Current:
        with ExitStack() as stack:
            if _integration() is None:
                return _Current(None, stack.pop_all())
            span = stack.enter_context(
                sentry_sdk.start_span(op=OP.QUEUE_PUBLISH, name=row["job_class"], origin=_ORIGIN)
            )
            span.set_data(SPANDATA.MESSAGING_SYSTEM, "pgjobs")
            span.set_data(SPANDATA.MESSAGING_DESTINATION_NAME, row["queue_name"])
            if "sentry-trace" not in row["meta"]:
                _add_headers(row)
            return _Current(span, stack.pop_all())

    def end_sending(self, current: _Current, sent: tracing.Sent | BaseException) -> None:
        with current.end:
            if current.span is None:
                return
            if isinstance(sent, BaseException):
                current.span.set_status(SPANSTATUS.INTERNAL_ERROR)
            elif sent.id is not None:
                current.span.set_data(SPANDATA.MESSAGING_MESSAGE_ID, str(sent.id))
            else:
                current.span.set_data("messaging.batch.message_count", sent.count)

    def begin_run(self, job: Any) -> _Current:
        with ExitStack() as stack:
            if _integration() is None:
                return _Current(None, stack.pop_all())
            scope = stack.enter_context(sentry_sdk.isolation_scope())
            scope.clear_breadcrumbs()
            _describe(job, scope)
            transaction = sentry_sdk.continue_trace(
                {} if job.interval is not None else tracing.headers_of(job),
                op=OP.QUEUE_PROCESS,
                name=job.job_class,
                source=TransactionSource.TASK,
                origin=_ORIGIN,
            )
            span = stack.enter_context(sentry_sdk.start_transaction(transaction))
            for name, value in _data_of_run(job).items():
                span.set_data(name, value)
            return _Current(span, stack.pop_all())

    def end_run(self, current: _Current, job: Any, outcome: Any) -> None:
        with current.end:
            if current.span is None:
                return
            if outcome is not None and (outcome.failure is not None or outcome.interruptions):
                is_failed = outcome.status == JobStatus.FAILED
                status = SPANSTATUS.FAILED_PRECONDITION if is_failed else SPANSTATUS.INTERNAL_ERROR
            else:
                status = _SPAN_STATUS.get(
                    job.status if outcome is None else outcome.status, SPANSTATUS.OK
                )
            current.span.set_status(status)

    def flush(self, seconds: float) -> None:
        sentry_sdk.flush(timeout=seconds)


def _integration() -> PgJobsIntegration | None:
    return sentry_sdk.get_client().get_integration(PgJobsIntegration)


def _add_headers(row: tracing.Row) -> None:
    """Add Sentry's headers; its baggage follows the baggage of OpenTelemetry, if there is any."""
    meta = row["meta"]
    headers = {"sentry-trace": sentry_sdk.get_traceparent(), "baggage": sentry_sdk.get_baggage()}
    given = {name: value for name, value in headers.items() if value}
    if "baggage" in given and isinstance(other := meta.pop("baggage", None), str):
        given["baggage"] = f"{other},{given['baggage']}"
    tracing.add_headers(row, given)


def _data_of_run(job: Any) -> dict[str, Any]:
    data = {
        SPANDATA.MESSAGING_SYSTEM: "pgjobs",
        SPANDATA.MESSAGING_DESTINATION_NAME: job.queue_name,
        SPANDATA.MESSAGING_MESSAGE_ID: str(job.pk),
        SPANDATA.MESSAGING_MESSAGE_RETRY_COUNT: job.attempt - 1,
    }
    due = job.scheduled or job.created
    if isinstance(job.started, datetime) and isinstance(due, datetime):
        waited = (job.started - due).total_seconds()
        data[SPANDATA.MESSAGING_MESSAGE_RECEIVE_LATENCY] = max(0.0, waited * 1000)
    return data


def _describe(job: Any, scope: sentry_sdk.Scope) -> None:
    scope.set_tag("pgjobs_class", job.job_class)
    scope.set_tag("pgjobs_queue", job.queue_name)
    scope.set_context(
        "pgjobs job",
        {
            "id": job.pk,
            "job_class": job.job_class,
            "name": job.name,
            "queue": job.queue_name,
            "object_type_id": job.object_type_id,
            "object_id": job.object_id,
            "attempt": job.attempt,
            "max_attempts": job.max_attempts,
            "interruptions": job.interruptions,
            "worker_id": job.worker_id,
        },
    )


def _report_attempt(event: events.AttemptErrored) -> None:
    integration = _integration()
    if integration is not None and integration.report_attempts:
        _report(event)


def _report(event: events.JobErrored | events.AttemptErrored) -> None:
    if _integration() is None:
        return
    report, hint = event_from_exception(
        event.error,
        client_options=sentry_sdk.get_client().options,
        mechanism={"type": "pgjobs", "handled": False},
    )
    for value in (report.get("exception") or {}).get("values", []):
        value["value"] = without_rows(value.get("value") or "", event.error)
    with sentry_sdk.new_scope() as scope:
        # Told outside the span too: by the worker, of an isolated job whose process died.
        _describe(event.job, scope)
        sentry_sdk.capture_event(report, hint=hint)


def _without_lines_of_reported_errors(event: Event, hint: Hint) -> Event | None:
    line = event.get("logentry") or {}
    return None if line.get("message") in _REPORTED and _integration() is not None else event
