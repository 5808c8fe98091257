"""The bond of a worker process with its supervisor."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

CHILD: Final = "PGJOBS_CHILD"
"""The environment variable of a child. It holds the file descriptor for the signs of life, the
process id of the supervisor, and the number of the child."""

EXIT_AGAIN: Final = 75
"""Exit code of a child that asks for another child in its place (EX_TEMPFAIL)."""

EXIT_BROKEN: Final = 70
"""Exit code of a child that lost a thread (EX_SOFTWARE). The supervisor waits before the next."""

ENGINE_THREAD: Final = "pgjobs-"
"""The beginning of the name of each thread of the engine."""

_SIGN_INTERVAL: Final = 1.0
_PR_SET_PDEATHSIG: Final = 1


class Bond:
    """Gives the supervisor a sign of life each second; ends this process if the supervisor dies."""

    def __init__(self, *, memory_limit: int | None, overweight: Callable[[], None]) -> None:
        """``memory_limit`` is in MiB. ``overweight`` is called once if the process exceeds it."""
        descriptor, supervisor, _ = os.environ.pop(CHILD).split(":")
        self._signs = int(descriptor)
        self._supervisor = int(supervisor)
        self._memory_limit = memory_limit
        self._overweight = overweight
        os.set_inheritable(self._signs, False)

    def hold(self) -> None:
        """Start to give signs of life."""
        _die_with_parent()
        if os.getppid() != self._supervisor:  # the supervisor died before the line above
            leave()
        threading.Thread(target=self._run, name="pgjobs-bond", daemon=True).start()

    def _run(self) -> None:
        told = threading.Event()
        while True:
            try:
                os.write(self._signs, b".")
            except OSError:  # the supervisor is gone
                leave()
            if self._memory_limit and not told.is_set() and memory() > self._memory_limit:
                told.set()
                self._overweight()
            threading.Event().wait(_SIGN_INTERVAL)


def die_with_any_thread() -> None:
    """End this process when one of the engine's threads ends by an exception.

    Most likely memory ran out. A worker that lost its recorder or a slot would send heartbeats as
    before, so no other worker would rescue its jobs.
    """
    tell = threading.excepthook

    def hear(args: threading.ExceptHookArgs) -> None:
        try:
            tell(args)
        finally:
            if args.thread is not None and args.thread.name.startswith(ENGINE_THREAD):
                leave(EXIT_BROKEN)

    threading.excepthook = hear


def is_child() -> bool:
    """Return whether a supervisor started this process."""
    return CHILD in os.environ


def child_number() -> int:
    """Return the number of this child among its supervisor's children, from 1."""
    return int(os.environ[CHILD].rpartition(":")[2])


def leave(code: int = EXIT_AGAIN) -> NoReturn:
    """End this process at once, without waiting for threads that may never end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def memory() -> float:
    """Return the resident memory of this process in MiB; without /proc, return its peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)  # macOS: bytes
    return pages * resource.getpagesize() / (1024 * 1024)


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its supervisor dies for any reason (see prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
