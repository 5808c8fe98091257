"""The processes that the demo starts and ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management.base import CommandError

from example_project.demo.screen import harmless

MANAGE: Final = Path(__file__).resolve().parent.parent / "manage.py"
PATIENCE: Final = 15.0
"""Seconds that a child has to end; the shutdown timeout of the demo's workers is shorter."""

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child:
    """A process that runs `manage.py <arguments>` and writes its output to a log file."""

    def __init__(self, name: str, *arguments: str) -> None:
        self.name = name
        self.log = Path(settings.DEMO_DIR) / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(MANAGE), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C must reach the demo alone, because the demo ends its children in order.
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def runs_on(self, seconds: float) -> bool:
        """Wait up to `seconds` for the end of the process; return whether it still runs."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def ask_to_end(self) -> None:
        self._process.terminate()

    def end(self) -> None:
        if self.runs_on(PATIENCE):
            os.killpg(self.pid, signal.SIGKILL)  # its own children are in this group too
            self._process.wait()

    def check_success(self) -> None:
        if self._process.returncode != 0:
            raise self.unexpected_end()

    def unexpected_end(self) -> CommandError:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        tail = "\n".join(map(harmless, lines))
        return CommandError(
            f"The {self.name} ended with exit code {self._process.returncode}. "
            f"The last lines of its log {self.log} are:\n{tail}"
        )


@contextmanager
def started(*children: Child) -> Iterator[None]:
    """End the children when the block ends: ask all of them to end, and then wait for each."""
    try:
        yield
    finally:
        for child in children:
            child.ask_to_end()
        for child in children:
            child.end()


def _end_with_parent() -> None:
    """Ask Linux to send SIGTERM to this process when the demo dies.

    Otherwise, after `kill -9` of the demo, the children would wait for its database forever.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
