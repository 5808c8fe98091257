"""Waiting for what another process or thread does, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

SOON: Final = 3
"""Seconds in which a worker must react; the promise is one, and the machine may be busy."""

PATIENCE: Final = 30
"""Seconds in which a death must be noticed."""


def eventually(condition: Callable[[], T], *, timeout: float = 25) -> T:
    """Return the first truthy value of ``condition``; fail with its last one after ``timeout``.

    Long enough for a worker to start on a crowded machine, and less than the heartbeat's timeout of
    the tests' settings, so that what only the heartbeat brings about is not taken for the quicker
    way.
    """
    deadline = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"still {value!r} after {timeout} s"
        time.sleep(0.02)
