"""django-maintenance-tasks walks over a table, and each of its batches is a job."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.project import Project, project


@pytest.fixture(scope="module")
def maintained() -> Iterator[Project]:
    with project("maintained") as maintained:
        maintained.call("add_users", 5)
        yield maintained


def test_each_batch_enqueues_the_next_one_until_all_is_done(maintained: Project) -> None:
    before = len(maintained.jobs())
    run = maintained.call("start", "Greet")
    maintained.work()
    assert maintained.call("state_of", run) == ["succeeded", 5, ""]
    assert maintained.call("greeted") == 5
    assert maintained.jobs()[before:] == [("run_batch", "completed")] * 3


def test_a_run_pauses_and_is_resumed(maintained: Project) -> None:
    run = maintained.call("start", "Greet")
    maintained.call("change", "pause", run)
    maintained.work()
    assert maintained.call("state_of", run) == ["paused", 0, ""]

    maintained.call("change", "resume", run)
    maintained.work()
    assert maintained.call("state_of", run) == ["succeeded", 5, ""]


def test_a_run_is_cancelled(maintained: Project) -> None:
    run = maintained.call("start", "Greet")
    maintained.call("change", "cancel", run)
    maintained.work()
    assert maintained.call("state_of", run) == ["cancelled", 0, ""]


def test_a_run_that_raises_has_errored(maintained: Project) -> None:
    run = maintained.call("start", "Break")
    maintained.work()
    assert maintained.call("state_of", run) == ["errored", 0, "builtins.ValueError"]
