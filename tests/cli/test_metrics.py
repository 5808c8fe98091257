"""``manage.py pgjobs metrics``: the text for node_exporter's textfile collector."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.support.requirements import needs
from tests.support.rows import a_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("nothing_counted"),
    needs("prometheus_client", "prometheus"),
]

Run = Callable[..., Any]


def test_the_text_is_that_of_the_oldest_format_of_prometheus(pgjobs: Run) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    a_job()

    ran = pgjobs("metrics")

    found = {
        (sample.name, sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(ran.out)
        for sample in family.samples
    }
    assert ran.code == 0
    assert found["pgjobs_up", None] == 1
    assert found["pgjobs_jobs", "pending"] == 1


def test_as_json_a_metric_has_its_series(pgjobs: Run) -> None:
    a_job("running")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pgjobs_job SET status = 'completed', completed = now()")

    metrics = {each["name"]: each for each in pgjobs("metrics", "--json").json}

    assert metrics["pgjobs_up"]["series"] == [{"labels": {}, "value": 1}]
    (runs,) = metrics["pgjobs_job_run_seconds"]["series"]
    assert (runs["count"], runs["buckets"]["86400.0"]) == (1, 1)
    assert runs["labels"] == {"job_class": "tests.apps.testapp.jobs.Noop"}


def test_jobs_that_can_not_be_read_are_told_as_down_with_exit_code_1(pgjobs: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pgjobs_pause RENAME TO away")

    ran = pgjobs("metrics")

    assert ran.code == 1
    assert "\npgjobs_up 0.0\n" in ran.out
    assert "pgjobs_jobs" not in ran.out


def test_without_the_extra_the_verb_says_what_to_install(
    pgjobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "pgjobs.metrics.collector", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    ran = pgjobs("metrics")

    assert (ran.code, ran.out) == (1, "")
    assert "pip install 'django-pgjobs[prometheus]'" in ran.errors
