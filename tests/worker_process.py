"""Real worker processes for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Self

from pgjobs.models import WorkerProcess
from tests.eventually import eventually


class RunningWorker:
    """``manage.py pgjobs_worker`` as a child, ended by pid whatever the test does."""

    def __init__(self, environment: Mapping[str, str], *arguments: str) -> None:
        self._output = tempfile.TemporaryFile("w+")
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
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(20)
        self._output.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    def until_started(self) -> Self:
        """Wait until its row says that it lives."""
        eventually(
            lambda: self._must_run() and WorkerProcess.objects.filter(pid=self.pid).exists(),
            timeout=30,
        )
        return self

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, timeout: float = 30) -> int:
        """Return the exit code."""
        return self.process.wait(timeout)

    @property
    def output(self) -> str:
        self._output.seek(0)
        return self._output.read()

    def _must_run(self) -> bool:
        assert self.process.poll() is None, self.output
        return True
