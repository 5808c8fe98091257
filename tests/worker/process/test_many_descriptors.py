"""A supervisor that inherits many open descriptors."""

from __future__ import annotations

import subprocess
import sys

from tests.apps.testapp.jobs import Noop
from tests.support.environment import Environment
from tests.support.job_status import until_status

WITH_MANY_DESCRIPTORS = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (1200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
opened = os.open(os.devnull, os.O_RDONLY)
while opened < 1024:  # select() refuses such numbers
    os.set_inheritable(opened, True)
    opened = os.dup(opened)
os.execv(sys.executable, [sys.executable, "-m", "django", *sys.argv[1:]])
"""


def test_a_supervisor_with_many_open_descriptors_hears_its_children(
    child_environment: Environment,
) -> None:
    job = Noop.enqueue()
    done = subprocess.run(
        [sys.executable, "-c", WITH_MANY_DESCRIPTORS, "pgjobs_worker", "--burst"],
        env=child_environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    until_status(job, "completed")
