"""The one thing that a measured job does: say when its process ran its first job."""

from __future__ import annotations

import os
import time
from pathlib import Path

_began: list[float] = []
_runs: list[int] = []


def note() -> None:
    """Write the moment of this process's first run into the file that BENCHMARK_BEGAN names."""
    if not _began:
        _began.append(time.monotonic())
        with Path(os.environ["BENCHMARK_BEGAN"]).open("a") as file:
            file.write(f"{_began[0]}\n")


def count() -> None:
    """Note the run, and add a byte to the file that BENCHMARK_RUNS names: its size is the number.

    For brokers that forget what was done, and so can't tell afterwards how much it was.
    """
    note()
    if not _runs:
        _runs.append(os.open(os.environ["BENCHMARK_RUNS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT))
    os.write(_runs[0], b".")
