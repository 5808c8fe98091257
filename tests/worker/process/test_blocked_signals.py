"""A worker that is started by a program which has blocked signals."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping

import pytest

from pgjobs import events
from tests.apps.testapp.jobs import Held
from tests.support import traces
from tests.support.environment import Environment
from tests.support.job_status import status_of
from tests.support.worker_process import InstalledWorker, Process

BLOCKED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGCHLD)


class WorkerWithBlockedSignals(InstalledWorker):
    """Is started as by a program that waits for signals with ``sigwait()``, and so blocks them."""

    def _start(self, environment: Mapping[str, str], *command: str) -> Process:
        return subprocess.Popen(
            [sys.executable, "-m", "django", *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED),
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_whose_starter_has_blocked_the_stop_signals_drains_all_the_same(
    child_environment: Environment, number: signal.Signals
) -> None:
    with WorkerWithBlockedSignals(child_environment) as worker:
        job = Held.enqueue()
        traces.until("started")
        worker.process.send_signal(number)
        worker.until_told(events.WorkerStopping)
        traces.release()
        assert worker.wait() == 0
    assert status_of(job) == "completed"
