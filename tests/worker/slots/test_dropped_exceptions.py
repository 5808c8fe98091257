"""Dropping the exception that was set to end a job which ended by itself."""

from __future__ import annotations

import subprocess
import sys

from tests.support.environment import ROOT

DROP_THEN_TRACE = """
import django
django.setup()

import sys
from pgjobs.worker.slots.slot import drop_async_exception

drop_async_exception()
sys.settrace(lambda *_: None)
(lambda: None)()
print("goes on")
"""


def test_a_traced_process_goes_on_after_an_exception_was_dropped() -> None:
    """The drop runs in a process of its own, which a wrong one would make hang."""
    done = subprocess.run(
        [sys.executable, "-c", DROP_THEN_TRACE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.stdout == "goes on\n", done.stderr
