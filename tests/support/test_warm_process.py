"""A process that a test has started is told from earlier ones."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support import warm_process
from tests.support.warm_process import WarmProcess


def test_a_process_with_the_id_of_an_earlier_one_has_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel gives ids again after some 32,000 processes, and a run of all tests has more."""
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    monkeypatch.setattr(warm_process._mother(), "_codes", dict.fromkeys(range(most), 1))
    with open("/dev/null", "w") as nowhere:
        process = WarmProcess(
            os.environ, code="import time; time.sleep(60)", output=nowhere.fileno()
        )
        assert process.poll() is None
        process.kill()
        assert process.wait(20) == -signal.SIGKILL
