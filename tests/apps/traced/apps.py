from __future__ import annotations

import json
import os
from collections.abc import Sequence

from django.apps import AppConfig


class TracedConfig(AppConfig):
    name = "tests.apps.traced"

    def ready(self) -> None:
        """Export spans as a project does that sets OpenTelemetry up in its settings."""
        if path := os.environ.get("SPANS"):
            _export_to(path)
        if path := os.environ.get("SENTRY_EVENTS"):
            _report_to(path)


def _export_to(path: str) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    from pgjobs.otel import PgJobsInstrumentor

    class ToFile(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            _write(path, [span.to_json(indent=None) for span in spans])
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    # Longer than any test: only a flush exports.
    provider.add_span_processor(BatchSpanProcessor(ToFile(), schedule_delay_millis=600_000))
    trace.set_tracer_provider(provider)
    PgJobsInstrumentor().instrument()


def _report_to(path: str) -> None:
    import sentry_sdk
    from sentry_sdk.envelope import Envelope
    from sentry_sdk.transport import Transport

    from pgjobs.sentry import PgJobsIntegration

    class ToFile(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            events = [item.get_event() or item.get_transaction_event() for item in envelope.items]
            _write(path, [json.dumps(event, default=str) for event in events if event])

    sentry_sdk.init(
        "https://key@example.org/1",
        transport=ToFile,
        traces_sample_rate=1.0,
        integrations=[PgJobsIntegration()],
    )


def _write(path: str, lines: Sequence[str]) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, "".join(f"{line}\n" for line in lines).encode())
    os.close(file)
