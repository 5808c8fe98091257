"""Parents, children and orphans of processes. Linux tells more of them than other systems do."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from typing import Final

_prctl: Final[Callable[[int, int | bytes], object]] = (
    ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda option, value: None
)
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_PR_SET_CHILD_SUBREAPER: Final = 36
_MOST_GENERATIONS: Final = 1000


def die_with_parent(parent: int) -> bool:
    """Ask Linux to kill this process when its parent dies for any reason (see prctl(2)).

    Return False if ``parent`` is not its parent any more: it died before the request.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent


def take_name(name: str) -> None:
    """Show this process by ``name`` in ``ps -o comm`` and ``top``; at most 15 characters."""
    _prctl(_PR_SET_NAME, name.encode())


def adopt_orphans() -> None:
    """Become the parent of each descendant whose own parent ends, in place of process 1."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def reap_children() -> bool:
    """Reap each child that has ended; return whether any child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def reap_orphans(known: Container[int]) -> None:
    """Reap each child that has ended, until one is met that is ``known``: its parent reaps it."""
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    with suppress(ChildProcessError):
        while (found := os.waitid(os.P_ALL, 0, look)) is not None and found.si_pid not in known:
            os.waitpid(found.si_pid, 0)


def kill_family(pid: int) -> None:
    """Kill ``pid``, which leads a process group, with its group and all its descendants.

    Without /proc, a descendant that has left the group is not found.
    """
    family = list(_descendants(pid))
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    _kill(family)


def kill_strangers(known: Container[int]) -> None:
    """Kill the children of this process that are not ``known``, and their descendants."""
    for child in children_of(os.getpid()):
        if child not in known:
            _kill([child, *_descendants(child)])


def children_of(pid: int) -> list[int]:
    """Return the children of ``pid``; none if the system does not tell."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as children:
                found += map(int, children.read().split())
    return found


def _descendants(pid: int) -> Iterator[int]:
    waiting = children_of(pid)
    for _ in range(_MOST_GENERATIONS):
        if not waiting:
            return
        yield from waiting
        waiting = [child for each in waiting for child in children_of(each)]


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
