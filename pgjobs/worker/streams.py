"""The standard streams of a process, which a job or the project may have replaced or closed."""

from __future__ import annotations

import sys
from contextlib import suppress


def flush_streams() -> None:
    """Write what standard output and standard error hold back. Waits for the reader of a pipe."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
