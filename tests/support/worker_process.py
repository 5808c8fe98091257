"""Real worker processes for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any, Final, Self

from django.core.management import call_command

from pgjobs.models import WorkerProcess
from tests.support.environment import with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.processes import children_of

NERVOUS: Final = {"HEARTBEAT_INTERVAL": 0.5, "HEARTBEAT_TIMEOUT": 3}
NEVER_POLLS: Final = {"POLL_INTERVAL": 3600}
"""With these settings, only the doorbell can wake the worker."""


class RunningWorker:
    """``manage.py pgjobs_worker``: a supervisor and its child, ended by pid however the test ends.

    ``process`` is the supervisor; ``pid`` the child that claims jobs. `kill`, `pause` and `resume`
    act on both, as the loss of a machine does.
    """

    def __init__(self, environment: Mapping[str, str], *arguments: str) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self._pid: int | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "django", "pgjobs_worker", *arguments],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()  # its children die with the supervisor
        self.process.wait(20)
        self._output.close()

    @property
    def pid(self) -> int:
        """The child's process id; waits until the child has registered."""
        if self._pid is None:
            self._pid = eventually(self._registered_child, timeout=30)
        return self._pid

    def until_started(self) -> Self:
        """Wait until the row of its child shows a living worker."""
        assert self.pid
        return self

    def _registered_child(self) -> int:
        assert self.process.poll() is None, self.output
        children = children_of(self.process.pid)
        rows = WorkerProcess.objects.filter(pid__in=children, stopped=None)
        return rows.values_list("pid", flat=True).first() or 0

    def kill(self) -> None:
        self.process.kill()

    def terminate(self) -> None:
        self.process.terminate()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def pause(self) -> None:
        # The supervisor first: it would end a child that gives no sign of life.
        for pid in (self.process.pid, self.pid):
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in (self.process.pid, self.pid):
            os.kill(pid, signal.SIGCONT)

    def wait(self, timeout: float = 30) -> int:
        """Return the exit code."""
        return self.process.wait(timeout)

    def stop(self, timeout: float = 30) -> int:
        """Ask it to end, and return the exit code."""
        self.terminate()
        return self.wait(timeout)

    @property
    def output(self) -> str:
        # Not by seek(): the child writes at the same offset.
        return os.pread(self._output.fileno(), 1 << 24, 0).decode()

    def until_it_says(self, text: str) -> Self:
        eventually(lambda: text in self.output or not self._must_run(), timeout=30)
        return self

    def _must_run(self) -> bool:
        assert self.process.poll() is None, self.output
        return True


def run_burst(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a worker until its queues are empty; return its output."""
    with RunningWorker(environment, "--burst", *arguments) as worker:
        assert worker.wait() == 0, worker.output
        return worker.output


def run_burst_here(*arguments: str) -> None:
    """Run a worker in this process until its queues are empty."""
    call_command("pgjobs_worker", "--burst", *arguments, verbosity=0)


def until_next_beat(worker: WorkerProcess) -> None:
    """Wait until the worker has sent a heartbeat from now on."""
    worker.refresh_from_db()
    later = WorkerProcess.objects.filter(pk=worker.pk, heartbeat__gt=worker.heartbeat)
    eventually(later.exists)


def unruly_worker(
    environment: Mapping[str, str], *arguments: str, **settings: Any
) -> RunningWorker:
    """Start a worker that knows ``tests.apps.unruly``, with these ``PGJOBS`` settings."""
    return RunningWorker(with_apps(with_settings(environment, **settings), "unruly"), *arguments)
