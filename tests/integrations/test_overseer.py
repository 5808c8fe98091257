"""django-overseer watches tasks that a worker runs, and retries them by its own policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.project import Project, project
from tests.support.markdown import DOCS, blocks


@pytest.fixture(scope="module")
def overseen() -> Iterator[Project]:
    with project("overseen") as overseen:
        yield overseen


def test_each_retry_of_overseer_is_a_run_of_one_overseen_job(overseen: Project) -> None:
    overseen.call("enqueue", "third_time_lucky")
    overseen.work()
    overseen.work()  # a burst may end before the receiver has enqueued the next attempt
    overseen.work()
    assert overseen.call("runs_of", "third_time_lucky") == [
        [1, "FAILED", "builtins.ConnectionError", None],
        [2, "FAILED", "builtins.ConnectionError", None],
        [3, "SUCCESSFUL", "", 3],
    ]
    assert overseen.call("job_of", "third_time_lucky") == ["SUCCEEDED", 3]


def test_a_retry_waits_as_long_as_overseer_says(overseen: Project) -> None:
    overseen.call("enqueue", "again_in_an_hour")
    overseen.work()
    assert overseen.call("seconds_until_retry", "again_in_an_hour") >= 3600
    assert overseen.call("job_of", "again_in_an_hour") == ["PENDING", 1]


def test_a_unique_task_hands_back_the_result_that_waits(overseen: Project) -> None:
    first = overseen.call("enqueue", "rebuild", "pages")
    assert overseen.call("enqueue", "rebuild", "pages") == first
    assert overseen.call("enqueue", "rebuild", "images") != first
    assert overseen.call("depth") == 2
    overseen.work()
    assert overseen.call("enqueue", "rebuild", "pages") != first


def test_a_schedule_of_overseer_enqueues(overseen: Project) -> None:
    assert overseen.call("trigger_schedule") == "manual"
    overseen.work()
    assert overseen.call("job_of", "every_minute") == ["SUCCEEDED", 1]


def test_an_adapter_cancels_a_task_that_waits(overseen: Project) -> None:
    result = overseen.call("enqueue", "rebuild", "documents")
    assert overseen.call("cancel", result) is True
    assert overseen.call("cancel", result) is False


def test_the_adapter_on_the_page_is_the_one_that_is_tried_here() -> None:
    tried = (Path(__file__).parent / "overseen" / "adapter.py").read_text()
    shown = next(block for block in blocks(DOCS / "tasks.md", "python") if "Adapter(" in block.text)
    assert shown.text.partition("\n")[2].strip() in tried
