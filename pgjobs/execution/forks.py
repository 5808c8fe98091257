"""Processes that a job forks by ``os.fork()``: they end where ``run()`` ends.

A forked process is a copy of the worker, with its claimed jobs and its connections. If it came back
from ``run()``, it would run these jobs a second time, on the sockets of its parent.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress


def end_if_forked(parent: int, error: BaseException | None = None) -> None:
    """End this process if it is not ``parent``, as Python ends after ``error`` or without one."""
    if os.getpid() == parent:
        return
    code = 0 if error is None else 1
    with suppress(Exception):
        if isinstance(error, SystemExit) and isinstance(error.code, int | None):
            code = error.code or 0
        elif error is not None:
            traceback.print_exception(error)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
