"""Real worker processes for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from django.core.management import call_command

from pgjobs import events
from pgjobs.models import WorkerProcess
from pgjobs.worker.process.child import EXIT_AGAIN
from tests.support.environment import with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.processes import children_of
from tests.support.told_events import FILE, Told, matching, read_events
from tests.support.warm_process import WarmProcess, forked_command

Process = WarmProcess | subprocess.Popen[bytes]

NERVOUS: Final = {"HEARTBEAT_INTERVAL": 0.5, "HEARTBEAT_TIMEOUT": 3}
NEVER_POLLS: Final = {"POLL_INTERVAL": 3600}
"""With these settings, only the doorbell can wake the worker."""


class RunningWorker:
    """A worker: one process that claims jobs, ended by pid however the test ends.

    It is the child of a supervisor that never starts it again. `SupervisedWorker` is the whole
    command.
    """

    def __init__(self, environment: Mapping[str, str], *arguments: str) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self._events = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._pid: int | None = None
        told = {FILE: self._events.name}
        self.process = self._start({**environment, **told}, "pgjobs_worker", *arguments)

    def _start(self, environment: Mapping[str, str], *command: str) -> Process:
        output = self._output.fileno()
        return WarmProcess(environment, *command, is_child=True, output=output)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()  # the children of a supervisor die with it
        self.process.wait(20)
        self._output.close()
        self._events.close()

    @property
    def pid(self) -> int:
        """The process id of the process that claims jobs; waits until its row is there."""
        if self._pid is None:
            self._pid = eventually(self._registered, timeout=30)
        return self._pid

    def until_started(self) -> Self:
        """Wait until the worker's row shows a living worker."""
        assert self.pid
        return self

    def _registered(self) -> int:
        assert self.process.poll() is None, self.output
        rows = WorkerProcess.objects.filter(pid__in=self._pids(), stopped=None)
        return rows.values_list("pid", flat=True).first() or 0

    def _pids(self) -> list[int]:
        return [self.process.pid]

    def kill(self) -> None:
        self.process.kill()

    def terminate(self) -> None:
        self.process.terminate()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, timeout: float = 30) -> int:
        """Return the exit code that a supervisor would pass on."""
        code = self.process.wait(timeout)
        return 0 if code == EXIT_AGAIN else code

    def stop(self, timeout: float = 30) -> int:
        """Ask it to end, and return the exit code."""
        self.terminate()
        return self.wait(timeout)

    @property
    def output(self) -> str:
        # Not by seek(): the child writes at the same offset.
        return os.pread(self._output.fileno(), 1 << 24, 0).decode()

    def told(self, kind: type[events.Event], **expected: Any) -> list[Told]:
        """Return the events of ``kind`` with the ``expected`` fields that were told so far.

        With a supervisor, these are the events of the supervisor and of all its children.
        """
        return matching(read_events(Path(self._events.name)), kind, **expected)

    def until_told(self, kind: type[events.Event], **expected: Any) -> Told:
        """Wait until such an event was told; return the first one."""

        def told() -> list[Told]:
            has_ended = self.process.poll() is not None
            found = self.told(kind, **expected)
            assert found or not has_ended, self.output
            return found

        return eventually(told, timeout=30)[0]


class SupervisedWorker(RunningWorker):
    """``manage.py pgjobs_worker``: a supervisor and its child.

    ``process`` is the supervisor; ``pid`` the child that claims jobs. `kill`, `pause` and `resume`
    act on both, as the loss of a machine does. The supervisor forks its children.
    """

    def _start(self, environment: Mapping[str, str], *command: str) -> Process:
        return forked_command(environment, *command, output=self._output.fileno())

    def _pids(self) -> list[int]:
        return children_of(self.process.pid)

    def pause(self) -> None:
        # The supervisor first: it would end a child that gives no sign of life.
        for pid in (self.process.pid, self.pid):
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in (self.process.pid, self.pid):
            os.kill(pid, signal.SIGCONT)


class InstalledWorker(SupervisedWorker):
    """The command as a user starts it; each of its processes is a new interpreter.

    Each interpreter takes more than a second of processor time.
    """

    def _start(self, environment: Mapping[str, str], *command: str) -> Process:
        return subprocess.Popen(
            [sys.executable, "-m", "django", *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )


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


def supervised_unruly_worker(
    environment: Mapping[str, str], *arguments: str, **settings: Any
) -> SupervisedWorker:
    """Start the same with a supervisor, which starts its process again."""
    return SupervisedWorker(with_apps(with_settings(environment, **settings), "unruly"), *arguments)
