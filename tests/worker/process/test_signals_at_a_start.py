"""Signals that come to the supervisor while it starts a child."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

import pytest

SUPERVISOR: Final = """
import json, os, signal, subprocess, sys
from pgjobs.worker.process.preloading import Zygote
from pgjobs.worker.process.supervisor import Supervisor

class SlowZygote(Zygote):
    is_loaded = True
    numbers = [signal.Signals[name] for name in sys.argv[1:]]
    programs = []

    def tend(self):
        pass

    def fork(self, index, signs):
        if self.numbers:
            os.kill(os.getpid(), self.numbers.pop(0))
        self.programs.append(subprocess.Popen(["sleep", "10"]))
        return self.programs[-1]

supervisor = Supervisor(processes=1, shutdown_timeout=60, silence=60, zygote=SlowZygote())
supervisor.run()
print(json.dumps([program.wait(20) for program in SlowZygote.programs]))
"""
"""A supervisor whose children are programs that sleep. To each start there comes a signal."""


def exit_codes(*signals: str) -> list[int]:
    """Return how the children of a supervisor end to which these signals come."""
    command = [sys.executable, "-c", SUPERVISOR, *signals]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_child_that_starts_as_the_supervisor_is_told_to_stop_is_told_too(number: str) -> None:
    assert exit_codes(number) == [-15]


def test_a_child_that_starts_as_the_supervisor_is_told_to_renew_is_renewed() -> None:
    assert exit_codes("SIGUSR1", "SIGTERM") == [-15, -15]
