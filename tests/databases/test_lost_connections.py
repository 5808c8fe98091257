"""Connections that the server ends between two jobs, whatever Django keeps of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps.testapp.jobs import Noop, Tracing, TracingCoroutine
from tests.support import traces
from tests.support.environment import Environment
from tests.support.job_status import until_status
from tests.support.sessions import backends, terminate
from tests.support.whole_project import with_variant
from tests.support.worker_process import RunningWorker

SETTINGS: dict[str, dict[str, Any]] = {
    "CONN_MAX_AGE 0": {"database": {"CONN_MAX_AGE": 0}},
    "CONN_MAX_AGE None": {"database": {"CONN_MAX_AGE": None}},
    "health checks": {"database": {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}},
    "pool": {"options": {"pool": True}},
    "pool, health checks": {
        "database": {"CONN_HEALTH_CHECKS": True},
        "options": {"pool": True},
    },
}


@pytest.mark.parametrize("name", SETTINGS)
def test_no_job_meets_a_connection_that_the_server_has_ended(
    child_environment: Environment, name: str
) -> None:
    environment = with_variant(child_environment, **SETTINGS[name])
    with RunningWorker(environment, "-c", "2") as worker:
        for label in ("before", "after", "long after"):
            jobs = [Tracing.enqueue(label=label, seconds=0.2) for _ in range(4)]
            jobs += [TracingCoroutine.enqueue(label=label) for _ in range(2)]
            for job in jobs:
                until_status(job, "completed")
            terminate(backends())
            until_status(Noop.enqueue(), "completed")
        assert worker.stop() == 0
    assert sorted(traces.labels()) == sorted(["before", "after", "long after"] * 6)
