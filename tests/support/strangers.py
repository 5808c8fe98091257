"""Other users of this machine: they must not reach the servers that the tests start."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

from tests.support.requirements import skip_or_fail

STRANGER: Final = 54321
"""A user id that no account of this machine should have."""


def a_stranger_reaches(path: Path) -> bool:
    """Return whether another user can connect to the unix socket at ``path``."""
    if os.geteuid() != 0:
        skip_or_fail("only root can become another user")
    pid = os.fork()
    if pid == 0:
        os._exit(_reach(path))
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _reach(path: Path) -> int:
    try:
        os.setgroups([])
        os.setgid(STRANGER)
        os.setuid(STRANGER)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    except OSError as error:
        return error.errno or 1
    return 0
