"""Waits with a deadline for the effects of another process or thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

SOON: Final = 3
"""Seconds in which a worker must react. The promise is one second, and the machine may be busy."""

PATIENCE: Final = 30
"""Seconds in which a death must be noticed."""

GIVEN_UP: Final = 40
"""Seconds until a job that kills its process is given up: its worker starts and dies twice."""


def eventually(condition: Callable[[], T], *, timeout: float = 25) -> T:
    """Return the first truthy value of ``condition``; fail with its last one after ``timeout``.

    The default is long enough for a worker to start on a crowded machine. It is shorter than the
    heartbeat's timeout in the tests' settings: an event that only the heartbeat brings about must
    not be taken for the quicker way.
    """
    deadline = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"still {value!r} after {timeout} s"
        time.sleep(0.02)
