"""Spans and reports of processes that end without ``atexit``: workers and isolated jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.apps.traced import jobs
from tests.support.environment import Environment, with_apps
from tests.support.worker_process import run_burst

CLASSES = (jobs.Traced, jobs.TracedInProcess, jobs.TracedInFreshProcess, jobs.RaisesInFreshProcess)


def test_each_process_exports_its_spans_before_it_ends(
    child_environment: Environment, tmp_path: Path
) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="The extra otel is not installed.")
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    meta = {"traceparent": f"00-{trace}-{parent}-01"}
    enqueued = [job_class.enqueue(meta=meta) for job_class in CLASSES]
    file = tmp_path / "spans"

    run_burst({**with_apps(child_environment, "traced"), "SPANS": str(file)})

    spans = {_id(span): span for span in map(json.loads, file.read_text().splitlines())}
    assert spans.keys() == {str(job.pk) for job in enqueued}
    for job, span in zip(enqueued, (spans[str(job.pk)] for job in enqueued), strict=True):
        assert span["parent_id"] == f"0x{parent}"
        assert span["context"]["trace_id"] == f"0x{trace}"
        job.refresh_from_db()
        if job.status == "completed":
            assert span["context"]["span_id"] == f"0x{job.result}"
        else:
            assert span["attributes"]["error.type"] == "builtins.ValueError"


def test_each_process_reports_its_errors_before_it_ends(
    child_environment: Environment, tmp_path: Path
) -> None:
    pytest.importorskip("sentry_sdk", reason="The extra sentry is not installed.")
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    job = jobs.RaisesInFreshProcess.enqueue(meta={"sentry-trace": f"{trace}-{parent}-1"})
    killed = jobs.KillsItsProcess.enqueue()
    file = tmp_path / "events"

    run_burst({**with_apps(child_environment, "traced"), "SENTRY_EVENTS": str(file)})

    events = [json.loads(line) for line in file.read_text().splitlines()]
    reports = [event for event in events if "level" in event]
    errors = {event["contexts"]["pgjobs job"]["id"]: event for event in reports}
    assert len(reports) == 2
    assert errors.keys() == {job.pk, killed.pk}
    assert errors[job.pk]["contexts"]["trace"]["trace_id"] == trace
    assert errors[job.pk]["exception"]["values"][0]["type"] == "ValueError"
    assert errors[killed.pk]["exception"]["values"][0]["type"] == "JobProcessDied"
    (transaction,) = [event for event in events if event.get("type") == "transaction"]
    assert transaction["contexts"]["trace"]["parent_span_id"] == parent


def _id(span: dict[str, Any]) -> str:
    return str(span["attributes"]["messaging.message.id"])
