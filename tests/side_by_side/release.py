"""A release: its code, its worker and its caller, as processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.chaos.journal import DIRECTORY, read
from tests.support.environment import ROOT, environment_of, with_settings
from tests.support.processes import die_with_parent

SETTINGS: Final = "tests.settings.two_releases"
SLOTS: Final = 8
TO_END: Final = 60.0
"""Seconds in which a worker or a caller must end."""


class Release:
    """A release whose package lies in ``code``; its jobs and settings are those of the checkout."""

    def __init__(self, name: str, code: Path, url: str, directory: Path) -> None:
        self.name = name
        self.journal = directory / f"journal-{name}"
        self.journal.mkdir()
        self.log = directory / f"{name}.log"
        self._code = code
        self._worker: subprocess.Popen[bytes] | None = None
        self._caller: subprocess.Popen[bytes] | None = None
        self._environment = {
            **with_settings(environment_of(url, settings=SETTINGS), HEARTBEAT_INTERVAL=1),
            "EXTRA_APPS": "tests.chaos",
            # The package of this release stands before that of the checkout.
            "PYTHONPATH": f"{code}:{ROOT}",
            DIRECTORY: str(self.journal),
        }

    def start_worker(self) -> None:
        numbers = ["--concurrency", str(SLOTS)]
        self._worker = self._start("-m", "django", "pgjobs_worker", *numbers)

    def start_caller(self) -> None:
        self._caller = self._start("-m", "tests.side_by_side.caller", self.name)

    def manage(self, *arguments: str, **environment: str) -> int:
        """Run a command of Django, and return its exit code."""
        command = [sys.executable, "-m", "django", *arguments]
        with self.log.open("ab") as log:
            return subprocess.run(
                command,
                cwd=self._code,
                env={**self._environment, **environment},
                stdout=log,
                stderr=log,
            ).returncode

    def has_ended(self) -> bool:
        """Return whether a process has ended that should go on."""
        return any(process.poll() is not None for process in self._running())

    def end_caller(self) -> int:
        """Let the caller end, and return its exit code."""
        process, self._caller = self._caller, None
        return _end(process)

    def end_worker(self) -> int:
        """Let the worker end, and return its exit code."""
        process, self._worker = self._worker, None
        return _end(process)

    def kill(self) -> None:
        """End what still runs, by force."""
        for process in self._running():
            process.kill()  # the children of a supervisor die with it
            process.wait()

    def count_runs(self, since: float) -> int:
        """Return how many runs the worker has begun since this moment of the monotonic clock."""
        return sum(run.began >= since for run in read(self.journal))

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in (self._worker, self._caller) if process is not None]

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                # Python looks for modules here first.
                cwd=self._code,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )


def _end(process: subprocess.Popen[bytes] | None) -> int:
    assert process is not None, "it was not started"
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(TO_END)
    process.kill()
    return process.wait()


def all_journals(releases: Sequence[Release], directory: Path) -> Path:
    """Bring the journals of ``releases`` together in one directory, and return it."""
    together = directory / "journal"
    together.mkdir()
    for release in releases:
        for file in release.journal.iterdir():
            (together / f"{release.name}-{file.name}").write_bytes(file.read_bytes())
    return together
