"""A job spoils what the module logging makes loggers and records with: later jobs log as ever."""

from __future__ import annotations

import pytest

from pgjobs.models import Job
from tests.apps.testapp.jobs import Logging
from tests.apps.unruly.jobs import SpoilsLogging
from tests.support.environment import Environment, with_apps
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.worker_process import RunningWorker


@pytest.mark.parametrize("isolation", ["thread", "process"])
@pytest.mark.parametrize(
    "how", ["factory_that_raises", "factory_without_a_record", "class_that_raises"]
)
def test_a_job_after_one_that_spoiled_the_module_logging_has_its_log(
    child_environment: Environment, how: str, isolation: str
) -> None:
    environment = with_apps(child_environment, "unruly")
    spoiling = SpoilsLogging.enqueue(how=how)
    with RunningWorker(environment, "--concurrency", "1", "--isolation", isolation) as worker:
        until_status(spoiling, "completed")
        later = Logging.enqueue()
        until_status(later, "completed")
        assert Job.objects.get(pk=later.pk).log_entries.count() > 2
        eventually(lambda: f"job={later.pk} class={Logging.path} completed" in worker.output)
        assert "is taken back" in worker.output
