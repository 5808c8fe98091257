"""A worker that runs in the process of its caller, and so has no supervisor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pgjobs.models import WorkerProcess
from tests.apps.testapp.jobs import Noop
from tests.support.job_status import status_of


@pytest.mark.usefixtures("empty_queue")
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("processes", 2),
        ("max_jobs_per_child", 1),
        ("max_memory_per_child", 500),
        ("reload", True),
        ("liveness_file", Path("/tmp/alive")),
    ],
)
def test_an_option_that_needs_a_supervisor_is_refused(option: str, value: Any) -> None:
    jobs = [Noop.enqueue(), Noop.enqueue()]

    with pytest.raises(CommandError, match=f"--{option.replace('_', '-')} needs a supervisor"):
        call_command("pgjobs_worker", burst=True, verbosity=0, **{option: value})

    assert [status_of(job) for job in jobs] == ["pending"] * 2
    assert not WorkerProcess.objects.exists()
