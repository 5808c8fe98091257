"""The scheduler of django-scheduled-tasks enqueues tasks for a worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest

from tests.integrations.project import Project, project
from tests.support.eventually import eventually
from tests.support.warm_process import WarmProcess


@pytest.fixture(scope="module")
def periodic() -> Iterator[Project]:
    with project("periodic") as periodic:
        yield periodic


def test_the_scheduler_enqueues_with_its_arguments_and_keeps_the_id(periodic: Project) -> None:
    command = ("run_task_scheduler", "--interval", "0.1", "--no-reload")
    with tempfile.TemporaryFile() as output:
        scheduler = WarmProcess(periodic.environment, *command, output=output.fileno())
        try:
            result = eventually(lambda: periodic.call("last_result"))
        finally:
            scheduler.terminate()
        assert scheduler.wait(20) == 0

    periodic.work()

    assert periodic.jobs() == [("hourly", "completed")]
    assert periodic.call("value_of", result) == [1, [2, 3], "hourly"]
