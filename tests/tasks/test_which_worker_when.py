"""When a worker runs a task, which worker does, and which tasks end it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pgjobs.tasks.framework import TaskResultStatus
from tests.apps.tasked import tasks
from tests.support.environment import Environment, with_apps
from tests.support.sql import query
from tests.support.worker_process import run_burst


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    return with_apps(child_environment, "tasked")


def test_a_task_waits_for_its_moment(environment: Environment) -> None:
    result = tasks.add.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(1)
    run_burst(environment)
    result.refresh()
    assert result.status == TaskResultStatus.READY

    query("UPDATE pgjobs_job SET scheduled = now() - interval '1 hour'")
    run_burst(environment)
    result.refresh()
    assert result.return_value == 2


def test_a_worker_leaves_the_tasks_of_other_queues(environment: Environment) -> None:
    low, high = tasks.add.using(queue_name="low").enqueue(1), tasks.urgent.enqueue()
    run_burst(environment, "low")
    assert tasks.add.get_result(low.id).status == TaskResultStatus.SUCCESSFUL
    assert tasks.urgent.get_result(high.id).status == TaskResultStatus.READY


@pytest.mark.parametrize("exits", [tasks.exits, tasks.exits_slowly], ids=["thread", "loop"])
def test_a_task_that_exits_ends_itself_alone(environment: Environment, exits: Any) -> None:
    result, following = exits.enqueue(), tasks.add.using(priority=-1).enqueue(1)
    run_burst(environment, "-c", "1")
    result.refresh()
    assert result.errors[0].exception_class is SystemExit
    assert tasks.add.get_result(following.id).return_value == 2
