"""How much memory a process uses."""

from __future__ import annotations

import resource
from pathlib import Path


def memory() -> float:
    """Return the resident memory of this process in MiB; without /proc, return its peak."""
    try:
        return memory_of("self")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)  # macOS: bytes


def memory_of(pid: int | str) -> float:
    """Return the resident memory of a process in MiB. Raises OSError without /proc or process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1024 * 1024)
