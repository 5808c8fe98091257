"""The files of docs/operations and the page work with the real metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgjobs.metrics.families import FAMILIES
from pgjobs.models import Pause, Schedule
from tests.metrics.conftest import TOKEN
from tests.metrics.exposition import scraped
from tests.metrics.operations import (
    ALERTS,
    DASHBOARD,
    RULES,
    SCALED_OBJECT,
    expressions_of_the_dashboard,
    metrics_in,
)
from tests.support.eventually import eventually
from tests.support.markdown import DOCS, block_after, table
from tests.support.moments import ago
from tests.support.prometheus import Prometheus, prometheus, promtool
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

EXPRESSIONS = [*expressions_of_the_dashboard(), *(rule["expr"] for rule in RULES)]


def names_of_samples() -> set[str]:
    suffixes = {"gauge": ("",), "counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {family.name + suffix for family in FAMILIES for suffix in suffixes[family.kind]}


def test_each_metric_of_an_expression_exists() -> None:
    used = set().union(*map(metrics_in, EXPRESSIONS))

    assert used <= names_of_samples()


def test_the_page_lists_each_metric_with_its_type_labels_and_help() -> None:
    told = [
        (name.strip("`"), kind, re.findall(r"`(\w+)`", labels), text)
        for name, kind, labels, text in table(DOCS / "metrics.md", "metric")
    ]

    suffixes = {"counter": "_total", "gauge": "", "histogram": ""}
    assert told == [
        (family.name + suffixes[family.kind], family.kind, list(family.labels), family.text)
        for family in FAMILIES
    ]


def test_each_panel_of_the_dashboard_is_explained_and_asks_the_chosen_data_source() -> None:
    panels = DASHBOARD["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "${datasource}"


def test_the_variables_of_the_dashboard_are_labels_of_metrics() -> None:
    labels = {f"{family.name}": family.labels for family in FAMILIES}
    asked = [
        re.fullmatch(r"label_values\((\w+?)(?:_total)?, (\w+)\)", variable["query"]["query"])
        for variable in DASHBOARD["templating"]["list"]
        if variable["type"] == "query"
    ]

    assert [match is not None and match[2] in labels[match[1]] for match in asked] == [True, True]


@pytest.mark.django_db
def test_promtool_has_no_complaint_about_the_metrics() -> None:
    a_job("running")
    query("UPDATE pgjobs_job SET status = 'completed', completed = clock_timestamp()")

    promtool("check", "metrics", text=scraped().content.decode())


def test_promtool_accepts_the_alert_rules() -> None:
    assert f"SUCCESS: {len(RULES)} rules found" in promtool("check", "rules", ALERTS)


def test_each_alert_fires_for_its_fault_alone(tmp_path: Path) -> None:
    cases = (Path(__file__).parent / "alerts_test.yml").read_text()
    file = tmp_path / "alerts_test.yml"
    file.write_text(cases.replace("[ALERTS]", f"[{ALERTS}]"))

    assert "SUCCESS" in promtool("test", "rules", file)
    assert {rule["alert"] for rule in RULES} == set(re.findall(r"alertname: (\w+)", cases))


@pytest.fixture
def scraping(live_server: Any, tmp_path: Path) -> Iterator[Prometheus]:
    """A Prometheus that has scraped the site before and after a time of much trouble."""
    a_worker(has_session_lock=False, heartbeat=ago(minutes=1))
    a_job(created=ago(hours=1))
    Pause.objects.pause(queue="low")
    Pause.objects.pause(job_class="tests.apps.testapp.jobs.Noop")
    Schedule.objects.create(job_class="app.jobs.S", interval=5, next_run=ago(hours=1))
    fail_jobs(1)
    with prometheus(tmp_path, f"{live_server.url}/jobs/metrics", TOKEN, ALERTS) as running:
        eventually(lambda: running.query("pgjobs_failures_total"))
        fail_jobs(20)
        eventually(lambda: running.query("pgjobs_failures_total > 20"))
        yield running


def fail_jobs(number: int) -> None:
    for _ in range(number):
        a_job("running", started=ago(seconds=3), created=ago(seconds=9))
    query(
        "UPDATE pgjobs_job SET status = 'errored', completed = clock_timestamp(), "
        """errors = '[{"exception": "builtins.ValueError", "frame": "app.jobs.run"}]' """
        "WHERE status = 'running'"
    )


def test_a_real_prometheus_answers_each_expression_with_data(scraping: Prometheus) -> None:
    for expression in EXPRESSIONS:
        found = [float(series["value"][1]) for series in scraping.query(expression)]
        if "absent(" in expression:
            assert not found, "the database answers"
        else:
            assert found, expression
            assert not all(map(math.isnan, found)), expression
    assert {rule["name"]: rule["health"] for rule in scraping.rules()} == {
        rule["alert"]: "ok" for rule in RULES
    }


@pytest.mark.django_db
def test_the_object_for_keda_asks_the_query_of_the_page() -> None:
    (trigger,) = SCALED_OBJECT["spec"]["triggers"]
    a_job()
    a_job("scheduled")

    asked = trigger["metadata"]["query"]

    assert asked == block_after(DOCS / "scaling.md", "keda-query").strip().rstrip(";")
    assert [list(row.values()) for row in query(asked)] == [[1]]
    assert trigger["type"] == "postgresql"
    assert SCALED_OBJECT["spec"]["minReplicaCount"] >= 1
