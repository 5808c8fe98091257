"""The only work of a measured job: it notes when its process ran its first job."""

from __future__ import annotations

import os
import time

_began: list[float] = []
_runs: list[int] = []


def note() -> None:
    """Write the moment of this process's first run to the file that BENCHMARK_BEGAN names.

    The moment is a ``time.monotonic()``, which all processes of a machine share.
    """
    if not _began:
        _began.append(time.monotonic())
        # Not by Path.open(): in a fresh process it takes longer than the job.
        file = os.open(os.environ["BENCHMARK_BEGAN"], os.O_WRONLY | os.O_APPEND)
        os.write(file, f"{_began[0]}\n".encode())
        os.close(file)


def count() -> None:
    """Note the run, and add a byte to the file that BENCHMARK_RUNS names.

    The size of the file is the number of runs. Some brokers forget finished jobs, so they can't be
    asked for the number afterwards.
    """
    note()
    if not _runs:
        _runs.append(os.open(os.environ["BENCHMARK_RUNS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT))
    os.write(_runs[0], b".")
