"""django-structlog carries the context of a request to the log lines of its tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integrations.project import Project, project


@pytest.fixture(scope="module")
def structured() -> Iterator[Project]:
    with project("structured") as structured:
        yield structured


def lines_of(structured: Project, request_id: str) -> list[dict[str, Any]]:
    """Return what was logged with the request's id, in order."""
    lines = (structured.directory / "log.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line.get("request_id") == request_id]


@pytest.mark.parametrize("name", ["charge", "charge_slowly"], ids=["thread", "loop"])
def test_each_line_of_a_task_has_the_context_of_the_request(structured: Project, name: str) -> None:
    result = structured.call("enqueue", name, 7, f"{name} well")
    structured.work()

    lines = lines_of(structured, f"{name} well")

    assert [line["event"] for line in lines] == [
        "task_enqueued",
        "task_started",
        "charging",
        "task_succeeded",
    ]
    assert {line["task_id"] for line in lines} == {result}
    assert [line.get("order") for line in lines[2:]] == [7, 7]


@pytest.mark.parametrize("name", ["charge", "charge_slowly"], ids=["thread", "loop"])
def test_a_failure_is_logged_with_that_context_and_its_exception(
    structured: Project, name: str
) -> None:
    structured.call("enqueue", name, -1, f"{name} badly")
    structured.work()

    *_, last = lines_of(structured, f"{name} badly")

    assert (last["event"], last["level"]) == ("task_failed", "error")
    assert last["exception_class"] == "builtins.ValueError"
    assert "no order -1" in last["traceback"]
    assert last["order"] == -1


def test_tasks_on_one_slot_do_not_share_their_context(structured: Project) -> None:
    for number in (1, 2, 3):
        structured.call("enqueue", "charge", number, f"request {number}")
    structured.work("-c", "1")

    for number in (1, 2, 3):
        orders = [line.get("order") for line in lines_of(structured, f"request {number}")]
        assert orders == [None, None, number, number]
