"""A script that Python reads from standard input can't start the worker's processes."""

from __future__ import annotations

import subprocess
import sys

from tests.support.environment import ROOT, Environment

SCRIPT = """
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "pgjobs_worker", "--burst"])
"""


def test_a_worker_whose_script_came_from_standard_input_is_refused(
    child_environment: Environment,
) -> None:
    done = subprocess.run(
        [sys.executable, "-"],
        input=SCRIPT,
        cwd=ROOT,
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "can't come from standard input" in done.stderr
