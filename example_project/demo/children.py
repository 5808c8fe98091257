"""Processes that the demo starts, and ends by their ids."""

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

MANAGE: Final = Path(__file__).resolve().parent.parent / "manage.py"
PATIENCE: Final = 15.0
"""Seconds that a child gets to end; the demo's workers give their jobs less."""

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child:
    """`manage.py <arguments>`, whose output goes to a log file."""

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
                start_new_session=True,  # Ctrl-C is for the demo, which ends its children in order.
                preexec_fn=_end_with_parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def runs_on(self, seconds: float) -> bool:
        """Wait for it to end, up to `seconds`; say whether it still runs."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def ask_to_end(self) -> None:
        self._process.terminate()

    def end(self) -> None:
        if self.runs_on(PATIENCE):
            os.killpg(self.pid, signal.SIGKILL)  # its session's, so its own children too
            self._process.wait()

    def check_success(self) -> None:
        if self._process.returncode != 0:
            raise self.unexpected_end()

    def unexpected_end(self) -> CommandError:
        tail = "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-15:])
        return CommandError(
            f"The {self.name} ended with exit code {self._process.returncode}. "
            f"Its log is {self.log}, and ends:\n{tail}"
        )


@contextmanager
def started(*children: Child) -> Iterator[None]:
    """End the children, all at the same time, when the block is left."""
    try:
        yield
    finally:
        for child in children:
            child.ask_to_end()
        for child in children:
            child.end()


def _end_with_parent() -> None:
    """Even after `kill -9` of the demo, no child should wait for a database that has gone."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
