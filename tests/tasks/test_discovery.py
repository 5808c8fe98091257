"""Which tasks a worker knows."""

from __future__ import annotations

import pytest

from pgjobs.models import Job
from tests.apps.testapp.models import Trace
from tests.support.environment import Environment
from tests.support.warm_process import WarmProcess
from tests.support.worker_process import run_burst


@pytest.fixture
def two_backends(child_environment: Environment) -> Environment:
    return {**child_environment, "DJANGO_SETTINGS_MODULE": "tests.settings.two_backends"}


def shell(environment: Environment, code: str) -> None:
    with WarmProcess(environment, "shell", "--no-imports", "-c", code, output=2) as process:
        assert process.wait(60) == 0


def traces() -> list[str]:
    return [*Trace.objects.order_by("pk").values_list("label", flat=True)]


def test_a_task_of_another_backend_runs_as_a_job_where_a_call_says_so(
    two_backends: Environment,
) -> None:
    shell(
        two_backends,
        "from tests.apps.lettered.tasks import greet;"
        "greet.enqueue('Ann'); greet.using(backend='jobs').enqueue('Bo')",
    )
    assert traces() == ["greeted Ann"]

    run_burst(two_backends)

    assert traces() == ["greeted Ann", "greeted Bo"]
    assert Job.objects.get().result == "Dear Bo"


def test_a_task_whose_queue_pgjobs_lacks_keeps_no_process_from_starting(
    two_backends: Environment,
) -> None:
    shell(
        two_backends,
        "from tests.apps.lettered.tasks import post;"
        "post.enqueue('Ann'); post.using(backend='jobs', queue_name='default').enqueue('Bo')",
    )
    assert traces() == ["posted to Ann"]

    run_burst(two_backends)

    assert traces() == ["posted to Ann", "posted to Bo"]
