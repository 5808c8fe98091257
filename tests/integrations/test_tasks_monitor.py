"""django-tasks-monitor sees the tasks that a worker runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.project import Project, project


@pytest.fixture(scope="module")
def monitored() -> Iterator[Project]:
    with project("monitored") as monitored:
        yield monitored


def test_a_record_follows_its_task_from_the_enqueueing_to_the_end(monitored: Project) -> None:
    succeeded = monitored.call("counts")["succeeded"]
    result = monitored.call("enqueue", "add", 1, 2)
    waiting = monitored.call("record_of", result)
    assert (waiting["status"], waiting["args"], waiting["queue"]) == ("READY", [1, 2], "default")
    assert monitored.call("counts")["waiting"] == 1

    monitored.work()

    ended = monitored.call("record_of", result)
    assert (ended["status"], ended["attempts"], len(ended["workers"])) == ("SUCCESSFUL", 1, 1)
    assert ended["in_order"]
    assert ended["duration"] >= 0
    assert monitored.call("counts")["succeeded"] == succeeded + 1


def test_a_failed_task_shows_its_error_and_the_monitor_retries_it(monitored: Project) -> None:
    failed = monitored.call("enqueue", "import_file", "rates.txt")
    monitored.work()
    record = monitored.call("record_of", failed)
    assert (record["status"], record["exception"]) == ("FAILED", "builtins.FileNotFoundError")
    assert "rates.txt" in record["traceback"]

    monitored.call("write_file", "rates.txt", "1.08")  # it is there for the second try
    again = monitored.call("retry_task", failed)
    monitored.work()

    record = monitored.call("record_of", again)
    assert (record["status"], record["priority"]) == ("SUCCESSFUL", 5)
    assert record["retry_of"] == failed


def test_a_task_that_is_tried_again_has_one_record_with_all_attempts(monitored: Project) -> None:
    result = monitored.call("enqueue", "always_breaks")
    monitored.work()
    record = monitored.call("record_of", result)
    assert (record["status"], record["attempts"]) == ("FAILED", 3)
    assert record["exception"] == "builtins.ConnectionError"
