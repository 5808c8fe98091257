"""A child of the supervisor leaves out what a worker never needs."""

from __future__ import annotations

import os
import subprocess
import sys

from pgjobs.models import Job
from tests.apps.testapp.jobs import NamesModules
from tests.support.environment import Environment
from tests.support.worker_process import RunningWorker


def test_a_worker_loads_no_page(child_environment: Environment) -> None:
    loaded, left_out = NamesModules.enqueue_many(
        {"package": package} for package in ("pgjobs.worker.", "pgjobs.pages")
    )

    with RunningWorker(child_environment, "--burst") as worker:
        assert worker.wait() == 0, worker.output

    assert "pgjobs.worker.worker" in Job.objects.get(pk=loaded).result
    assert Job.objects.get(pk=left_out).result == []


def test_a_process_that_is_no_worker_loads_neither_pages_nor_a_worker() -> None:
    code = (
        "import django, sys; django.setup();"
        "print([n for n in sys.modules if n.startswith(('pgjobs.pages', 'pgjobs.worker.worker'))])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr
