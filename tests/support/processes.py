"""Children that don't outlive the process that started them, even if that is killed."""

from __future__ import annotations

import ctypes
import signal
import sys


def die_with_parent() -> None:
    """To be called between fork and exec, after any change of user, which would undo it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, linux/prctl.h
