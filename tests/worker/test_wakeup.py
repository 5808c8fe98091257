"""The wait of a worker for a notification or an event."""

from __future__ import annotations

import os
import resource
from contextlib import ExitStack

from pgjobs.worker.wakeup import Wakeup

_BEYOND_SELECT = 1024


def test_a_worker_with_many_open_descriptors_can_wait() -> None:
    with ExitStack() as stack:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        resource.setrlimit(resource.RLIMIT_NOFILE, (_BEYOND_SELECT + 100, limits[1]))
        source = os.open(os.devnull, os.O_RDONLY)
        stack.callback(os.close, source)
        while (copy := os.dup(source)) < _BEYOND_SELECT:
            stack.callback(os.close, copy)
        stack.callback(os.close, copy)
        wakeup = Wakeup()
        stack.callback(wakeup.close)

        assert not wakeup.wait(0.01)
        wakeup.set()
        assert not wakeup.wait(60), "ended by set(), not by a notification"
