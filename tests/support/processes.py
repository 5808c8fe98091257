"""Processes of the operating system: their children, their death, their pauses."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, even if the parent is killed.

    Call it between fork and exec, after any change of user: a change of user undoes it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, linux/prctl.h


def children_of(pid: int) -> list[int]:
    """Return the process ids of the children that ``pid`` has at this moment."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def is_alive(pid: int) -> bool:
    """Return whether ``pid`` runs; a zombie, which its parent has not waited for yet, does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return found.stdout.strip()[:1] not in ("", "Z")


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Pause a process for the length of the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
