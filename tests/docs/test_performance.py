"""docs/performance.md shows the figures of the published run of the benchmark."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import report
from benchmarks.ratios import ratios
from benchmarks.targets import TARGETS
from tests.support.environment import ROOT
from tests.support.markdown import DOCS

RESULTS = ROOT / "benchmarks" / "results"


@pytest.fixture(scope="module")
def results() -> Any:
    return json.loads((RESULTS / "results.json").read_text())


def test_the_ratios_of_the_published_run_follow_from_its_figures(results: Any) -> None:
    found = ratios(results["figures"], results["machine"]["cores"])
    assert {key: found[key] for key in results["ratios"]} == results["ratios"]


def test_every_target_has_its_ratio(results: Any) -> None:
    assert [target.key for target in TARGETS] == list(ratios(results["figures"], cores=16))


def test_the_published_table_follows_from_the_published_figures(results: Any) -> None:
    written = report.markdown(results["machine"], results["figures"], results["ratios"])
    assert (RESULTS / "results.md").read_text() == written


def test_the_page_shows_the_ratios_of_the_published_run(results: Any) -> None:
    page = (DOCS / "performance.md").read_text()
    shown = page.split("<!-- results -->\n")[1].split("<!-- /results -->")[0]
    assert shown.split("\n\n")[0].strip() == "\n".join(report.targets(results["ratios"]))


def test_the_page_says_that_the_published_run_lacks_drains_by_many_processes(results: Any) -> None:
    page = " ".join((DOCS / "performance.md").read_text().split())
    lacks = "scaling" not in results["figures"]
    assert ("The run above is older than these cases." in page) == lacks
