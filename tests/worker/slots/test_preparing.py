"""What a slot does before its job: it gets a new session, or the job waits for the next try."""

from __future__ import annotations

import base64
import os
import time
from typing import Any

import pytest

from pgjobs.models import Job
from pgjobs.worker.claiming.claimer import HEAVY
from pgjobs.worker.slots.preparing import PAUSE, give_back
from tests.apps.unruly.jobs import LeavesItsSession
from tests.support.environment import Environment, with_apps
from tests.support.rows import a_job
from tests.support.worker_process import run_burst

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")

HEAVY_ARGUMENTS = {"text": base64.b64encode(os.urandom(2 * HEAVY)).decode()}
JOBS: dict[str, dict[str, Any]] = {
    "a heavy job": {"kwargs": HEAVY_ARGUMENTS},
    "a last chance": {"interruptions": 2},
    "a heavy last chance": {"kwargs": HEAVY_ARGUMENTS, "interruptions": 2},
}


@pytest.mark.parametrize("pool", [False, True], ids=["without a pool", "with a pool"])
@pytest.mark.parametrize("setting", ["search_path = pg_catalog", "ROLE pg_monitor"])
def test_a_job_after_one_that_has_left_its_session_changed_starts_at_once(
    child_environment: Environment, setting: str, pool: bool
) -> None:
    if pool:
        child_environment["DJANGO_SETTINGS_MODULE"] = "tests.settings.with_pool"
    jobs = []
    for columns in JOBS.values():
        a_job(job_class=LeavesItsSession.path, kwargs={"setting": setting})
        jobs.append(a_job(**columns))
    run_burst(with_apps(child_environment, "unruly"), "--concurrency", "1")
    rows = Job.objects.filter(pk__in=[job.pk for job in jobs])
    assert {(row.status, row.epoch) for row in rows} == {("completed", 1)}


def test_a_job_that_cannot_start_goes_back_after_a_pause() -> None:
    began = time.monotonic()
    outcome = give_back(job := a_job("running", epoch=1), OSError("no descriptor"))
    assert outcome.job_id == job.pk
    assert time.monotonic() - began >= PAUSE
